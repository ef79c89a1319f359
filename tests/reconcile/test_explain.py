"""The chain from symptom to cause, what happens next, and what can be done where nothing does."""

from msgspec.structs import replace

from nexsock.model.plan import Hold
from nexsock.model.state import Health, Record
from nexsock.model.status import Next
from nexsock.reconcile import explain


def chain(found, name):
    reconciler = found.reconciler
    return [
        (link.service, link.because)
        for link in explain.chain(reconciler.project, reconciler.state.records, reconciler.wanted, name)
    ]


def test_the_chain_leads_to_what_was_stopped_by_hand(stage, make):
    found = stage(make("db"), make("api", {"db": "started"}), make("web", {"api": "started"}))
    found.up()
    found.launched("db", "api", "web")
    found.reconciler.stop(["db", "api"])
    for name in ("web", "api", "db"):
        if found.record(name).alive and name != "web":
            found.ended(name, 143)
    found.ended("web", 1)
    found.wait(1.0)
    assert chain(found, "web")[-1][1] == "is stopped by hand"


def test_a_service_that_nobody_asked_for_says_so(stage, make):
    found = stage(make("web"), make("load", active=False, profiles=("load", "test")))
    assert chain(found, "web") == [("web", "is not running: no 'up' wants it")]
    said = "is not running: it belongs to profile load or test, which is not active"
    assert chain(found, "load") == [("load", said)]


def test_a_service_that_left_the_file_says_so(stage, make):
    found = stage(make("web"), make("old"))
    found.up()
    found.launched("web", "old")
    found.reconciler.use(found.project(make("web")))
    assert chain(found, "old") == [("old", "is running; it is no longer in the file")]


def test_the_next_try_and_the_next_probe_have_their_time(make, checked):
    web = make("web", healthcheck=replace(checked, interval_s=10.0))
    pausing = Record(name="web", phase="backoff", held=Hold(service="web", waits_for="its next try", until=105.0))
    assert explain.next_action(web, pausing, now=100.0, wall=1e9) == Next(action="start it again", at=1e9 + 5.0)
    healthy = Health(verdict="healthy", successes=3, probes=3, last_ok=True, last_at=1e9 - 4.0)
    ready = Record(name="web", phase="ready", health=healthy)
    assert explain.next_action(web, ready, now=100.0, wall=1e9) == Next(action="probe it again", at=1e9 + 6.0)


def test_nothing_is_advised_where_things_go_on_by_themselves():
    assert [explain.advice(Record(name="web", phase=phase), True) for phase in ("backoff", "ready", "blocked")] == [
        None,
        None,
        None,
    ]


def test_what_can_be_done_is_a_command():
    stopped = Record(name="db", phase="stopped", intent="stopped")
    assert explain.advice(stopped, False) == "'nexsock start db' starts it"
    assert explain.advice(Record(name="db"), False) == "'nexsock up db' starts it"
    assert "'nexsock restart db'" in (explain.advice(Record(name="db", phase="unhealthy"), True) or "")
