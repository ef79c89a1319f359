"""The adoption table: what is remembered against what the keeper has."""

import pytest
from msgspec.structs import replace

from nexsock.model.report import Exited, Launched
from nexsock.model.service import Restart
from nexsock.model.state import Cause, Exit, Health, ProjectState, Record, Run, Selection, Stopping, Wants
from nexsock.reconcile.restore import Kept, intended, restore

BOOT, NOW, WALL = "boot-1", 500.0, 1e9
UNSEEN = Exit(code=None, at=WALL)


@pytest.fixture
def web(make):
    return make("web")


def run_of(service, number=1, **facts) -> Run:
    known = {"pid": 4000 + number, "start_ticks": 7, "boot_id": BOOT, "started_at": 1.0, "started_mono": 400.0}
    cause = Cause(kind="user", text="up was asked for")
    told = {"instance": f"run-{number}", "fingerprint": service.fingerprint, **known, **facts}
    return Run(number=number, cause=cause, **told)


NOT_LAUNCHED = {"pid": None, "start_ticks": None, "boot_id": "", "started_at": None, "started_mono": None}


def restored(record, *kept, service, **changes):
    services = {service.name: service}
    records = {} if record is None else {record.name: record}
    known, lost = changes.get("services", services), changes.get("lost", not records)
    return restore(records, kept, known, lost=lost, boot_id=BOOT, now=NOW, wall=WALL)


def test_what_runs_goes_on_with_the_definition_it_runs_by(web):
    record = Record(name="web", phase="running", run=run_of(web))
    found = restored(record, Kept(service=web, run=run_of(web)), service=web)
    assert (found.records, found.strays, found.reports) == ({"web": replace(record, applied=web)}, {}, ())


def test_what_was_applied_in_place_is_not_applied_again(web):
    newer = replace(web, description="newer")
    record = Record(name="web", phase="running", run=run_of(web))
    found = restored(record, Kept(service=web, run=run_of(web)), service=newer)
    assert found.records["web"].applied is newer


def test_what_runs_by_an_older_definition_says_so(web, make):
    edited = make("web", env={"A": "2"})
    record = Record(name="web", phase="running", run=run_of(web))
    found = restored(record, Kept(service=web, run=run_of(web)), service=edited)
    assert found.records["web"].applied is web


def test_an_unknown_definition_stays_unknown(web):
    record = Record(name="web", phase="running", run=run_of(web, fingerprint="older"))
    found = restored(record, Kept(service=web, run=run_of(web, fingerprint="older")), service=web)
    assert found.records["web"].applied is None


def test_an_exit_that_came_meanwhile_is_heard(web):
    end = Exit(code=7, at=5.0)
    record = Record(name="web", phase="ready", run=run_of(web))
    found = restored(record, Kept(service=web, run=run_of(web, exit=end)), service=web)
    assert found.reports == (Exited(service="web", instance="run-1", exit=end),)


def test_what_nobody_has_any_more_ended_unseen(web):
    record = Record(name="web", phase="ready", run=run_of(web))
    assert restored(record, service=web).reports == (Exited(service="web", instance="run-1", exit=UNSEEN),)


def test_what_the_main_process_left_behind_is_not_taken_for_it(web):
    record = Record(name="web", phase="running", run=run_of(web))
    child = Kept(service=web, run=run_of(web, pid=5000, start_ticks=9))
    assert restored(record, child, service=web).reports == (Exited(service="web", instance="run-1", exit=UNSEEN),)


def test_a_launch_that_was_never_answered_is_heard(web):
    record = Record(name="web", phase="starting", run=run_of(web, **NOT_LAUNCHED))
    (heard,) = restored(record, Kept(service=web, run=run_of(web, started_mono=None)), service=web).reports
    assert isinstance(heard, Launched)
    assert (heard.pid, heard.mono) == (4001, NOW)


