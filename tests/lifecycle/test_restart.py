import pytest

from nexsock.lifecycle import restart
from nexsock.model.service import Launch, Restart, Service
from nexsock.model.state import Exit


def service(oneshot: bool = False, success: tuple[int, ...] = (0,), **policy: object) -> Service:
    return Service(name="web", launch=Launch(), oneshot=oneshot, success_exit_codes=success, restart=Restart(**policy))


def ended(
    what: Service,
    code: int | None,
    *,
    served_s: float = 0.0,
    attempts: int = 0,
    failed: tuple[float, ...] = (),
    now=100.0,
) -> restart.Verdict:
    end = Exit(code=code, at=0.0)
    return restart.after_end(what, end, served_s=served_s, attempts=attempts, failed_mono=failed, now=now)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.6), (9, 25.6), (10, 30.0), (5000, 30.0)]
)
def test_the_delay_doubles_from_100_ms_to_30_s(attempts, seconds):
    assert restart.delay_s(Restart(), attempts) == pytest.approx(seconds)


def test_the_delay_follows_the_policy():
    policy = Restart(delay_s=2.0, factor=3.0, max_delay_s=10.0)
    assert [restart.delay_s(policy, attempts) for attempts in (1, 2, 3)] == [2.0, 6.0, 10.0]


def test_a_huge_factor_is_no_more_than_the_longest_delay():
    assert restart.delay_s(Restart(factor=1e300), 9) == 30.0


@pytest.mark.parametrize(
    ("mode", "code", "outcome"),
    [
        ("no", 0, "done"),
        ("no", 1, "give_up"),
        ("on-failure", 0, "done"),
        ("on-failure", 1, "retry"),
        ("on-failure", None, "retry"),
        ("always", 0, "retry"),
        ("always", 1, "retry"),
        ("unless-stopped", 0, "retry"),
        ("unless-stopped", 1, "retry"),
    ],
)
def test_expected_codes_end_a_service_unless_it_is_always_wanted_back(mode, code, outcome):
    assert ended(service(mode=mode), code).outcome == outcome


@pytest.mark.parametrize("mode", ["no", "on-failure", "always", "unless-stopped"])
def test_a_oneshot_that_succeeded_is_done_under_every_policy(mode):
    assert ended(service(oneshot=True, mode=mode), 0).outcome == "done"


def test_declared_success_codes_count_as_success():
    assert ended(service(success=(0, 130)), 130).outcome == "done"
    assert ended(service(success=(130,)), 0).outcome == "retry"


def test_an_exit_that_nobody_saw_is_a_failure():
    assert ended(service(mode="no"), None).outcome == "give_up"


def test_a_oneshot_whose_end_nobody_saw_may_have_done_its_work_and_is_not_run_again():
    assert ended(service(oneshot=True), None).outcome == "give_up"


def test_a_first_failure_is_tried_again_after_the_first_delay():
    verdict = ended(service(), 1, now=100.0)
    assert (verdict.attempts, verdict.failed_mono, verdict.retry_mono) == (1, (100.0,), 100.1)


def test_the_limit_counts_restarts_and_not_runs():
    twice = service(max_attempts=2)
    assert [ended(twice, 1, attempts=before).outcome for before in (0, 1, 2)] == ["retry", "retry", "give_up"]


def test_giving_up_says_after_how_many_restarts():
    assert ended(service(max_attempts=1), 3, attempts=1).reason == "exited with 3, given up after 1 restart"
    assert ended(service(max_attempts=2), 3, attempts=2).reason == "exited with 3, given up after 2 restarts"


def test_no_restart_at_all_with_a_limit_of_zero():
    assert ended(service(max_attempts=0), 1).outcome == "give_up"


def test_the_limit_holds_when_the_process_dies_at_once_and_no_time_resets_it():
    """Supervisor#1285: with a start window of 0 every exit counted as a stable run."""
    never_stable = service(max_attempts=3, reset_after_s=float("inf"))
    attempts, outcomes = 0, []
    for _ in range(4):
        verdict = ended(never_stable, 1, attempts=attempts)
        attempts = verdict.attempts
        outcomes.append(verdict.outcome)
    assert outcomes == ["retry", "retry", "retry", "give_up"]


def test_the_fifth_failed_run_within_the_window_is_the_last():
    failed = (50.0, 60.0, 70.0, 80.0)
    verdict = ended(service(), 1, attempts=4, failed=failed, now=100.0)
    assert (verdict.outcome, verdict.reason) == (
        "give_up",
        "exited with 1, given up after 5 runs that ended within 60s",
    )


def test_failures_outside_the_window_are_forgotten():
    failed = (10.0, 20.0, 30.0, 40.0)
    verdict = ended(service(), 1, attempts=4, failed=failed, now=100.0)
    assert (verdict.outcome, verdict.failed_mono) == ("retry", (100.0,))


def test_a_window_of_zero_runs_never_gives_up():
    failed = tuple(99.0 + count / 100 for count in range(50))
    verdict = ended(service(max_in_window=0), 1, attempts=50, failed=failed)
    assert (verdict.outcome, verdict.failed_mono) == ("retry", ())


def test_a_service_that_served_long_enough_has_a_fresh_budget():
    verdict = ended(service(max_attempts=1), 1, served_s=10.0, attempts=1, failed=(90.0,), now=100.0)
    assert (verdict.outcome, verdict.attempts, verdict.failed_mono) == ("retry", 1, (100.0,))


def test_just_short_of_stable_the_budget_goes_on():
    assert ended(service(max_attempts=1), 1, served_s=9.9, attempts=1).outcome == "give_up"


def test_done_counts_nothing():
    verdict = ended(service(), 0, attempts=3, failed=(1.0,))
    assert (verdict.attempts, verdict.failed_mono, verdict.retry_mono) == (0, (), None)


def test_the_reason_can_be_another_than_the_exit():
    end = Exit(code=None, at=0.0)
    verdict = restart.after_end(
        service(max_attempts=0), end, because="3 probes failed", served_s=0.0, attempts=0, failed_mono=(), now=1.0
    )
    assert verdict.reason == "3 probes failed, given up after 0 restarts"
