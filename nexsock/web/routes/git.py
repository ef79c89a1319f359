"""The checkouts of services."""

from nexsock.web import shapes
from nexsock.web.api import asked, git
from nexsock.web.pages import service_parts
from nexsock.web.route import Route
from nexsock.web.routes.leads import to_git

ROUTES = (
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
