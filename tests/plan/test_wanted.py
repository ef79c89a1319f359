import pytest

from nexsock.model.project import Project
from nexsock.model.service import Dependency, Launch, Service
from nexsock.model.state import ProjectState, Record, Selection
from nexsock.plan.wanted import joined, wanted, with_dependents


def service(name: str, *needs: str, optional: tuple[str, ...] = (), active: bool = True) -> Service:
    depends_on = {
        other: Dependency(condition="started", required=other not in optional) for other in (*needs, *optional)
    }
    return Service(name=name, launch=Launch(), depends_on=depends_on, active=active)


SHOP = Project(
    id="shop-1",
    name="shop",
    directory="/shop",
    services={
        one.name: one
        for one in (
            service("db"),
            service("mail", active=False),
            service("api", "db", optional=("mail",)),
            service("web", "api"),
            service("load", "web", active=False),
        )
    },
)
EVERYTHING = Selection(everything=True)


def up(selection: Selection, **intents: str) -> set[str]:
    records = {name: Record(name=name, intent=intent) for name, intent in intents.items()}
    return set(wanted(SHOP, ProjectState(selection=selection, records=records)))


@pytest.mark.parametrize(
    ("selection", "intents", "expected"),
    [
        (Selection(), {}, ""),
        (EVERYTHING, {}, "db api web"),
        (Selection(names=("api",)), {}, "db api"),
        (Selection(names=("load",)), {}, "db api web load"),
        (Selection(alone=("web",)), {}, "web"),
        (Selection(names=("db",), alone=("web",)), {}, "db web"),
        (Selection(names=("gone",)), {}, ""),
        (EVERYTHING, {"db": "stopped"}, "api web"),
        (EVERYTHING, {"mail": "up"}, "db mail api web"),
        (Selection(), {"api": "up"}, "db api"),
        (Selection(), {"api": "up", "db": "stopped"}, "api"),
        (Selection(), {"gone": "up"}, ""),
    ],
)
def test_what_is_wanted_follows_from_selection_and_intents(selection, intents, expected):
    assert up(selection, **intents) == set(expected.split())


@pytest.mark.parametrize(
    ("before", "names", "alone", "after"),
    [
        (Selection(), (), False, EVERYTHING),
        (Selection(), ("web",), False, Selection(names=("web",))),
        (Selection(names=("db",)), ("web",), False, Selection(names=("db", "web"))),
        (EVERYTHING, ("load",), False, Selection(everything=True, names=("load",))),
        (Selection(names=("load",)), (), False, Selection(everything=True, names=("load",))),
        (Selection(names=("db",)), ("web",), True, Selection(names=("db",), alone=("web",))),
        (Selection(names=("web",)), ("web",), True, Selection(names=("web",))),
        (Selection(alone=("web",)), ("web",), False, Selection(names=("web",))),
        (Selection(alone=("web",)), (), False, Selection(everything=True, names=("web",))),
    ],
)
def test_an_up_adds_and_takes_nothing_away(before, names, alone, after):
    assert joined(before, names, alone) == after


def test_the_same_up_twice_is_the_same_as_once():
    once = joined(Selection(), ("web", "db"), False)
    assert joined(once, ("web", "db"), False) == once


def test_dependents_come_in_start_order_and_not_through_optional_needs():
    assert with_dependents(SHOP, ["db"]) == ("db", "api", "web", "load")
    assert with_dependents(SHOP, ["mail"]) == ("mail",)


def test_a_name_of_several_instances_means_those_of_now():
    """The name is remembered, not the instances: more of them are wanted as soon as there are more."""
    services = {name: service(name) for name in ("web-1", "web-2", "db")}
    project = Project(id="x", name="x", directory="/", services=services, groups={"web": ("web-1", "web-2")})
    for selection in (Selection(names=("web",)), Selection(alone=("web",))):
        assert wanted(project, ProjectState(selection=selection)) == {"web-1", "web-2"}


def test_the_number_of_instances_outlives_another_up():
    before = Selection(names=("web",), scale={"web": 3})
    assert [joined(before, names, alone=False).scale for names in ((), ("db",))] == [{"web": 3}] * 2