def test_a_launch_and_an_exit_are_heard_in_this_order(web):
    record = Record(name="web", phase="starting", run=run_of(web, **NOT_LAUNCHED))
    kept = Kept(service=web, run=run_of(web, exit=Exit(code=0, at=5.0)))
    assert [type(one) for one in restored(record, kept, service=web).reports] == [Launched, Exited]


def test_what_was_never_launched_waits_to_be_started(web):
    record = Record(name="web", phase="starting", run=run_of(web, **NOT_LAUNCHED))
    found = restored(record, service=web)
    assert (found.records["web"].phase, found.reports) == ("stopped", ())


def test_a_try_that_was_never_launched_is_still_a_try(web):
    record = Record(name="web", phase="starting", run=run_of(web, **NOT_LAUNCHED), attempts=3, failed_mono=(490.0,))
    found = restored(record, service=web).records["web"]
    assert (found.phase, found.attempts, found.retry_mono, found.failed_mono) == ("backoff", 3, NOW, (490.0,))


def test_what_was_being_ended_goes_on_being_ended(web):
    ending = Stopping(cause=Cause(kind="user", text="stopped by hand"), since_mono=495.0, kill_mono=505.0)
    record = Record(name="web", phase="stopping", run=run_of(web), stopping=ending)
    found = restored(record, Kept(service=web, run=run_of(web)), service=web)
    assert (found.records["web"].phase, found.records["web"].stopping, found.reports) == ("stopping", ending, ())


def test_what_runs_is_wanted_where_nothing_is_remembered_of_it(web):
    found = restored(None, Kept(service=web, run=run_of(web)), service=web)
    assert found.records["web"].intent == "up"


def test_what_runs_unknown_to_a_memory_that_knows_others_is_not_wanted(web):
    """The command that started it was not answered yet when the brain was killed."""
    others = {"db": Record(name="db")}
    found = restore(
        others, [Kept(service=web, run=run_of(web))], {"web": web}, lost=False, boot_id=BOOT, now=NOW, wall=WALL
    )
    assert found.records["web"].intent == "unset"


def test_what_ran_and_ended_is_not_wanted_where_nothing_is_remembered_of_it(web):
    found = restored(None, Kept(service=web, run=run_of(web, exit=UNSEEN)), service=web)
    assert found.records["web"].intent == "unset"


def test_a_stray_whose_start_nobody_wrote_down_has_started_now(web):
    """Without a time of its start an adopted service never became running."""
    begun = run_of(web, started_at=None, started_mono=None)
    found = restored(None, Kept(service=web, run=begun), service=web)
    assert found.strays["web"] == replace(begun, started_at=WALL, started_mono=NOW)


def test_a_run_that_no_record_knows_is_a_stray(web):
    found = restored(None, Kept(service=web, run=run_of(web)), service=web)
    assert (found.records["web"].phase, found.strays) == ("stopped", {"web": run_of(web)})


def test_a_run_later_than_the_recorded_one_takes_its_place(web):
    record = Record(name="web", phase="running", run=run_of(web, 1))
    older, later = run_of(web, 1, exit=Exit(code=1, at=1.0)), run_of(web, 2)
    found = restored(record, Kept(service=web, run=older), Kept(service=web, run=later), service=web)
    assert (found.records["web"].phase, found.strays) == ("stopped", {"web": later})


def test_a_later_run_that_ended_is_taken_and_its_end_is_heard(web):
    record = Record(name="web", phase="backoff", run=run_of(web, 1, exit=Exit(code=1, at=1.0)), attempts=1)
    end = Exit(code=3, at=2.0)
    found = restored(record, Kept(service=web, run=run_of(web, 2, exit=end)), service=web)
    assert found.records["web"].run == run_of(web, 2, ready_at=1.0, ready_mono=400.0)
    assert found.reports == (Exited(service="web", instance="run-2", exit=end),)


