from nexsock.lifecycle import stop
from nexsock.model.state import Cause, Stopping


def stopping(kill_mono: float | None, killed: bool = False) -> Stopping:
    return Stopping(cause=Cause(kind="user", text="stopped"), since_mono=100.0, kill_mono=kill_mono, killed=killed)


def test_sigkill_is_due_when_the_grace_period_is_over_and_not_before():
    assert [stop.kill_due(stopping(110.0), now) for now in (100.0, 109.999, 110.0, 200.0)] == [
        False,
        False,
        True,
        True,
    ]


def test_sigkill_is_sent_once():
    assert not stop.kill_due(stopping(110.0, killed=True), now=200.0)


def test_no_sigkill_while_the_stop_hooks_run():
    assert not stop.kill_due(stopping(None), now=1e9)
