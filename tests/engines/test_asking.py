"""Plugins are asked before a launch; what they say becomes of that launch, and of no other."""

import asyncio
import os

import pytest
from msgspec.structs import replace

from nexsock.engines.asking import Asking
from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.hooks import NoHooks, StartVerdict
from nexsock.model.plugin import Denial, PluginChange
from nexsock.model.project import Project
from nexsock.model.report import Altered, LaunchFailed
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, Run

NO = Denial(plugin="gate", reason="not today")
VARIABLES = {"PORT": "3000", "OLD": "1"}
CHANGES = (
    PluginChange(plugin="url", field="environment.API_TOKEN", old=None, new="secret-1234"),
    PluginChange(plugin="url", field="environment.OLD", old="1", new=None),
    PluginChange(plugin="url", field="command", old="web", new="web --token secret-1234"),
)


def service(name):
    return Service(name=name, launch=Launch(command=(name,), working_dir="/shop"))


def run(name, **fields):
    cause = Cause(kind="user", text="it was wanted")
    return Run(number=1, instance=f"{name}-1", cause=cause, fingerprint="f", **fields)


def launch(name):
    return LaunchOrder(service=service(name), run=run(name), environment=VARIABLES)


def end(name):
    return EndOrder(service=service(name), run=run(name), environment=VARIABLES, asked=True)


class Plugins(NoHooks):
    """Answers when the test says what, by service."""

    def __init__(self):
        self.asked = []
        self.answers = {}

    def wanted(self, hook, directory):
        return (hook, directory) == ("pre_start", "/shop")

    async def pre_start(self, event):
        self.asked.append(event)
        answer = self.answers.setdefault(event.service, asyncio.get_running_loop().create_future())
        said = await answer
        return said(event)

    def answer(self, name, **said):
        future = self.answers.setdefault(name, asyncio.get_running_loop().create_future())
        future.set_result(
            lambda event: StartVerdict(
                **{
                    "command": event.command,
                    "environment": event.environment,
                    **said,
                }
            )
        )


class Scene:
    """The engine behind, which writes down its orders, and what is reported."""

    def __init__(self, plugins):
        self.plugins = plugins
        self.orders = []
        self.reports = []
        self.learned = []
        project = Project(id="shop-1", name="shop", directory="/shop")
        self.engine = Asking(
            self, plugins, project=lambda: project, report=self.reports.append, learn=self.learned.extend
        )

    def launch(self, order):
        self.orders.append(order)

    def end(self, order):
        self.orders.append(order)

    def update(self, service, run):
        """Nothing lives."""

    def forget(self, service):
        """Nothing is kept."""

    async def quiet(self):
        """Everything that can go on has gone on."""
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
async def scene():
    made = Scene(Plugins())
    yield made
    await made.engine.close()


def test_where_nobody_listens_a_launch_is_passed_on_at_once():
    scene = Scene(NoHooks())
    order = launch("web")
    scene.engine.launch(order)
    assert scene.orders == [order]


async def test_plugins_are_told_what_is_about_to_be_launched(scene):
    scene.engine.launch(launch("web"))
    await scene.quiet()
    told = scene.plugins.asked[0]
    assert (told.service, told.run, told.command, told.environment, told.preview) == (
        "web",
        1,
        ("web",),
        VARIABLES,
        False,
    )


async def test_a_launch_waits_for_its_answer_and_others_do_not_wait_for_it(scene):
    scene.plugins.answer("db")
    scene.engine.launch(launch("web"))
    scene.engine.launch(launch("db"))
    await scene.quiet()
    assert [order.service.name for order in scene.orders] == ["db"]


async def test_it_is_launched_as_plugins_say_and_the_service_stays_the_files(scene):
    scene.plugins.answer("web", command=("web", "-v"), environment={"PORT": "4000"})
    scene.engine.launch(launch("web"))
    await scene.quiet()
    order = scene.orders[0]
    assert (order.command, order.environment, order.service) == (("web", "-v"), {"PORT": "4000"}, service("web"))


async def test_what_a_plugin_does_not_let_start_is_not_launched(scene):
    scene.plugins.answer("web", denied=NO)
    scene.engine.launch(launch("web"))
    await scene.quiet()
    refused = LaunchFailed(service="web", instance="web-1", message="plugin 'gate' says no: not today", denied=NO)
    assert (scene.orders, scene.reports) == ([], [refused])


async def test_changes_are_reported_without_secrets_before_the_launch(scene):
    scene.plugins.answer("web", environment={"API_TOKEN": "secret-1234"}, changes=CHANGES)
    scene.engine.launch(launch("web"))
    await scene.quiet()
    shown = [(change.field, change.old, change.new) for change in scene.reports[0].changes]
    assert (type(scene.reports[0]), shown, scene.learned) == (
        Altered,
        [
            ("environment.API_TOKEN", None, "••••••"),
            ("environment.OLD", "1", None),
            ("command", "web", "web --token ••••••"),
        ],
        ["secret-1234"],
    )


async def test_whatever_runs_in_the_place_of_the_run_has_the_same_variables(scene):
    scene.plugins.answer("web", environment={"PORT": "3000", "API_TOKEN": "secret-1234"}, changes=CHANGES)
    scene.engine.launch(launch("web"))
    await scene.quiet()
    changed = {"PORT": "3000", "API_TOKEN": "secret-1234"}
    scene.engine.end(end("web"))
    assert (scene.engine.variables("web", "web-1", VARIABLES), scene.orders[-1].environment) == (changed, changed)


async def test_another_run_has_its_own_variables(scene):
    scene.plugins.answer("web", environment={"API_TOKEN": "secret-1234"}, changes=CHANGES)
    scene.engine.launch(launch("web"))
    await scene.quiet()
    assert scene.engine.variables("web", "web-2", VARIABLES) == VARIABLES


async def test_one_that_shall_end_before_the_answer_is_never_launched(scene):
    scene.engine.launch(launch("web"))
    await scene.quiet()
    scene.engine.end(end("web"))
    await scene.quiet()
    assert [type(order) for order in scene.orders] == [EndOrder]


async def test_a_newer_definition_that_comes_before_the_answer_is_launched(scene):
    scene.engine.launch(launch("web"))
    await scene.quiet()
    newer = replace(service("web"), description="newer")
    scene.engine.update(newer, run("web"))
    scene.plugins.answer("web")
    await scene.quiet()
    assert scene.orders[0].service == newer


async def test_a_fault_of_ours_leaves_nothing_starting_for_ever(scene):
    async def broken(event):
        raise RuntimeError("boom")

    scene.plugins.pre_start = broken
    scene.engine.launch(launch("web"))
    await scene.quiet()
    assert "a fault of its own: RuntimeError('boom')" in scene.reports[0].message


def test_a_later_brain_finds_the_variables_where_the_process_has_them():
    scene = Scene(NoHooks())
    home = PluginChange(plugin="url", field="environment.HOME", old="/", new="whatever is shown")
    scene.engine.resume("web", run("web", pid=os.getpid(), altered=(home,)))
    found = scene.engine.variables("web", "web-1", {"HOME": "/"})
    with open("/proc/self/environ", "rb") as file:
        executed = dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if b"=" in entry)
    assert found == {"HOME": executed[b"HOME"].decode()}