def test_an_older_run_that_the_keeper_still_lists_means_nothing(web):
    record = Record(name="web", phase="running", run=run_of(web, 1))
    leftover = run_of(web, 5, instance="before-it-was-removed", exit=Exit(code=1, at=1.0))
    found = restored(record, Kept(service=web, run=leftover), Kept(service=web, run=run_of(web, 1)), service=web)
    assert (found.records["web"].phase, found.strays, found.reports) == ("running", {}, ())


def test_survivors_stay_what_they_are(web):
    record = Record(name="web", phase="failed", run=run_of(web), survivors=(4001,), reason="could not be ended")
    found = restored(record, Kept(service=web, run=run_of(web)), service=web)
    assert (found.records["web"].phase, found.strays) == ("failed", {})


@pytest.mark.parametrize("phase", ["starting", "running", "ready", "unhealthy", "stopping", "blocked", "backoff"])
def test_after_a_reboot_nothing_runs_and_nothing_is_signalled(web, phase):
    record = Record(
        name="web",
        phase=phase,
        run=run_of(web, boot_id="boot-0"),
        retry_mono=9e6,
        attempts=4,
        failed_mono=(8e6,),
        survivors=(1,),
    )
    found = restored(record, service=web)
    after = found.records["web"]
    assert (after.phase, after.retry_mono, after.attempts, after.failed_mono, after.survivors) == (
        "stopped",
        None,
        0,
        (),
        (),
    )
    assert found.reports == ()


@pytest.mark.parametrize("phase", ["completed", "failed"])
def test_after_a_reboot_what_had_ended_has_ended(web, phase):
    record = Record(name="web", phase=phase, run=run_of(web, boot_id="boot-0"), reason="exited with 1")
    after = restored(record, service=web).records["web"]
    assert (after.phase, after.reason) == (phase, "exited with 1")


def test_what_was_stopped_by_hand_stays_so_over_a_reboot(web):
    record = Record(name="web", phase="stopped", run=run_of(web, boot_id="boot-0"), intent="stopped")
    assert restored(record, service=web).records["web"].intent == "stopped"


def test_times_of_a_clock_that_began_anew_hold_nobody_up(make):
    """A launch that failed has no boot of its own; its delay was written by a clock of another boot."""
    web = make("web", restart=Restart(max_delay_s=30.0))
    record = Record(name="web", phase="backoff", run=run_of(web, **NOT_LAUNCHED), retry_mono=864000.0, attempts=1)
    assert restored(record, service=web).records["web"].retry_mono == NOW + 30.0


def test_survivors_are_looked_at_again(web):
    record = Record(name="web", phase="failed", run=run_of(web), survivors=(4001,))
    assert restored(record, service=web).records["web"].retry_mono == NOW


def test_a_healthcheck_that_was_taken_away_unremembered_is_not_waited_for(web):
    record = Record(name="web", phase="unhealthy", run=run_of(web), reason="3 probes failed")
    after = restored(record, Kept(service=web, run=run_of(web)), service=web).records["web"]
    assert (after.phase, after.reason) == ("running", "")


def test_an_external_service_goes_on_though_no_keeper_has_it(make):
    external = make("ext", engine="external")
    record = Record(name="ext", phase="running", run=run_of(external, pid=None, boot_id=""))
    found = restored(record, service=external)
    assert (found.records["ext"].phase, found.reports) == ("running", ())


def test_a_new_brain_goes_on_where_the_old_one_was(stage, make, checked):
    """Through the reconciler: probes are asked again, an end that was begun is begun again, nothing is started."""
    from nexsock.model.state import ProjectState

    db, web = make("db", healthcheck=checked), make("web")
    ending = Stopping(cause=Cause(kind="user", text="x"), since_mono=90.0, kill_mono=95.0, killed=True)
    records = {
        "db": Record(name="db", phase="ready", run=run_of(db), intent="up", health=Health(verdict="healthy")),
        "web": Record(name="web", phase="stopping", run=run_of(web), intent="stopped", stopping=ending),
    }
    kept = [Kept(service=db, run=run_of(db)), Kept(service=web, run=run_of(web))]
    found = restore(records, kept, {"db": db, "web": web}, lost=False, boot_id=BOOT, now=100.0, wall=WALL)
    world = stage(db, web, state=ProjectState(records=dict(found.records)))
    world.reconciler.resume(found.strays, found.reports)
    assert (world.take_orders(), world.attended) == (["clear web", "kill web"], ["db"])


