"""Plugins, and how each does."""

from typing import Any

from nexsock.model.plugin import PluginStatus
from nexsock.web.frame import Frame, Page

LOOKS = {"loaded": "good", "set_aside": "bad", "refused": "wait"}


def show(frame: Frame, found: tuple[PluginStatus, ...]) -> dict[str, Any]:
    """`plugins` in the order in which they are asked, each with the class of its look."""
    return {
        "plugins": [
            {"plugin": one, "kind": LOOKS.get(one.state, "idle"), "word": one.state.replace("_", " ")} for one in found
        ]
    }


PAGE = Page(template="plugins.html", show=show)
