"""What depends on what: order, layers, everything that hangs on a service, cycles, the critical path.

A graph is a mapping from each name to the names it needs; names that are needed but no key count as leaves.

networkx answers. It is loaded inside the functions that ask it, because its import takes 170 ms and 24 MiB, more than
a whole load: services that need nothing of each other never pay for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

Needs = Mapping[str, Collection[str]]


def order(needs: Needs) -> tuple[str, ...]:
    """Each name after everything it needs, as close to the order of `needs` as that allows.

    Names on a cycle, and what needs them, are not in it: ask `cycles`.
    """
    place = _places(needs)
    if not any(needs.values()):
        return tuple(place)
    import networkx

    found: list[str] = []
    with contextlib.suppress(networkx.NetworkXUnfeasible):
        found.extend(networkx.lexicographical_topological_sort(_graph(needs), key=place.__getitem__))
    return tuple(found)


def layers(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """The names by depth: everything in a layer needs only earlier layers; ties in the order of `needs`."""
    place = _places(needs)
    depth: dict[str, int] = {}
    for name in order(needs):
        depth[name] = 1 + max((depth[needed] for needed in needs.get(name, ())), default=-1)
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in sorted(depth, key=place.__getitem__):
        found[depth[name]].append(name)
    return tuple(map(tuple, found))


def cycles(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """One cycle out of each knot of names that need each other: every name needs the next, the last the first.

    A cycle begins with the name that comes first in `needs`; a name that needs itself is a cycle of one.
    """
    place = _places(needs)
    if len(order(needs)) == len(place):
        return ()
    import networkx

    graph = _graph(needs)
    found = []
    for knot in networkx.strongly_connected_components(graph):
        first = min(knot, key=place.__getitem__)
        if len(knot) > 1 or graph.has_edge(first, first):
            edges = networkx.find_cycle(graph.subgraph(knot), first, orientation="reverse")
            found.append(_rotated([needed_by for _, needed_by, _ in edges], place))
    return tuple(sorted(found, key=lambda cycle: place[cycle[0]]))


def dependents(needs: Needs, names: Iterable[str]) -> set[str]:
    """Everything that needs one of `names`, directly or through others; without `names` themselves."""
    import networkx

    graph, given = _graph(needs), set(names)
    return {found for name in given & graph.nodes for found in networkx.descendants(graph, name)} - given


def dependencies(needs: Needs, names: Iterable[str]) -> set[str]:
    """Everything that `names` need, directly or through others; without `names` themselves."""
    import networkx

    graph, given = _graph(needs), set(names)
    return {found for name in given & graph.nodes for found in networkx.ancestors(graph, name)} - given


def critical_path(needs: Needs, seconds: Mapping[str, float]) -> tuple[str, ...]:
    """The chain of needs that takes longest, first the name that needs nothing; `seconds` missing count as 0."""
    total: dict[str, float] = {}
    slowest: dict[str, str | None] = {}
    for name in order(needs):
        before = max(needs.get(name, ()), key=total.__getitem__, default=None)
        slowest[name] = before
        total[name] = seconds.get(name, 0.0) + (total[before] if before is not None else 0.0)
    chain: list[str] = []
    last = max(total, key=total.__getitem__, default=None)
    while last is not None:
        chain.append(last)
        last = slowest[last]
    return tuple(reversed(chain))


def _graph(needs: Needs) -> networkx.DiGraph[str]:
    """Edges go from what is needed to what needs it, so that networkx's order is the start order."""
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(needs)
    graph.add_edges_from((needed, name) for name, needed_names in needs.items() for needed in needed_names)
    return graph


def _places(needs: Needs) -> dict[str, int]:
    names = dict.fromkeys(needs)
    for needed in needs.values():
        names.update(dict.fromkeys(needed))
    return {name: place for place, name in enumerate(names)}


def _rotated(cycle: list[str], place: Mapping[str, int]) -> tuple[str, ...]:
    start = cycle.index(min(cycle, key=place.__getitem__))
    return tuple(cycle[start:] + cycle[:start])