def test_a_stray_is_adopted_and_what_is_wanted_of_it_done(stage, make):
    web = make("web")
    found = restore(
        {}, [Kept(service=web, run=run_of(web))], {"web": web}, lost=True, boot_id=BOOT, now=100.0, wall=WALL
    )
    from nexsock.model.state import ProjectState, Selection

    state = ProjectState(selection=Selection(everything=True), records=dict(found.records))
    world = stage(web, state=state)
    world.reconciler.resume(found.strays, found.reports)
    assert (world.phases(), world.take_orders(), world.run("web").pid) == ({"web": "running"}, [], 4001)
    world.reconciler.down()
    assert world.take_orders() == ["end web"]


def test_what_commands_asked_for_last_counts_more_than_what_was_recorded_of_it():
    state = ProjectState(records={"web": Record(name="web", intent="up"), "db": Record(name="db", intent="up")})
    wants = Wants(selection=Selection(everything=True), intents={"web": "stopped", "api": "up"})
    found = intended(state, wants)
    assert found.selection == Selection(everything=True)
    assert {name: record.intent for name, record in found.records.items()} == {
        "web": "stopped", "db": "unset", "api": "up",
    }  # fmt: skip


def test_records_count_where_nothing_else_is_known_of_what_was_wanted():
    state = ProjectState(records={"web": Record(name="web", intent="up")})
    assert intended(state, None) is state


def test_a_run_that_began_after_survivors_had_ended_is_a_stray(web):
    """It was taken for nothing, and started once more beside itself."""
    record = Record(name="web", phase="failed", run=run_of(web), survivors=(4001,))
    found = restored(record, Kept(service=web, run=run_of(web, number=2)), service=web)
    assert (list(found.strays), found.records["web"].survivors) == (["web"], ())


def test_survivors_of_the_recorded_run_are_no_run_to_adopt(web):
    record = Record(name="web", phase="failed", run=run_of(web), survivors=(4001,))
    found = restored(record, Kept(service=web, run=run_of(web)), service=web)
    assert (found.strays, found.records["web"].survivors) == ({}, (4001,))


ENDED = Exit(code=0, at=1.0)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({"phase": "completed", "exit": ENDED}, ("run-2",), id="its end is on record"),
        pytest.param({"phase": "running", "exit": None}, (), id="its end is still to be heard"),
        pytest.param({"phase": "stopping", "exit": ENDED}, (), id="something of it is still to be cleared"),
        pytest.param({"phase": "failed", "exit": ENDED, "survivors": (9,)}, (), id="something of it would not end"),
    ],
)
def test_a_run_is_settled_once_all_of_it_is_known(web, record, expected):
    run = run_of(web, 2, exit=record.pop("exit"))
    kept = Kept(service=web, run=run_of(web, 2, exit=ENDED))
    assert restored(Record(name="web", run=run, **record), kept, service=web).settled == expected


def test_an_ended_run_that_another_has_followed_is_settled(web):
    record = Record(name="web", phase="running", run=run_of(web, 2))
    runs = [Kept(service=web, run=run_of(web, 1, exit=ENDED)), Kept(service=web, run=run_of(web, 2))]
    assert restored(record, *runs, service=web).settled == ("run-1",)


def test_an_end_that_nobody_has_recorded_is_not_settled(web):
    assert restored(None, Kept(service=web, run=run_of(web, exit=ENDED)), service=web).settled == ()
