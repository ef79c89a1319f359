"""Where a form leads when it was done, below the project's base."""

from typing import Any

from nexsock.web.call import Call


def to_service(call: Call, _: Any) -> str:
    """The page of the service that something was done with."""
    return f"/services/{call.service}"


def to_config(call: Call, _: Any) -> str:
    return f"/services/{call.service}/config"


def to_git(call: Call, _: Any) -> str:
    return f"/services/{call.service}/git"


def to_added(call: Call, _: Any) -> str:
    """The page of the service that was added."""
    return f"/services/{call.body.service}"


def to_services(_: Call, __: Any) -> str:
    """The list of services."""
    return "/services"
