"""The start-up of an `up`, and what made it as long as it was."""

from nexsock.lifecycle import waterfall
from nexsock.model.service import Dependency, Launch, Service
from nexsock.model.state import Cause, Exit, Record, Run

UP = 1000.0


def service(name, oneshot=False, **needs):
    depends_on = {other: Dependency(condition=condition) for other, condition in needs.items()}
    return Service(name=name, launch=Launch(), oneshot=oneshot, depends_on=depends_on)


def run(number=1, *, asked=0.0, begun=0.0, ready=None, exited=None, code=0, kind="user"):
    """Times are seconds after the `up`."""

    def at(seconds):
        return None if seconds is None else UP + seconds

    return Run(
        number=number,
        instance=f"i{number}",
        cause=Cause(kind=kind, text="because"),
        fingerprint="f",
        asked_at=at(asked),
        begun_at=at(begun),
        started_at=at(begun),
        ready_at=at(ready),
        exit=Exit(code=code, at=UP + exited) if exited is not None else None,
    )


def told(services, runs, records=(), now=100.0):
    return waterfall.timings(
        {one.name: one for one in services},
        {record.name: record for record in records},
        {name: [one] if isinstance(one, Run) else one for name, one in runs.items()},
        up_at=UP,
        now=UP + now,
    )


def bars(found):
    return [(one.name, one.held_s, one.starting_s, one.ready_at_s) for one in found.services]


def test_the_critical_path_leads_back_over_what_came_last():
    found = told(
        [service("fast"), service("db"), service("web", db="healthy", fast="started")],
        {"fast": run(ready=0.1), "db": run(ready=2.0), "web": run(begun=2.0, ready=2.5)},
    )
    assert bars(found) == [("fast", 0.0, 0.1, 0.1), ("db", 0.0, 2.0, 2.0), ("web", 2.0, 0.5, 2.5)]
    assert (found.critical_path, found.total_s) == (("db", "web"), 2.5)
    assert [one.name for one in found.services if one.on_critical_path] == ["db", "web"]


def test_a_condition_decides_which_moment_of_a_dependency_counts():
    found = told(
        [service("slow"), service("cache"), service("web", slow="started", cache="healthy")],
        {"slow": run(ready=9.0), "cache": run(ready=1.0), "web": run(begun=1.0, ready=9.5)},
    )
    assert found.critical_path == ("cache", "web")


def test_a_oneshot_has_come_when_it_has_completed():
    found = told(
        [service("migrate", oneshot=True), service("web", migrate="completed_successfully")],
        {"migrate": run(exited=1.5), "web": run(begun=1.5, ready=1.6)},
    )
    assert bars(found)[0] == ("migrate", 0.0, 1.5, 1.5)
    assert found.critical_path == ("migrate", "web")


def test_tries_that_failed_belong_to_the_start():
    tries = [run(2, asked=1.0, begun=1.1, ready=3.0, kind="crash"), run(1, exited=1.0, code=1)]
    assert bars(told([service("db")], {"db": tries})) == [("db", 0.0, 3.0, 3.0)]


def test_what_is_not_there_yet_is_starting_until_now_and_what_waits_is_held():
    blocked = Record(name="web", phase="blocked", asked_at=UP)
    found = told([service("db"), service("web", db="healthy")], {"db": run()}, [blocked], now=4.0)
    assert bars(found) == [("db", 0.0, 4.0, None), ("web", 4.0, 0.0, None)]


def test_what_failed_for_good_was_starting_until_then():
    failed = Record(name="db", phase="failed")
    assert bars(told([service("db")], {"db": run(exited=2.0, code=1)}, [failed])) == [("db", 0.0, 2.0, None)]


def test_what_ran_before_or_crashed_later_or_was_restarted_later_is_not_of_the_up():
    services = [service("before"), service("crashed"), service("later"), service("web")]
    runs = {
        "before": run(asked=-50.0, begun=-50.0, ready=-49.0),
        "crashed": [run(2, asked=0.5, begun=0.6, ready=0.7, kind="crash"), run(asked=-50.0, begun=-50.0, ready=-49.0)],
        "later": run(asked=60.0, begun=60.0, ready=60.1),
        "web": run(ready=0.2),
    }
    assert [one.name for one in told(services, runs).services] == ["web"]


def test_an_up_that_began_nothing_is_empty():
    found = told([service("web")], {})
    assert (found.services, found.critical_path, found.total_s) == ((), (), 0.0)
