"""What depends on what."""

import networkx
from hypothesis import given
from hypothesis.strategies import dictionaries, sampled_from, sets

from nexsock import graph

SHOP = {"web": ["api"], "api": ["db", "cache"], "db": [], "cache": [], "docs": []}


def test_each_name_comes_after_everything_it_needs_and_ties_keep_their_order() -> None:
    assert graph.order(SHOP) == ("db", "cache", "api", "web", "docs")


def test_layers_hold_what_may_start_together() -> None:
    assert graph.layers(SHOP) == (("db", "cache", "docs"), ("api",), ("web",))


def test_nothing_has_no_order_and_no_layers() -> None:
    assert (graph.order({}), graph.layers({}), graph.cycles({})) == ((), (), ())


def test_dependents_are_found_through_others() -> None:
    assert graph.dependents(SHOP, ["db"]) == {"api", "web"}


def test_dependencies_are_found_through_others() -> None:
    assert graph.dependencies(SHOP, ["web"]) == {"api", "db", "cache"}


def test_what_was_asked_for_is_no_dependent_of_itself() -> None:
    assert graph.dependents({"a": ["b"], "b": ["a"]}, ["a", "b"]) == set()


def test_an_unknown_name_has_no_dependents() -> None:
    assert graph.dependents(SHOP, ["nothing"]) == set()


def test_a_diamond_is_no_cycle() -> None:
    assert graph.cycles({"top": ["left", "right"], "left": ["bottom"], "right": ["bottom"], "bottom": []}) == ()


def test_a_cycle_is_told_from_the_first_name_each_needing_the_next() -> None:
    assert graph.cycles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == (("a", "b", "c"),)


def test_a_name_that_needs_itself_is_a_cycle_of_one() -> None:
    assert graph.cycles({"a": ["a"]}) == (("a",),)


def test_every_knot_gives_one_cycle() -> None:
    assert graph.cycles({"a": ["b"], "b": ["a"], "x": ["y"], "y": ["x"]}) == (("a", "b"), ("x", "y"))


def test_the_critical_path_is_the_slowest_chain() -> None:
    assert graph.critical_path(SHOP, {"db": 3.0, "cache": 1.0, "api": 1.0, "web": 0.5, "docs": 4.0}) == (
        "db",
        "api",
        "web",
    )


def test_a_thousand_names_in_a_chain_have_an_order() -> None:
    chain = {f"s{i}": [f"s{i + 1}"] for i in range(1000)} | {"s1000": []}
    assert graph.order(chain)[0] == "s1000"


def test_what_is_on_a_cycle_or_needs_it_has_no_place_in_the_order() -> None:
    assert graph.order({"a": ["b"], "b": ["a"], "c": ["a"], "d": []}) == ("d",)


@given(dictionaries(sampled_from("abcdefgh"), sets(sampled_from("abcdefgh")), max_size=8))
def test_order_layers_and_cycles_agree_with_networkx(needs: dict[str, set[str]]) -> None:
    names = dict.fromkeys(needs) | dict.fromkeys(name for needed in needs.values() for name in sorted(needed))
    known = networkx.DiGraph([(needed, name) for name in needs for needed in needs[name]])
    known.add_nodes_from(names)
    if networkx.is_directed_acyclic_graph(known):
        place = {name: index for index, name in enumerate(names)}
        generations = [tuple(sorted(layer, key=place.__getitem__)) for layer in networkx.topological_generations(known)]
        by_place = networkx.lexicographical_topological_sort(known, key=lambda name: graph._places(needs)[name])
        assert (graph.order(needs), [set(layer) for layer in graph.layers(needs)], graph.cycles(needs)) == (
            tuple(by_place),
            [set(layer) for layer in generations],
            (),
        )
    else:
        for cycle in graph.cycles(needs):
            assert all(after in needs[name] for name, after in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        assert graph.cycles(needs)
