"""The runs of a service, and how two of them differ."""

import pytest

from nexsock import errors
from nexsock.daemon import past
from nexsock.model.state import Exit, Snapshot
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
