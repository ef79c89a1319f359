"""Plugins, and how each does."""

from typing import Any

from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page

LOOKS = {"loaded": "good", "set_aside": "bad", "refused": "wait"}


def show(frame: Frame, found: gather.Asked) -> dict[str, Any]:
    """`plugins` in the order in which they are asked, each with the class of its look."""
    return {
        "project": found.status.project if found.status else None,
        "plugins": [
            {"plugin": one, "kind": LOOKS.get(one.state, "idle"), "word": one.state.replace("_", " ")}
            for one in found.plugins
        ],
    }


PAGE = Page(template="plugins.html", show=show, ask=gather.plugins)
