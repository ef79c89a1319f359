"""What is asked of the machine: its projects, the daemon, plugins, and events of all projects."""

from nexsock.web import shapes
from nexsock.web.api import asked, past, projects
from nexsock.web.pages import overview, plugins
from nexsock.web.pages import past as past_pages
from nexsock.web.route import Route

ROUTES = (
    Route(
        name="list_projects",
        path="/projects",
        summary="The projects that the daemon knows.",
        scope="machine",
        handler=projects.listed,
        shape=shapes.PROJECTS,
        page=overview.PAGE,
    ),
    Route(
        name="daemon_status",
        path="/daemon",
        summary="The daemon.",
        scope="machine",
        handler=projects.daemon,
        shape=shapes.DAEMON,
    ),
    Route(
        name="list_plugins",
        path="/plugins",
        summary="The plugins, in the order in which they are asked.",
        scope="machine",
        handler=projects.plugins,
        shape=shapes.PLUGINS,
        page=plugins.PAGE,
    ),
    Route(
        name="list_events",
        path="/events",
        summary="What happened, in all projects, as far as it is remembered.",
        scope="machine",
        handler=past.events,
        shape=shapes.EVENTS,
        query=asked.Past,
        page=past_pages.EVENTS,
    ),
    Route(
        name="follow_events",
        path="/events/follow",
        summary="What happens from now on, or since the event in Last-Event-ID, in all projects.",
        scope="machine",
        follows="events",
    ),
)
