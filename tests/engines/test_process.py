"""A run from its preparation to the moment when nothing of it is left, with a keeper that only says it did."""

import asyncio
import os

import pytest
from msgspec.structs import replace

from nexsock.engines.exits import Exits
from nexsock.engines.mail import Mail
from nexsock.engines.process import ProcessEngine
from nexsock.engines.terminals import Terminals
from nexsock.keeper import wire
from nexsock.model.project import RenderedConfig
from nexsock.model.report import LaunchFailed, Noted
from nexsock.model.service import Hook, Hooks, Port, Secret, Stop
from nexsock.runtime import identity, kept
from nexsock.runtime.secrets import Secrets

LEADER = identity.Identity(7, 70, "boot-1", "i1")
CHILD = identity.Identity(8, 80, "boot-1", "i1")


class World:
    """What is alive, and what was done to it, as words."""

    def __init__(self):
        self.alive = []
        self.deeds = asyncio.Queue()
        self.exits = Exits()

    def do(self, *words):
        self.deeds.put_nowait(" ".join(str(word) for word in words))

    def end(self, status):
        """The main process ends."""
        self.alive = [process for process in self.alive if process != LEADER]
        self.exits.tell(kept.Ended(instance="i1", pid=7, status=status, wall=1.0, monotonic=1.0))


class Keeper:
    """Starts nothing but says so; SIGTERM ends the main process."""

    def __init__(self, world):
        self._world = world
        self.spawned = []
        self.refusal = None

    async def spawn(self, launch):
        if self.refusal is not None:
            raise self.refusal
        self.spawned.append(launch)
        self._world.alive.append(LEADER)
        return kept.Started(LEADER.pid, LEADER.start_ticks, LEADER.boot_id)

    async def signal(self, instance, number):
        self._world.do("signal", int(number))
        if number == 15:
            self._world.end(-15)
        return True

    async def store(self, name, descriptor):
        self._world.do("store", name)

    async def drop(self, name):
        """There is nothing to let go of."""

    async def acknowledge(self, instance):
        self._world.do("acknowledge", instance)

    async def close(self, instance):
        self._world.do("close", instance)


class Sweep:
    """Finds what is alive; every signal of its own ends what it is sent to."""

    def __init__(self, world):
        self._world = world
        self.taken = {}

    def listening(self):
        return self.taken

    def commit(self, folder):
        return "c0ffee"

    def now(self, leader, fifos):
        return list(self._world.alive)

    async def members(self, leader, fifos):
        return list(self._world.alive)

    async def ended(self, processes):
        await asyncio.sleep(0)

    def signal(self, processes, number):
        for process in processes:
            self._world.do("signal", int(number), "to", process.pid)
            self._world.alive.remove(process)
            if process == LEADER:
                self._world.end(-int(number))


class Stage:
    """A process engine between the two."""

    def __init__(self, folder):
        self.world = World()
        self.keeper = Keeper(self.world)
        self.sweep = Sweep(self.world)
        self.taken = None
        self._reports = asyncio.Queue()
        self.learned = []
        self.engine = ProcessEngine(
            "shop-1",
            keeper=self.keeper,
            exits=self.world.exits,
            sweep=self.sweep,
            report=self._reports.put_nowait,
            remembered=self._remembered,
            logs_dir=f"{folder}/logs",
            fifos_dir=f"{folder}/fifos",
            mail=Mail(self.keeper, f"{folder}/notify"),
            secrets=Secrets(f"{folder}/secrets"),
            learn=self.learned.extend,
            tunnels=self,
            terminals=Terminals(self.keeper),
        )

    def require(self, service):
        """As Tunnels: the addresses of a service are there, or another's."""
        if self.taken is not None:
            raise self.taken

    async def _remembered(self):
        self.world.do("remembered")

    async def report(self):
        async with asyncio.timeout(60):
            return await self._reports.get()

    async def kinds(self, count):
        """The next reports, by kind."""
        return [type(await self.report()).__name__ for _ in range(count)]

    async def deeds(self, count):
        async with asyncio.timeout(60):
            return [await self.world.deeds.get() for _ in range(count)]


@pytest.fixture
async def stage(tmp_path):
    found = Stage(tmp_path)
    yield found
    await found.engine.close()


async def test_a_launch_is_told_with_the_process_that_the_keeper_started(stage, service, start):
    stage.engine.launch(start(service()))
    told = await stage.report()
    assert (told.service, told.instance, told.pid, told.start_ticks, told.boot_id) == ("web", "i1", 7, 70, "boot-1")


async def test_the_keeper_gets_the_command_and_the_whole_environment(stage, service, start):
    order = start(service())
    stage.engine.launch(order)
    await stage.kinds(1)
    asked = stage.keeper.spawned[0]
    assert (asked.argv, asked.environment, asked.project, asked.run) == (("web",), order.environment, "shop-1", 1)


async def test_configs_are_written_before_the_start(stage, service, start, tmp_path):
    target = tmp_path / "etc" / "site.conf"
    config = RenderedConfig(name="site", target=str(target), text="root /", digest="d")
    stage.engine.launch(start(service(), configs=(config,)))
    await stage.kinds(1)
    assert target.read_text() == "root /"


async def test_no_link_leads_a_config_out_of_the_project(stage, service, start, tmp_path):
    elsewhere, shop = tmp_path / "elsewhere", tmp_path / "shop"
    elsewhere.mkdir()
    shop.mkdir()
    (shop / "etc").symlink_to(elsewhere)
    config = RenderedConfig(name="site", target=f"{shop}/etc/a/site.conf", text="", digest="d", within=str(shop))
    stage.engine.launch(start(service(), configs=(config,)))
    told = await stage.report()
    assert f"{shop}/etc/a leads out of the project by a link" in told.message
    assert list(elsewhere.iterdir()) == stage.keeper.spawned == []


