"""The services of a project, and one of them."""

from typing import Any

from nexsock.model.status import ProjectStatus, ServiceDetail
from nexsock.web.frame import Frame, Page


def show_list(frame: Frame, found: ProjectStatus) -> dict[str, Any]:
    """`project` and `services`."""
    return {"project": found.project, "services": found.services}


def show_one(frame: Frame, found: ServiceDetail) -> dict[str, Any]:
    """`detail`, and its line as `service`."""
    return {"detail": found, "service": found.service}


LIST = Page(template="services.html", show=show_list)
ONE = Page(template="service.html", show=show_one)
