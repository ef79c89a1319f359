from nexsock.model.status import Because, Failure, Outcome, ServiceStatus
from nexsock.views import outcome

API = ServiceStatus(name="api", phase="ready", ready=True, ports={"http": 8080})
WEB = ServiceStatus(name="web", phase="blocked", ready=False, reason="waits for db")
FAILED = Outcome(
    ok=False,
    services=(API, WEB),
    took_s=1.25,
    changes=2,
    failed=(
        Failure(
            service="web",
            reason="waits for db, which failed",
            chain=(Because(service="db", because="exited with 1", origin="nexsock.yaml:3:3"),),
            last_log=("no space left",),
            last_probe="refused",
        ),
    ),
)


def test_success_lists_the_services_and_counts_them():
    assert outcome.render(Outcome(ok=True, services=(API,), took_s=0.8, changes=1), colour=False, columns=0) == (
        "api  ready  8080\n1 service: 1 ready (800ms)\n"
    )


def test_the_second_up_says_that_nothing_had_to_be_done():
    done = Outcome(ok=True, services=(API,), took_s=0.01)
    assert outcome.sentence(done) == "1 service: 1 ready; nothing had to be done"


def test_a_disk_that_refuses_is_a_warning_about_what_was_done_all_the_same():
    done = Outcome(ok=True, services=(API,), unsaved="state.json cannot be written: No space left on device")
    assert outcome.failures(done, colour=False) == (
        "warning: state.json cannot be written: No space left on device; all of this is done, and remembered only while"
        " nexsockd lives\n"
    )


def test_failure_prints_the_chain_the_last_lines_and_the_last_probe_of_the_culprit():
    assert outcome.failures(FAILED, colour=False) == (
        "error: web: waits for db, which failed\n"
        "└─ db: exited with 1  (nexsock.yaml:3:3)\n"
        "last probe of db: refused\n"
        "last lines of db:\n"
        "  | no space left\n"
    )


def test_a_time_limit_names_what_was_late_and_has_its_own_exit_status():
    late = Outcome(ok=False, failed=(Failure(service="api", reason="is still starting"),), timed_out=True)
    assert outcome.failures(late, colour=False).endswith("error: not done in time: api\n")
    assert outcome.exit_status(late) == 124


def test_exit_status_is_0_when_done_and_1_when_something_failed():
    assert outcome.exit_status(Outcome(ok=True)) == 0
    assert outcome.exit_status(FAILED) == 1


def test_a_failure_that_is_its_own_cause_is_one_line_with_its_place():
    own = Failure(
        service="db", reason="exited with 1", chain=(Because(service="db", because="x", origin="n.yaml:3:3"),)
    )
    assert outcome.failures(Outcome(ok=False, failed=(own,)), colour=False) == "error: n.yaml:3:3: db: exited with 1\n"
