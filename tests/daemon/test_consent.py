"""Who is asked before a command, an end and a plan, and what becomes of a no."""

import pytest

from nexsock import errors
from nexsock.daemon import consent
from nexsock.hooks import NoHooks, OnPlan, PreCommand, StartVerdict, StopVerdict
from nexsock.model.plan import Hold, Plan, Step
from nexsock.model.plugin import Denial, PluginChange, PluginNote, PluginStatus
from nexsock.model.project import ProjectRef
from nexsock.model.state import Record
from nexsock.model.status import Foreseen
from nexsock.protocol import api

NO = Denial(plugin="gate", reason="web is busy")
SHOP = ProjectRef(directory="/shop")
CHANGING = {
    "up", "down", "start", "stop", "restart", "kill", "watch", "run", "add", "remove", "config update",
    "dependency add", "dependency remove", "git clone", "git pull", "git fetch", "git checkout",
}  # fmt: skip


class Plugins(NoHooks):
    """Says no to the services in `refused`, and writes down what it is asked."""

    def __init__(self, *refused):
        self.refused = refused
        self.asked = []

    def wanted(self, hook, directory):
        return directory == "/shop"

    async def pre_command(self, event):
        self.asked.append(event)
        return NO if event.command in self.refused else None

    async def pre_start(self, event):
        self.asked.append(event)
        change = PluginChange(plugin="url", field="environment.URL", old=None, new="postgres://me:pass@db")
        denied = NO if event.service in self.refused else None
        return StartVerdict(command=event.command, environment=event.environment, changes=(change,), denied=denied)

    async def pre_stop(self, event):
        self.asked.append(event)
        return StopVerdict(grace_s=60.0, denied=NO if event.service in self.refused else None)

    async def on_plan(self, event):
        self.asked.append(event)
        return (PluginNote(plugin="url", text="look"),)


class Reconciler:
    def __init__(self, house):
        self.project = house.project
        self.record = house.record
        self.granted = []

    def grant(self, name, verdict):
        self.granted.append((name, verdict.grace_s))


@pytest.fixture
def shop(house, service, run):
    """db runs, web runs, job has failed."""
    found = house(service("db"), service("web", "db"), service("job"))
    for name, phase in (("db", "ready"), ("web", "running"), ("job", "failed")):
        found.holds(name, phase, run=run())
    return found


@pytest.fixture
def reconciler(shop):
    return Reconciler(shop)


def test_plugins_are_asked_before_every_command_that_changes_something_and_before_no_other():
    assert {operation.command for operation in api.OPERATIONS if operation.command} == CHANGING


@pytest.mark.parametrize(
    ("name", "request_", "expected"),
    [
        ("up", api.UpRequest(project=SHOP), ("up", SHOP, ())),
        ("stop_service", api.ServicesRequest(project=SHOP, services=("web",)), ("stop", SHOP, ("web",))),
        ("remove_service", api.RemoveServiceRequest(project=SHOP, service="web"), ("remove", SHOP, ("web",))),
        ("render", api.RenderRequest(project=SHOP, command="stop", services=("web",)), ("stop", SHOP, ("web",))),
        ("command", api.ServiceRequest(project=SHOP, service="web"), ("run", SHOP, ("web",))),
        ("command", api.ServiceRequest(project=SHOP, service="web", verb="exec"), ("exec", SHOP, ("web",))),
        ("render", api.RenderRequest(project=SHOP, command="ps"), None),
        ("list_services", api.ServicesRequest(project=SHOP, services=("web",)), None),
        ("database", api.DatabaseRequest(project=SHOP), None),
        ("database", api.DatabaseRequest(project=SHOP, action="rollback"), ("db rollback", SHOP, ())),
        ("ping", api.Nothing(), None),
    ],
)
def test_a_request_is_the_command_that_was_typed(name, request_, expected):
    assert consent.command_of(api.BY_NAME[name], request_) == expected


async def test_a_command_that_a_plugin_refuses_ends_with_its_name_and_reason():
    event = PreCommand(project="shop", directory="/shop", command="up")
    with pytest.raises(errors.Refused, match="plugin 'gate' says no: web is busy"):
        await consent.to_begin(Plugins("up"), event)


