import pytest

from nexsock.model.status import Timing, Timings
from nexsock.views import style, timings

DB = Timing(name="db", held_s=0.0, starting_s=2.0, ready_at_s=2.0, on_critical_path=True, phase="ready")
CACHE = Timing(name="cache", held_s=0.0, starting_s=0.5, ready_at_s=0.5, phase="ready")
WEB = Timing(name="web", held_s=2.0, starting_s=2.0, ready_at_s=4.0, on_critical_path=True, phase="running")


def up(now, *services, path=("db", "web")):
    return Timings(services=services, critical_path=path, total_s=4.0, up_at=now - 60)


def test_each_service_has_a_bar_that_begins_where_it_was_begun(now):
    assert timings.render(up(now, DB, CACHE, WEB), colour=False, columns=71, now=now) == (
        "The last up, 1m ago, took 4s; critical path: db → web\n"
        "SERVICE  HELD  STARTING  READY AT\n"
        "db *     0ms   2s        2s        ##################\n"
        "cache    0ms   500ms     500ms     ####\n"
        "web *    2s    2s        4s        ..................##################\n"
        ". held  # starting  * on the critical path\n"
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_bars_fit_the_terminal(now, columns):
    shown = timings.render(up(now, DB, CACHE, WEB), colour=True, columns=columns, now=now)
    assert max(style.width(line) for line in shown.splitlines()[1:]) <= max(columns, 50)


def test_what_is_not_there_is_named_with_its_phase(now):
    failed = Timing(name="api", held_s=0.0, starting_s=1.0, phase="failed")
    shown = timings.render(up(now, DB, failed, path=("db",)), colour=False, columns=80, now=now)
    assert "not there yet: api" in shown
    assert "api      0ms   1s        failed" in shown


def test_without_an_up_there_is_nothing_to_draw(now):
    assert timings.render(Timings(), colour=False, columns=80, now=now).startswith("No 'up'")
