"""The pages beside a service's own: its environment and its checkout."""

from typing import Any

from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page
from nexsock.web.pages import services


def show_environment(frame: Frame, found: gather.Environment) -> dict[str, Any]:
    """`variables` by name."""
    return {**services.head(found), "variables": sorted(found.environment.environment.items())}


def show_git(frame: Frame, found: gather.Git) -> dict[str, Any]:
    """`checkout` None: it has none, and `said` says why."""
    return {
        **services.head(found),
        "checkout": found.checkouts[0] if found.checkouts else None,
        "said": found.error.message if found.error else "",
        "refused": frame.error,
        "entered": frame.entered,
        "branches": found.branches,
        "commits": found.commits,
    }


ENVIRONMENT = Page(template="environment.html", show=show_environment, ask=gather.environment)
GIT = Page(template="git.html", show=show_git, ask=gather.checkout)
