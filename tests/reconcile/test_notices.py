"""What plugins are told of a run, and that each thing is told once."""

import pytest
from msgspec.structs import replace

from nexsock.hooks import OnExit, OnReady, PostStart, PostStop
from nexsock.model.report import Exited
from nexsock.model.state import Exit

SHOP = {"project": "shop", "directory": "/shop", "service": "web", "run": 1}


@pytest.fixture
def web(stage, make):
    """A service that has been started, and not launched yet."""

    def started(**fields):
        made = stage(make("web", **fields))
        made.up()
        return made

    return started


def test_a_start_is_told_and_without_a_healthcheck_it_is_ready(web):
    stage = web()
    stage.launched("web")
    assert stage.plugins.notices == [PostStart(**SHOP, pid=4000), OnReady(**SHOP, pid=4000, took_s=0.0)]


def test_ready_is_told_when_the_probe_says_so_and_only_once(web, checked):
    stage = web(healthcheck=checked)
    stage.launched("web")
    stage.now += 2
    for ok in (True, False, False, False, True):
        stage.probed("web", ok)
    assert stage.plugins.notices[1:] == [OnReady(**SHOP, pid=4000, took_s=2.0)]


def test_a_crash_is_told_as_one_that_was_not_expected(web):
    stage = web()
    stage.launched("web")
    stage.now += 3
    stage.ended("web", 1)
    crash = OnExit(**SHOP, exit_code=1, reason="exited with 1", uptime_s=3.0)
    assert stage.plugins.notices[2:] == [crash, PostStop(**SHOP, reason="exited with 1")]


def test_an_end_that_was_asked_for_is_expected(web):
    stage = web()
    stage.launched("web")
    stage.reconciler.stop(["web"])
    stage.tell(Exited, "web", exit=Exit(code=143, at=stage.wall(), signal="SIGTERM"))
    stage.gone("web")
    ended = [(one.expected, one.signal) for one in stage.plugins.notices if isinstance(one, OnExit)]
    assert (ended, stage.plugins.notices[-1]) == ([(True, "SIGTERM")], PostStop(**SHOP, reason="stopped by hand"))


def test_an_end_for_being_unhealthy_is_told_as_that(web, checked):
    stage = web(healthcheck=replace(checked, retries=1, on_unhealthy="restart"))
    stage.launched("web")
    stage.probed("web", True)
    stage.probed("web", False)
    stage.exited("web", 143)
    stage.gone("web")
    assert [(one.unhealthy, one.run) for one in stage.plugins.notices if isinstance(one, PostStop)] == [(True, 1)]


@pytest.mark.parametrize(("code", "expected"), [(0, True), (3, False)])
def test_the_end_of_a_oneshot_is_expected_when_it_has_succeeded(web, code, expected):
    stage = web(oneshot=True)
    stage.launched("web")
    stage.ended("web", code)
    assert [one.expected for one in stage.plugins.notices if isinstance(one, OnExit)] == [expected]


def test_an_exit_that_is_heard_twice_is_told_once(web):
    stage = web()
    stage.launched("web")
    stage.exited("web", 1)
    stage.exited("web", 1)
    assert [type(one) for one in stage.plugins.notices[2:]] == [OnExit]


def test_an_end_that_nobody_saw_is_told_when_nothing_is_left(web):
    stage = web()
    stage.launched("web")
    stage.gone("web")
    assert [type(one) for one in stage.plugins.notices[2:]] == [OnExit, PostStop]


def test_of_a_run_that_was_never_executed_nothing_is_told(web):
    stage = web()
    stage.launch_failed("web", "no program")
    assert stage.plugins.notices == []


def test_a_run_of_which_something_survives_is_not_over(web):
    stage = web()
    stage.launched("web")
    stage.reconciler.stop(["web"])
    stage.exited("web", 0)
    stage.gone("web", survivors=(77,))
    assert not any(isinstance(one, PostStop) for one in stage.plugins.notices)
