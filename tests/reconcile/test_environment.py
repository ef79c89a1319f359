import pytest
from msgspec.structs import replace

from nexsock.model.project import Project
from nexsock.model.state import Cause, Run
from nexsock.reconcile import environment

CALLER = {"PATH": "/bin", "HOME": "/home/ada", "EDITOR": "vi", "NEXSOCK_INSTANCE": "the-outer-one"}
PROJECT = Project(id="shop-1", name="shop", directory="/shop")
RUN = Run(number=1, instance="run-1", cause=Cause(kind="user", text="up"), fingerprint="")
MARKS = {"NEXSOCK_PROJECT": "shop-1", "NEXSOCK_SERVICE": "web", "NEXSOCK_INSTANCE": "run-1"}


def composed(make, inherit, extra=None, **env):
    web = make("web", env=env)
    web = replace(web, launch=replace(web.launch, inherit_env=inherit))
    return environment.compose(
        {**CALLER, "NOTIFY_SOCKET": "/run/of-the-caller", "LISTEN_FDS": "1"}, PROJECT, web, RUN, extra or {}
    )


@pytest.mark.parametrize(
    ("inherit", "inherited"),
    [
        (True, {"PATH": "/bin", "HOME": "/home/ada", "EDITOR": "vi"}),
        (False, {"PATH": "/bin", "HOME": "/home/ada"}),
        (("EDITOR", "MISSING"), {"EDITOR": "vi"}),
    ],
)
def test_it_inherits_what_the_file_says_and_nothing_that_is_the_callers_alone(make, inherit, inherited):
    assert composed(make, inherit) == {**inherited, **MARKS}


def test_the_file_beats_the_caller_and_the_run_beats_the_file(make):
    found = composed(make, True, {"EDITOR": "emacs"}, PATH="/shop/bin", EDITOR="ed")
    assert (found["PATH"], found["EDITOR"]) == ("/shop/bin", "emacs")


def test_nobody_can_forge_the_marks(make):
    found = composed(make, True, {"NEXSOCK_INSTANCE": "forged"}, NEXSOCK_SERVICE="forged")
    assert {name: found[name] for name in MARKS} == MARKS


def test_on_a_terminal_of_its_own_it_is_told_nothing_of_the_callers(make):
    web = make("web", env={"LINES": "5"})
    caller = {"TERM": "dumb", "COLUMNS": "20", "LINES": "10", "COLORTERM": "truecolor"}
    web = replace(web, launch=replace(web.launch, tty=True))
    found = environment.compose(caller, PROJECT, web, RUN, {})
    assert found == {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LINES": "5", **MARKS}
    assert environment.beside(caller, web) == {**caller, "LINES": "5"}
