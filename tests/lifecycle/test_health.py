import pytest

from nexsock.lifecycle import health
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.state import Health

CHECK = Healthcheck(kind="tcp", port=80)


def answer(ok: bool, output: str = "") -> ProbeResult:
    return ProbeResult(kind="tcp", ok=ok, output=output, at=7.0)


def judged(check: Healthcheck, answers: str, *, age_s: float, begin: Health | None = None) -> Health:
    """The health after answers such as "--+" (two failures, one success), all at the same age."""
    found = begin or Health()
    for sign in answers:
        found = health.judge(check, found, answer(sign == "+"), age_s=age_s)
    return found


@pytest.mark.parametrize(
    ("ok", "took_s", "stood_still"),
    [(False, 3.0, False), (False, 3.2, False), (False, 3.3, True), (False, 60.0, True), (True, 60.0, False)],
)
def test_a_failed_attempt_that_outlasted_its_limit_says_that_we_stood_still(ok, took_s, stood_still):
    result = ProbeResult(kind="tcp", ok=ok, output="", at=7.0, took_s=took_s)
    assert health.stood_still(CHECK, result) == stood_still


def test_one_success_makes_a_service_healthy():
    assert judged(CHECK, "+", age_s=0.1).verdict == "healthy"


def test_failures_in_the_start_period_do_not_count():
    assert judged(CHECK, "-" * 100, age_s=29.9) == Health(probes=100, last_ok=False, last_at=7.0)


def test_after_the_start_period_the_retries_count():
    assert [judged(CHECK, "-" * count, age_s=30.0).verdict for count in (1, 2, 3)] == [
        "starting",
        "starting",
        "unhealthy",
    ]


def test_the_start_period_is_over_with_the_first_success():
    healthy = judged(CHECK, "+", age_s=1.0)
    assert judged(CHECK, "---", age_s=2.0, begin=healthy).verdict == "unhealthy"


def test_a_success_between_failures_starts_the_counting_anew():
    healthy = judged(CHECK, "+", age_s=60.0)
    assert judged(CHECK, "--+--", age_s=60.0, begin=healthy).verdict == "healthy"


def test_an_unhealthy_service_recovers_with_one_success():
    assert judged(CHECK, "---+", age_s=60.0).verdict == "healthy"


def test_the_success_threshold_counts_successes_in_a_row():
    check = Healthcheck(kind="tcp", port=80, success_threshold=3)
    verdicts = [judged(check, answers, age_s=1.0).verdict for answers in ("++", "++-++", "+++")]
    assert verdicts == ["starting", "starting", "healthy"]


def test_a_threshold_not_reached_again_leaves_the_verdict():
    check = Healthcheck(kind="tcp", port=80, success_threshold=2)
    assert judged(check, "---+", age_s=60.0).verdict == "unhealthy"


def test_long_output_is_cut():
    judgement = health.judge(CHECK, Health(), answer(False, "x" * 9000), age_s=0.0)
    assert len(judgement.last_output) == health.OUTPUT_LIMIT


def test_the_pause_of_a_starting_service_grows_from_10_ms_to_500_ms():
    pauses = [health.pause_s(CHECK, Health(probes=count)) for count in range(60)]
    assert (pauses[:2], pauses[-1], pauses == sorted(pauses)) == ([0.01, 0.01], 0.5, True)


@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_a_connection_is_tried_again_after_a_fraction_of_the_time_so_far(kind):
    check, waited_s = Healthcheck(kind=kind), 0.0
    for count in range(1, 40):
        pause = health.pause_s(check, Health(probes=count))
        waited_s += pause
        assert pause <= max(0.02, 0.2 * waited_s)


def test_a_program_is_run_less_often_than_a_connection_is_tried():
    test, tcp = Healthcheck(kind="test"), Healthcheck(kind="tcp")
    assert health.pause_s(test, Health(probes=8)) > 5 * health.pause_s(tcp, Health(probes=8))


def test_a_declared_start_interval_replaces_the_growing_pause():
    check = Healthcheck(kind="tcp", port=80, start_interval_s=2.0)
    assert health.pause_s(check, Health(probes=3)) == 2.0


@pytest.mark.parametrize("verdict", ["healthy", "unhealthy"])
def test_once_judged_a_service_is_asked_at_its_interval(verdict):
    assert health.pause_s(CHECK, Health(verdict=verdict, probes=3)) == 10.0


def test_a_log_line_that_was_seen_is_not_looked_for_again():
    check = Healthcheck(kind="log", pattern="ready")
    assert health.pause_s(check, Health(verdict="healthy")) is None
    assert health.pause_s(check, Health(probes=1)) == 0.01