async def test_of_runs_that_shall_end_only_those_that_serve_are_asked_about(shop, reconciler):
    plugins = Plugins()
    await consent.to_end(plugins, reconciler, ["db", "job", "nobody"], "down was asked for")
    assert [(event.service, event.reason) for event in plugins.asked] == [("db", "down was asked for")]


async def test_one_no_keeps_all_of_them(shop, reconciler):
    with pytest.raises(errors.Refused, match="web: web is busy"):
        await consent.to_end(Plugins("web"), reconciler, ["db", "web"], "down was asked for")
    assert reconciler.granted == []


async def test_where_all_may_end_each_has_as_long_as_plugins_say(shop, reconciler):
    await consent.to_end(Plugins(), reconciler, ["db", "web"], "down was asked for")
    assert reconciler.granted == [("db", 60.0), ("web", 60.0)]


async def test_the_time_that_a_command_gives_is_what_plugins_are_told(shop, reconciler):
    plugins = Plugins()
    await consent.to_end(plugins, reconciler, ["db"], "stop was asked for", 2.0)
    assert plugins.asked[0].grace_s == 2.0


def test_what_a_plan_replaces_lives_and_ends_now_or_when_its_dependents_have():
    records = {name: Record(name=name, phase=phase) for name, phase in (("db", "ready"), ("web", "running"))}
    plan = Plan(
        steps=(Step(action="restart", service="web", reason="r"), Step(action="start", service="job", reason="r")),
        holds=(Hold(service="db", waits_for="web to end"), Hold(service="api", waits_for="db to be ready")),
    )
    assert consent.replaced(plan, records) == ["web", "db"]
    assert consent.renewed(plan, records) == {"db": "it is replaced", "web": "r"}


async def test_a_plan_is_shown_to_plugins_with_what_is_on_hold(shop):
    plugins = Plugins()
    plan = Plan(
        steps=(Step(action="start", service="db", reason="not started yet"),),
        holds=(Hold(service="web", waits_for="db to be started"),),
    )
    assert await consent.notes(plugins, shop.project, plan, preview=True) == (PluginNote(plugin="url", text="look"),)
    told = plugins.asked[0]
    assert (type(told), told.steps[0].service, told.holds, told.preview) == (
        OnPlan,
        "db",
        ("hold    web: waits for db to be started",),
        True,
    )


async def test_what_plugins_would_do_is_foreseen_of_starts_now_and_later_and_shown_without_secrets(shop):
    plugins = Plugins("web")
    plan = Plan(
        steps=(Step(action="start", service="db", reason="not started yet"),),
        holds=(Hold(service="web", waits_for="db to be started"),),
    )
    found = await consent.foresee(plugins, shop.project, plan, {}, {"HOME": "/home/ada"})
    url = PluginChange(plugin="url", field="environment.URL", old=None, new="postgres://me:••••••@db")
    assert found == (
        Foreseen(service="db", changes=(url,)),
        Foreseen(service="web", changes=(url,), denied=NO),
    )
    assert all(event.preview for event in plugins.asked)


def test_a_plan_says_which_plugins_of_the_project_nobody_has_asked():
    states = ("loaded", "waiting", "set_aside", "refused")
    statuses = [PluginStatus(name=state, kind="lua", path="/p", state=state) for state in states]
    (note,) = consent.unasked(statuses)
    assert (note.plugin, "was not asked" in note.text) == ("waiting", True)


async def test_a_run_is_not_given_up_for_one_that_may_not_start(shop):
    starts = {"db": "restart was asked for", "web": "restart was asked for"}
    with pytest.raises(errors.Refused, match="plugin 'gate' says no: web: web is busy"):
        await consent.to_replace(Plugins("web"), shop.project, starts, shop.state.records, {})


async def test_what_does_not_serve_has_nothing_to_be_given_up(shop):
    plugins = Plugins("job")
    await consent.to_replace(plugins, shop.project, {"job": "restart was asked for"}, shop.state.records, {})
    assert plugins.asked == []
