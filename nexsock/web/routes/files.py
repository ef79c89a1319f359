"""The file: services in it, their fields, and what they need."""

from nexsock.web import shapes
from nexsock.web.api import asked, files
from nexsock.web.pages import editing
from nexsock.web.pages import services as service_pages
from nexsock.web.route import Route
from nexsock.web.routes.leads import to_config, to_service

ROUTES = (
    Route(
        name="add_page",
        path="/add",
        summary="A form for a new service.",
        page=editing.ADD,
    ),
    Route(
        name="edit_page",
        path="/services/{service}/edit",
        summary="A service as its file defines it, with a field that it does not have yet.",
        query=asked.Edited,
        page=editing.CONFIG,
    ),
    Route(
        name="get_config",
        path="/services/{service}/config",
        summary="A service as its file defines it.",
        handler=files.config,
        shape=shapes.CONFIG,
        page=editing.CONFIG,
    ),
    Route(
        name="update_config",
        method="PATCH",
        path="/services/{service}/config",
        summary="Change a service in the file, and apply that.",
        handler=files.update,
        shape=shapes.EDIT,
        body=asked.Updated,
        effect="changes a service in the file",
        leads=to_config,
        page=editing.CONFIG,
    ),
    Route(
        name="list_all_dependencies",
        path="/dependencies",
        summary="Which service needs which.",
        handler=files.all_dependencies,
        shape=shapes.DEPENDENCIES,
    ),
    Route(
        name="list_dependencies",
        path="/services/{service}/dependencies",
        summary="What a service needs.",
        handler=files.dependencies,
        shape=shapes.DEPENDENCIES,
    ),
    Route(
        name="add_dependency",
        method="POST",
        path="/services/{service}/dependencies",
        summary="Have a service need others.",
        handler=files.add_dependency,
        shape=shapes.EDIT,
        body=asked.Needed,
        effect="adds a dependency to the file",
        status=201,
        leads=to_service,
        page=service_pages.ONE,
    ),
    Route(
        name="remove_dependency",
        method="DELETE",
        path="/services/{service}/dependencies/{on}",
        summary="Have a service need another one no longer.",
        handler=files.remove_dependency,
        shape=shapes.EDIT,
        body=asked.Nothing,
        effect="removes a dependency from the file",
        form="/services/{service}/dependencies/{on}/remove",
        leads=to_service,
        page=service_pages.ONE,
    ),
)
