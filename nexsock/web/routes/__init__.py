"""Every address of the web, once: what it asks, what it changes, and how it is shown.

From this table come the server's routes, the OpenAPI document, and the test that tries every route with hostile
requests; so what is not here does not exist, and what is here is guarded.
"""

from nexsock.web.route import Route
from nexsock.web.routes import files, git, machine, project, services

ROUTES: tuple[Route, ...] = (*machine.ROUTES, *services.ROUTES, *files.ROUTES, *git.ROUTES, *project.ROUTES)
