"""Every address of the web, once: what it asks, what it changes, and how it is shown.

From this table come the server's routes, the OpenAPI document, and the test that tries every route with hostile
requests; so what is not here does not exist, and what is here is guarded.
"""

from typing import Any

from nexsock.web import shapes
from nexsock.web.api import asked, files, git, past, projects, services
from nexsock.web.call import Call
from nexsock.web.pages import editing, overview, pictures, plan, plugins, service_parts
from nexsock.web.pages import past as past_pages
from nexsock.web.pages import services as service_pages
from nexsock.web.route import Route


def to_service(call: Call, _: Any) -> str:
    """The page of the service that something was done with."""
    return f"/services/{call.service}"


def to_added(call: Call, _: Any) -> str:
    """The page of the service that was added."""
    return f"/services/{call.body.service}"


def to_services(_: Call, __: Any) -> str:
    """The list of services."""
    return "/services"


def to_config(call: Call, _: Any) -> str:
    return f"/services/{call.service}/config"


def to_git(call: Call, _: Any) -> str:
    return f"/services/{call.service}/git"


MACHINE = (
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

SERVICES = (
    Route(
        name="list_services",
        path="/services",
        summary="The services of a project, and how they do.",
        handler=services.listed,
        shape=shapes.STATUS,
        page=service_pages.LIST,
    ),
    Route(
        name="add_service",
        method="POST",
        path="/services",
        summary="Add a service to the file.",
        handler=files.add,
        shape=shapes.EDIT,
        body=asked.Added,
        effect="adds a service to the file",
        status=201,
        leads=to_added,
        page=editing.ADD,
    ),
    Route(
        name="service_status",
        path="/services/{service}",
        summary="Everything about one service.",
        handler=services.detail,
        shape=shapes.DETAIL,
        page=service_pages.ONE,
    ),
    Route(
        name="remove_service",
        method="DELETE",
        path="/services/{service}",
        summary="Remove a service from the file; if it runs, it is stopped.",
        handler=files.remove,
        shape=shapes.EDIT,
        body=asked.Removed,
        effect="removes a service from the file",
        form="/services/{service}/remove",
        leads=to_services,
        page=editing.CONFIG,
    ),
    Route(
        name="start_service",
        method="POST",
        path="/services/{service}/start",
        summary="Start a service, and what it needs.",
        handler=services.start,
        shape=shapes.OUTCOME,
        body=asked.Acted,
        effect="starts a service",
        leads=to_service,
    ),
    Route(
        name="stop_service",
        method="POST",
        path="/services/{service}/stop",
        summary="Stop a service and keep it stopped.",
        handler=services.stop,
        shape=shapes.OUTCOME,
        body=asked.Ended,
        effect="stops a service",
        leads=to_service,
    ),
    Route(
        name="restart_service",
        method="POST",
        path="/services/{service}/restart",
        summary="Stop a service and start it again.",
        handler=services.restart,
        shape=shapes.OUTCOME,
        body=asked.Acted,
        effect="restarts a service",
        leads=to_service,
    ),
    Route(
        name="kill_service",
        method="POST",
        path="/services/{service}/kill",
        summary="Send a signal to a service.",
        handler=services.kill,
        shape=shapes.STATUS,
        body=asked.Signalled,
        effect="sends a signal to a service",
        leads=to_service,
    ),
    Route(
        name="why",
        path="/services/{service}/why",
        summary="Why a service is in the state that it is in.",
        handler=services.why,
        shape=shapes.WHY,
    ),
    Route(
        name="history",
        path="/services/{service}/history",
        summary="The runs of a service, newest first.",
        handler=services.history,
        shape=shapes.RUNS,
        page=past_pages.HISTORY,
    ),
    Route(
        name="diff",
        path="/services/{service}/diff",
        summary="What differed between two runs.",
        handler=services.diff,
        shape=shapes.DIFF,
        query=asked.Compared,
        page=past_pages.DIFF,
    ),
    Route(
        name="environment",
        path="/services/{service}/environment",
        summary="The variables that a service gets, secrets masked.",
        handler=services.environment,
        shape=shapes.ENVIRONMENT,
        page=service_parts.ENVIRONMENT,
    ),
    Route(
        name="logs",
        path="/services/{service}/logs",
        summary="What a service wrote.",
        handler=past.logs,
        shape=shapes.LINES,
        query=asked.Lines,
        page=past_pages.LOG,
    ),
    Route(
        name="follow_logs",
        path="/services/{service}/logs/follow",
        summary="What a service wrote and writes.",
        query=asked.Lines,
        follows="logs",
    ),
)

FILE = (
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

GIT = (
    Route(
        name="all_checkouts",
        path="/git",
        summary="How the checkouts of all services stand.",
        handler=git.all_checkouts,
        shape=shapes.CHECKOUTS,
    ),
    Route(
        name="git_status",
        path="/services/{service}/git",
        summary="How a service's checkout stands.",
        handler=git.checkouts,
        shape=shapes.CHECKOUTS,
        page=service_parts.GIT,
    ),
    Route(
        name="git_branches",
        path="/services/{service}/git/branches",
        summary="The branches of a service's checkout.",
        handler=git.branches,
        shape=shapes.BRANCHES,
        query=asked.Branches,
    ),
    Route(
        name="git_log",
        path="/services/{service}/git/log",
        summary="The commits of a service's checkout, newest first.",
        handler=git.log,
        shape=shapes.COMMITS,
        query=asked.Commits,
    ),
    Route(
        name="git_clone",
        method="POST",
        path="/services/{service}/git/clone",
        summary="Clone a service's repository.",
        handler=git.clone,
        shape=shapes.RESULTS,
        body=asked.Nothing,
        effect="clones a repository",
        leads=to_git,
        page=service_parts.GIT,
    ),
    Route(
        name="git_fetch",
        method="POST",
        path="/services/{service}/git/fetch",
        summary="Learn what is new in a service's repository.",
        handler=git.fetch,
        shape=shapes.RESULTS,
        body=asked.Nothing,
        effect="fetches from a remote",
        leads=to_git,
        page=service_parts.GIT,
    ),
    Route(
        name="git_pull",
        method="POST",
        path="/services/{service}/git/pull",
        summary="Bring a service's clean checkout forward.",
        handler=git.pull,
        shape=shapes.RESULTS,
        body=asked.Nothing,
        effect="moves a checkout",
        leads=to_git,
        page=service_parts.GIT,
    ),
    Route(
        name="git_checkout",
        method="POST",
        path="/services/{service}/git/checkout",
        summary="Switch what is checked out, and restart what uses it.",
        handler=git.checkout,
        shape=shapes.RESULTS,
        body=asked.CheckedOut,
        effect="moves a checkout",
        leads=to_git,
        page=service_parts.GIT,
    ),
)

PROJECT = (
    Route(
        name="plan",
        path="/plan",
        summary="What `up` would do now, and why; with the digest by which it can be ordered.",
        handler=projects.plan,
        shape=shapes.PREVIEW,
        query=asked.Planned,
        page=plan.PAGE,
    ),
    Route(
        name="apply",
        method="POST",
        path="/plan/apply",
        summary="Do what a plan has shown, unless something else would be done by now.",
        handler=projects.apply,
        shape=shapes.OUTCOME,
        body=asked.Applied,
        effect="starts and stops services as the plan says",
        leads=to_services,
        page=plan.PAGE,
    ),
    Route(
        name="down",
        method="POST",
        path="/down",
        summary="Stop services until no process of them is left.",
        handler=projects.down,
        shape=shapes.OUTCOME,
        body=asked.EndedSome,
        effect="stops services",
        leads=to_services,
    ),
    Route(
        name="watch",
        method="POST",
        path="/watch",
        summary="Apply changed files from now on, or no longer.",
        handler=projects.watch,
        shape=shapes.STATUS,
        body=asked.Watched,
        effect="turns watching on or off",
        leads=to_services,
    ),
    Route(
        name="graph",
        path="/graph",
        summary="What needs what, in layers.",
        handler=projects.graph,
        shape=shapes.GRAPH,
        page=pictures.GRAPH,
    ),
    Route(
        name="timings",
        path="/timings",
        summary="How the last `up` went, and its critical path.",
        handler=projects.timings,
        shape=shapes.TIMINGS,
        page=pictures.TIMINGS,
    ),
    Route(
        name="usage",
        path="/usage",
        summary="What services use, measured over a second.",
        handler=services.usage,
        shape=shapes.USAGE,
        query=asked.Listing,
    ),
    Route(
        name="all_logs",
        path="/logs",
        summary="What the services of a project wrote, merged by time.",
        handler=past.logs,
        shape=shapes.LINES,
        query=asked.Lines,
        page=past_pages.ALL_LOGS,
    ),
    Route(
        name="follow_all_logs",
        path="/logs/follow",
        summary="What the services of a project wrote and write, merged by time.",
        query=asked.Lines,
        follows="logs",
    ),
    Route(
        name="project_plugins",
        path="/plugins",
        summary="The plugins that a project is asked about.",
        scope="named",
        handler=projects.plugins,
        shape=shapes.PLUGINS,
        page=plugins.PAGE,
    ),
    Route(
        name="project_events",
        path="/events",
        summary="What happened in a project, as far as it is remembered.",
        scope="named",
        handler=past.events,
        shape=shapes.EVENTS,
        query=asked.Past,
        page=past_pages.EVENTS,
    ),
    Route(
        name="follow_project_events",
        path="/events/follow",
        summary="What happens in a project from now on, or since the event in Last-Event-ID.",
        scope="named",
        follows="events",
    ),
)

ROUTES: tuple[Route, ...] = (*MACHINE, *SERVICES, *FILE, *GIT, *PROJECT)
