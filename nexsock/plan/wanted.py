"""Which services should be up, and in which order: what the last `up` selected, what people asked of single ones, and
what those need."""

import graphlib
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nexsock.model.project import Project
from nexsock.model.state import ProjectState, Record, Selection


class Desired(Struct, frozen=True, kw_only=True):
    """What the file and the commands want, prepared for planning: made once, used until either changes.

    `order` ranks every known service, those no longer in the file last, needs first; `dependents`
    are direct and always rank higher. Those in `alone` do not wait for what nobody wants (`up --no-deps`).
    """

    project: Project
    up: frozenset[str]
    order: dict[str, int]
    dependents: dict[str, tuple[str, ...]]
    alone: frozenset[str] = frozenset()


def desire(project: Project, state: ProjectState) -> Desired:
    """Join the project with the selection and intents that stand."""
    removed = {name: record for name, record in state.records.items() if name not in project.services}
    order = {name: rank for rank, name in enumerate((*project.services, *_needs_first(removed)))}
    dependents: dict[str, list[str]] = {}
    for name, service in project.services.items():
        for other in service.depends_on:
            dependents.setdefault(other, []).append(name)
    for name, record in removed.items():
        for other in record.applied.depends_on if record.applied else ():
            if order.get(other, order[name]) < order[name]:
                dependents.setdefault(other, []).append(name)
    return Desired(
        project=project,
        up=wanted(project, state),
        order=order,
        dependents={name: tuple(names) for name, names in dependents.items()},
        alone=frozenset(state.selection.alone),
    )


def wanted(project: Project, state: ProjectState) -> frozenset[str]:
    """Names of the services that should be up.

    A service stopped by hand stays out until `start` or `up` names it, also where others need it (they are held).
    A required dependency is pulled in even from an inactive profile; one with `required: false` is not.
    """
    stopped = {name for name, record in state.records.items() if record.intent == "stopped"}
    asked = [name for name, record in state.records.items() if record.intent == "up" and name in project.services]
    selected = with_needs(project, (*_selected(project, state.selection), *asked))
    alone = {name for name in project.members(state.selection.alone) if name in project.services}
    return frozenset((selected | alone) - stopped)


def _selected(project: Project, selection: Selection) -> tuple[str, ...]:
    named = project.members(selection.names)
    if not selection.everything:
        return named
    return (*named, *(name for name, service in project.services.items() if service.active))


def joined(before: Selection, names: Sequence[str], alone: bool) -> Selection:
    """What stands after an `up` of these services, or of everything where none is named: it adds, and takes nothing
    away. `alone`: without what they need."""
    if not names:
        return replace(before, everything=True, names=_union(before.names, before.alone), alone=())
    if alone:
        return replace(before, alone=_union(before.alone, [name for name in names if name not in before.names]))
    rest = tuple(name for name in before.alone if name not in names)
    return replace(before, names=_union(before.names, names), alone=rest)


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def with_needs(project: Project, names: Iterable[str]) -> set[str]:
    """The named services and everything they require, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in project.services:
            found.add(name)
            needs = project.services[name].depends_on.items()
            waiting.extend(other for other, need in needs if need.required)
    return found


def asked_about(project: Project, selection: Selection, names: Sequence[str]) -> set[str]:
    """What an `up` is about: these names and what they need, unless they are wanted alone; without a name all."""
    if not names:
        return set(project.services)
    return {*names, *with_needs(project, (name for name in names if name not in selection.alone))}


def with_dependents(project: Project, names: Iterable[str]) -> tuple[str, ...]:
    """The named services and everything that requires them, in start order."""
    reached = set(names)
    for name, service in project.services.items():
        if any(other in reached and need.required for other, need in service.depends_on.items()):
            reached.add(name)
    return tuple(name for name in project.services if name in reached)


def _needs_first(removed: Mapping[str, Record]) -> Iterable[str]:
    """Services that are no longer in the file, in the order in which they once were started.

    Two may have needed each other, in different versions of the file: then any order will do.
    """
    needs = {name: record.applied.depends_on if record.applied else () for name, record in removed.items()}
    within = {name: [other for other in others if other in removed] for name, others in needs.items()}
    try:
        return tuple(graphlib.TopologicalSorter(within).static_order())
    except graphlib.CycleError:
        return tuple(removed)