@pytest.mark.parametrize(("kind", "transient"), [(wire.PROGRAM_MISSING, False), (wire.RESOURCES, True)])
async def test_a_refusal_is_told_and_is_worth_another_try_only_if_a_moment_may_mend_it(
    stage, service, start, kind, transient
):
    stage.keeper.refusal = kept.Refused(kind, 2, "web")
    stage.engine.launch(start(service()))
    assert await stage.report() == LaunchFailed(
        service="web", instance="i1", message=str(stage.keeper.refusal), transient=transient
    )


async def test_a_failed_pre_start_hook_starts_nothing(stage, service, start):
    hooks = Hooks(pre_start=(Hook(command=("/bin/sh", "-c", "exit 3")),))
    stage.engine.launch(start(service(hooks=hooks)))
    told = await stage.report()
    assert (told.message, told.transient, stage.keeper.spawned) == (
        "pre_start hook 'exit 3' exited with 3",
        True,
        [],
    )


async def test_a_port_that_is_held_starts_nothing(stage, service, start):
    stage.sweep.taken = {8080: (1,)}
    stage.engine.launch(start(service(ports={"http": Port(number=8080)})))
    told = await stage.report()
    assert told.message.startswith("port 8080 (http) is held by ")
    assert stage.keeper.spawned == []


async def test_an_exit_is_told_in_the_words_of_the_model(stage, service, start):
    stage.engine.launch(start(service()))
    await stage.kinds(1)
    stage.world.end(-9)
    assert str((await stage.report()).exit) == "ended by SIGKILL"


async def test_what_is_asked_to_end_is_signalled_and_gone_is_told_last(stage, service, start, finish):
    stage.engine.launch(start(service()))
    stage.engine.end(finish(service()))
    assert await stage.kinds(4) == ["Launched", "Signalled", "Exited", "Gone"]


async def test_the_keeper_may_forget_an_end_only_when_it_is_on_disk(stage, service, start, finish):
    stage.engine.launch(start(service()))
    await stage.kinds(1)
    stage.world.end(0)
    stage.engine.end(finish(service(), asked=False))
    assert await stage.deeds(3) == ["remembered", "acknowledge i1", "close i1"]


async def test_what_an_exit_left_behind_gets_the_stop_signal(stage, service, start, finish):
    web = service(stop=Stop(signal="SIGINT"))
    stage.engine.launch(start(web))
    await stage.kinds(1)
    stage.world.alive.append(CHILD)
    stage.world.end(1)
    stage.engine.end(finish(web, asked=False))
    assert (await stage.kinds(2), await stage.deeds(1)) == (["Exited", "Gone"], ["signal 2 to 8"])


async def test_a_wish_to_kill_ends_what_does_not_hear_its_stop_signal(stage, service, start, finish):
    deaf = service(stop=Stop(signal="SIGINT"))
    stage.engine.launch(start(deaf))
    await stage.kinds(1)
    stage.engine.end(finish(deaf))
    await stage.kinds(1)
    stage.engine.kill("web", "i1")
    assert sorted(await stage.kinds(2)) == ["Exited", "Gone"]


async def test_a_wish_to_kill_an_older_run_is_not_heard(stage, service, start, finish):
    deaf = service(stop=Stop(signal="SIGINT"))
    stage.engine.launch(start(deaf))
    await stage.kinds(1)
    stage.engine.end(finish(deaf))
    stage.engine.kill("web", "i0")
    await stage.kinds(1)
    assert stage.world.alive == [LEADER]


async def test_gone_follows_for_a_run_that_was_never_launched(stage, service, finish):
    stage.engine.end(finish(service()))
    assert await stage.kinds(1) == ["Gone"]


async def test_a_failed_post_start_hook_is_told_and_ends_nothing(stage, service, start):
    hooks = Hooks(post_start=(Hook(command=("/nowhere/hook",)),))
    stage.engine.launch(start(service(hooks=hooks)))
    await stage.kinds(1)
    assert (type(await stage.report()), stage.world.alive) == (Noted, [LEADER])


async def test_a_run_of_an_earlier_brain_is_taken_up(stage, service, run):
    stage.engine.resume(service(), run(pid=7, start_ticks=70, boot_id="boot-1"))
    stage.world.alive = [LEADER, CHILD]
    assert stage.engine.pids("web") == (7, 8)


async def test_secrets_are_there_from_the_first_hook_to_the_last_and_nowhere_else(
    stage, service, start, finish, tmp_path
):
    told = tmp_path / "told"
    hook = Hook(command=("/bin/sh", "-c", f"echo $KEY $(cat $KEY_FILE) >> {told}"))
    web = service(hooks=Hooks(pre_start=(hook,), post_stop=(hook,)))
    given = {
        "KEY": Secret(name="key", environment="MINE"),
        "KEY_FILE": Secret(name="key", target="key", environment="MINE"),
    }
    web = replace(web, launch=replace(web.launch, secrets=given))
    stage.engine.launch(start(web, caller={"MINE": "value"}))
    await stage.kinds(1)
    stage.engine.end(finish(web))
    await stage.kinds(3)
    assert told.read_text().splitlines() == ["value value"] * 2
    assert (stage.learned, os.listdir(tmp_path / "secrets")) == (["value", "value"], [])
