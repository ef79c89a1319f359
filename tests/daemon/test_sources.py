"""A changed file acts on the services whose rules are about it, once for each burst, and not for ever."""

import asyncio

import pytest

from nexsock.daemon.sources import FLAPPING_RESTARTS, Sources
from nexsock.model.project import Project
from nexsock.model.service import Launch, Service, WatchRule
from nexsock.runtime.command import Finished


class Stage:
    """A project in a real folder, and everything that its sources do, as words."""

    def __init__(self, folder, **rule):
        self.folder = folder
        self.deeds = asyncio.Queue()
        self.wanted = {"web"}
        self.finished = Finished(status=0, output="")
        watch = (WatchRule(path=str(folder / "src"), debounce_s=0.0, **rule),)
        web = Service(name="web", launch=Launch(command=("web",)), watch=watch)
        file = str(folder / "nexsock.yaml")
        self.project = Project(
            id="shop-1", name="shop", directory=str(folder), files=(file,), watched=(file,), services={"web": web}
        )
        (folder / "src").mkdir()
        self.sources = Sources(
            self,
            reload=self._reload,
            replace=self.replace,
            send=lambda service, number: self.deeds.put_nowait(f"{number.name} to {service}"),
            run=self._run,
            emit=self._emit,
        )
        self.sources.follow(self.project)

    def replace(self, name, cause, cascade=False):
        self.deeds.put_nowait(f"replace {name}: {cause.text}{' with dependents' if cascade else ''}")

    async def _reload(self):
        self.deeds.put_nowait("reload")

    async def _run(self, service, argv):
        self.deeds.put_nowait(f"run {' '.join(argv)}")
        return self.finished

    def _emit(self, event):
        self.deeds.put_nowait(f"tell {event.kind}: {event.reason}")

    def write(self, name):
        """As an editor saves: whole, in one step."""
        path = self.folder / name
        beside = path.with_name(f"{path.name}.tmp")
        beside.write_text("more\n")
        beside.replace(path)

    async def next(self, count=1):
        async with asyncio.timeout(60):
            return [await self.deeds.get() for _ in range(count)]


@pytest.fixture
async def stage(tmp_path):
    made = []

    def with_rule(**rule):
        made.append(Stage(tmp_path, **rule))
        return made[-1]

    yield with_rule
    for each in made:
        each.sources.close()


async def test_a_changed_source_replaces_its_service_and_is_told(stage):
    shop = stage(cascade=True)
    shop.write("src/app.py")
    assert await shop.next(2) == [
        "tell watch: src/app.py changed",
        "replace web: src/app.py changed with dependents",
    ]


async def test_a_burst_acts_once(stage):
    shop = stage()
    for number in range(5):
        shop.write(f"src/{number}.py")
    await shop.next(2)
    shop.write("nexsock.yaml")
    assert await shop.next() == ["reload"]


async def test_a_changed_project_file_is_loaded_anew(stage):
    shop = stage()
    shop.write("nexsock.yaml")
    assert await shop.next() == ["reload"]


async def test_a_rule_may_signal_in_the_place_of_a_restart(stage):
    shop = stage(action="signal", signal="SIGUSR1")
    shop.write("src/app.py")
    assert (await shop.next(2))[1] == "SIGUSR1 to web"


async def test_a_command_that_fails_is_told(stage):
    shop = stage(action="exec", command=("make", "css"))
    shop.finished = Finished(status=2, output="no rule")
    shop.write("src/app.css")
    assert (await shop.next(3))[1:] == [
        "run make css",
        "tell warning: the command for src/app.css exited with 2: no rule",
    ]


async def test_what_is_not_wanted_is_not_started_by_its_files(stage):
    shop = stage()
    shop.wanted.clear()
    shop.write("src/app.py")
    shop.write("nexsock.yaml")
    assert await shop.next() == ["reload"]


async def test_a_service_that_its_files_restart_for_ever_is_left_alone_until_the_next_version(stage):
    shop = stage()
    for _ in range(FLAPPING_RESTARTS):
        shop.write("src/app.py")
        await shop.next(2)
    shop.write("src/app.py")
    warning = (await shop.next())[0]
    shop.sources.follow(shop.project)
    shop.write("src/app.py")
    assert (warning.startswith("tell warning: src/app.py caused 10 restarts"), (await shop.next(2))[1]) == (
        True,
        "replace web: src/app.py changed",
    )
