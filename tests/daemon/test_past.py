"""The runs of a service, and how two of them differ."""

import pytest

from nexsock import errors
from nexsock.daemon import past
from nexsock.model.plugin import PluginChange
from nexsock.model.state import Cause, Exit, Snapshot
from nexsock.model.status import RunStatus

END = Exit(code=0, at=1e9)


@pytest.fixture
def shop(house, service, run, tmp_path):
    """web had three runs; the port was changed after the first."""
    found = house(service("web"))
    found.logs_dir = str(tmp_path)
    found.project.origins["services.web.environment.PORT"] = "nexsock.yaml:14:7"
    shapes = {number: "new" if number > 1 else "old" for number in (3, 2, 1)}
    found.history["web"] = tuple(run(number, fingerprint=shape, exit=END) for number, shape in shapes.items())
    found.launches = {
        "old": Snapshot(fields={"environment.PORT": '"3000"'}),
        "new": Snapshot(fields={"environment.PORT": '"3001"'}),
    }
    return found


def changed(status: RunStatus) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(field.path, field.old, field.new, field.origin) for field in status.fields]


PORT = ("environment.PORT", '"3000"', '"3001"', "nexsock.yaml:14:7")


async def test_each_run_of_the_history_says_what_it_was_launched_with_otherwise(shop):
    assert [(run.run, changed(run)) for run in await past.history(shop, "web")] == [(3, []), (2, [PORT]), (1, [])]


async def test_a_service_that_was_never_started_has_an_empty_history(shop, service):
    shop.project.services["db"] = service("db")
    assert await past.history(shop, "db") == ()


@pytest.mark.parametrize(
    ("first", "second", "runs"),
    [(None, None, (2, 3)), (1, None, (1, 3)), (1, 2, (1, 2)), (-2, -1, (1, 2)), (0, 1, (3, 1))],
)
def test_runs_are_named_by_their_number_or_from_the_last(shop, first, second, runs):
    found = past.difference(shop, "web", first, second)
    assert (found.old.run, found.new.run) == runs


def test_two_runs_differ_in_the_fields_that_they_were_launched_with(shop):
    found = past.difference(shop, "web", 1, 3)
    assert (found.same_launch, [field.path for field in found.fields]) == (False, ["environment.PORT"])


def test_what_an_old_run_was_launched_with_may_not_be_remembered(shop):
    del shop.launches["old"]
    found = past.difference(shop, "web", 1, 3)
    assert (found.same_launch, found.known, found.fields) == (False, False, ())


@pytest.mark.parametrize(
    ("name", "number", "said"), [("web", 9, "run 9 of 'web' is not remembered; runs 1 to 3 are"), ("nope", 1, "nope")]
)
def test_a_run_or_service_that_is_not_there_is_an_error(shop, name, number, said):
    with pytest.raises(errors.NotFound, match=said):
        past.difference(shop, name, number, None)


CRASH = Cause(kind="crash", text="exited with 1")


@pytest.fixture
def broken(shop, run):
    """Run 1 worked for a minute; from run 2 on, with another port, it crashes."""
    crashed = {"ready_at": 2.0, "exit": Exit(code=1, at=2.1), "ended": CRASH, "fingerprint": "new", "begun_at": 70.0}
    shop.history["web"] = (
        run(3, **crashed, commit="b"),
        run(2, **crashed, commit="a"),
        run(1, fingerprint="old", commit="a", ready_at=1.0, exit=Exit(code=1, at=61.0), ended=CRASH),
    )
    shop.holds("web", "failed", run=shop.history["web"][0])
    return shop


def test_what_changed_since_a_service_worked_is_told_with_its_place_and_its_run(broken):
    found = past.last_change(broken, broken.record("web"))
    assert (found.worked_run, found.worked_at, found.run, found.at) == (1, 61.0, 2, 70.0)
    assert [(field.path, field.origin) for field in found.fields] == [("environment.PORT", "nexsock.yaml:14:7")]
    assert (found.old_commit, found.new_commit) == ("a", "b")


def test_a_service_that_works_or_never_did_has_no_change_to_blame(broken):
    broken.holds("web", "ready", run=broken.history["web"][0])
    assert past.last_change(broken, broken.record("web")) is None
    broken.holds("web", "failed", run=broken.history["web"][0])
    broken.history["web"] = broken.history["web"][:2]
    assert past.last_change(broken, broken.record("web")) is None


def test_that_nothing_has_changed_is_an_answer_too(broken, run):
    good = run(1, ready_at=1.0, exit=Exit(code=1, at=61.0), ended=CRASH)
    broken.history["web"] = (run(2, ready_at=70.0, exit=Exit(code=1, at=70.1), ended=CRASH), good)
    found = past.last_change(broken, broken.record("web"))
    assert (found.worked_run, found.run, found.fields) == (1, None, ())


def test_inherited_variables_that_differ_are_named_where_both_are_known(shop, run):
    shop.environments = {"old": {"PATH": "1a2b"}, "new": {"PATH": "3c4d"}}
    shop.history["web"] = tuple(run(number, inherited=each) for number, each in ((3, "new"), (2, "old"), (1, None)))
    assert past.difference(shop, "web", 2, 3).inherited == ("PATH",)
    assert past.difference(shop, "web", 1, 3).inherited == ()


def test_what_only_a_plugin_has_made_different_is_told_with_the_plugin(shop, run):
    port = PluginChange(plugin="ports", field="environment.PORT", old="3001", new="4000")
    shop.history["web"] = (run(3, fingerprint="new", exit=END, altered=(port,)), *shop.history["web"][1:])
    found = past.difference(shop, "web", 2, 3)
    assert (found.same_launch, changed(found)) == (False, [("environment.PORT", "3001", "4000", "plugin 'ports'")])
