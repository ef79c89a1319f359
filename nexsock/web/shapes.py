"""The JSON of each answer, the same as the command line's --json (docs/json.md), and the schema that describes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nexsock.model.edit import Definition, EditStatus, ListedDependency
from nexsock.model.event import Event
from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.model.log import LogLine
from nexsock.model.plugin import PluginStatus
from nexsock.model.status import (
    DaemonStatus,
    Graph,
    Outcome,
    PlanStatus,
    ProjectStatus,
    ProjectSummary,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    Timings,
    Usage,
    Why,
)
from nexsock.views import document
from nexsock.web.call import Call

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How an answer becomes a document, and of what nouns that is made.

    Args:
        keys: besides those of `of`: a type each, for the schema.
        flat: a key of `of` whose own keys stand beside the others instead.
    """

    make: Callable[[Call, Any], Document]
    of: type | None = None
    keys: Mapping[str, Any] | None = None
    flat: str = ""
    renamed: Mapping[str, str] | None = None


def whole(of: type) -> Shape:
    """The noun as it is."""
    return Shape(make=lambda _, found: document.plain(found), of=of)


def several(key: str, of: type) -> Shape:
    """A list under a key; of a service, with its name."""

    def make(call: Call, found: Any) -> Document:
        named = {"service": call.service} if "service" in call.path else {}
        return {**named, key: document.plain(found)}

    return Shape(make=make, keys={key: list[of]})  # type: ignore[valid-type]


PROJECTS = several("projects", ProjectSummary)
DAEMON = Shape(make=lambda _, found: document.daemon(found), of=DaemonStatus, renamed={"version": "nexsock"})
STATUS = Shape(make=lambda _, found: document.status(found), of=ProjectStatus)
DETAIL = Shape(make=lambda _, found: document.detail(found), of=ServiceDetail, flat="service")
OUTCOME = whole(Outcome)
EDIT = Shape(make=lambda _, found: document.edit(found), of=EditStatus, keys={"changes": int}, flat="plan")
PREVIEW = Shape(
    make=lambda _, found: document.plan(found),
    of=PlanStatus,
    keys={"changes": int, "digest": str},
    flat="plan",
)
WHY, GRAPH, TIMINGS, DIFF, ENVIRONMENT, USAGE, CONFIG = (
    whole(kind) for kind in (Why, Graph, Timings, RunDiff, ServiceEnvironment, Usage, Definition)
)
PLUGINS = several("plugins", PluginStatus)
RUNS = several("runs", RunStatus)
LINES = several("lines", LogLine)
EVENTS = several("events", Event)
DEPENDENCIES = several("dependencies", ListedDependency)
CHECKOUTS = several("checkouts", CheckoutStatus)
BRANCHES = several("branches", Branch)
COMMITS = several("commits", Commit)
RESULTS = several("results", GitItem)
