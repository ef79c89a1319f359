"""All projects at a glance."""

from typing import Any

from nexsock.model.status import ProjectSummary
from nexsock.web.frame import Frame, Page


def show(frame: Frame, projects: tuple[ProjectSummary, ...]) -> dict[str, Any]:
    """`projects`, those with trouble first."""
    return {"projects": sorted(projects, key=lambda one: (not (one.failed or one.config_error), one.name, one.dir))}


PAGE = Page(template="overview.html", show=show, fragments={"live": "fragments/overview.html"})
