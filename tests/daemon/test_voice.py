"""What is told of a project has no secret in it, whichever way it takes."""

import pytest

from nexsock import errors, masking
from nexsock.daemon.voice import Voice
from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.probe import ProbeResult
from nexsock.model.project import Project
from nexsock.model.report import Altered, Gone, LaunchFailed, Noted, Probed
from nexsock.model.service import Hook, Hooks, Launch, Service

SECRET = "sesame-4711-open"
RUN = {"service": "web", "instance": "i1"}


@pytest.fixture
def told():
    """The events that are told."""
    return []


@pytest.fixture
def voice(told):
    veil = masking.Veil()
    veil.learn([SECRET])
    return Voice("shop-1", veil, told.append)


def test_a_warning_is_an_event_of_the_project_without_the_secret(voice, told):
    voice.warn_of("web", f"it says {SECRET}")
    assert [(one.project, one.kind, one.service, one.reason) for one in told] == [
        ("shop-1", "warning", "web", f"it says {masking.MASK}")
    ]


@pytest.mark.parametrize(
    "report",
    [
        LaunchFailed(**RUN, message=f"no {SECRET}", denied=Denial(plugin="gate", reason=f"not with {SECRET}")),
        Noted(**RUN, text=f"a hook said {SECRET}"),
        Altered(**RUN, changes=(PluginChange(plugin="url", field="environment.URL", old=SECRET, new=f"x {SECRET}"),)),
        Probed(**RUN, result=ProbeResult(kind="command", ok=False, output=f"refused {SECRET}", at=1.0)),
    ],
    ids=lambda report: type(report).__name__,
)
def test_a_report_is_heard_without_the_secret(voice, report):
    heard = voice.veiled(report)
    assert (SECRET in repr(report), SECRET in repr(heard), masking.MASK in repr(heard)) == (True, False, True)


def test_a_report_that_shows_nothing_is_heard_as_it_is(voice):
    report = Gone(**RUN)
    assert voice.veiled(report) is report


def test_a_refusal_keeps_its_hint_and_loses_the_secret(voice):
    with pytest.raises(errors.Refused) as refused, voice.refusing():
        raise errors.Refused(f"not while {SECRET} is used", hint="ask again")
    assert (refused.value.message, refused.value.hint) == (f"not while {masking.MASK} is used", "ask again")


def test_variables_with_telling_names_are_learned_of_services_their_hooks_and_the_caller(voice, told):
    hook = Hook(command=("true",), environment={"HOOK_TOKEN": "of-the-hook-1"})
    launch = Launch(environment={"API_TOKEN": "of-the-service-2", "PORT": "of-the-port-4"})
    web = Service(name="web", launch=launch, hooks=Hooks(pre_start=(hook,)))
    shop = Project(id="shop-1", name="shop", directory="/shop", services={"web": web})
    voice.learn(shop, {"MY_PASSWORD": "of-the-caller-3"})
    voice.warn("of-the-service-2 of-the-hook-1 of-the-caller-3 of-the-port-4")
    assert told[0].reason == f"{masking.MASK} {masking.MASK} {masking.MASK} of-the-port-4"
