"""Bursts of changes on real files: once each, and never for what was only looked at."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nexsock.runtime import watch

LIMIT_S = 30.0


class Watched:
    """A watcher and what it told; `CANARY` proves that it is alive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bursts: list[set[str]] = []
        self.problems: list[str] = []
        self.news = asyncio.Event()
        self.watcher = watch.Watcher(self.take, lambda name: name == "node_modules", self.problems.append)

    def take(self, paths: frozenset[str]) -> None:
        self.bursts.append({os.path.relpath(path, self.folder) for path in paths})
        self.news.set()

    async def until(self, name: str) -> list[set[str]]:
        """All bursts up to the one that names this file."""
        async with asyncio.timeout(LIMIT_S):
            while not any(name in burst for burst in self.bursts):
                self.news.clear()
                await self.news.wait()
        return self.bursts

    async def settled(self) -> list[set[str]]:
        """All bursts until a file that is touched now is told; that one left out."""
        (self.folder / "canary").write_text(os.urandom(4).hex())
        bursts = await self.until("canary")
        return [rest for burst in bursts if (rest := burst - {"canary", "first"})]


@pytest.fixture
async def deep(tmp_path) -> AsyncIterator[Watched]:
    """Everything below a folder with one file, and the watch in effect."""
    (tmp_path / "a.py").write_text("a")
    watched = Watched(tmp_path)
    watched.watcher.watch({str(tmp_path): True})
    await in_effect(watched)
    yield watched
    watched.watcher.close()


async def in_effect(watched: Watched) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not watched.bursts:
            (watched.folder / "first").write_text(os.urandom(4).hex())
            watched.news.clear()
            try:
                await asyncio.wait_for(watched.news.wait(), 0.3)
            except TimeoutError:
                continue
    watched.bursts.clear()


async def test_many_writes_at_once_are_one_burst(deep):
    for _ in range(20):
        deep.bursts.clear()
        longest_pause_ms = write_many(deep.folder / "a.py")
        bursts = [burst - {"first"} for burst in await deep.until("a.py")]
        if longest_pause_ms < watch.QUIET_MS / 2:
            break
    assert bursts == [{"a.py"}]


def write_many(path: Path) -> float:
    """Write the file 200 times; the longest pause between two writes, since a busy machine may hold us up."""
    moments = [time.monotonic()]
    for number in range(200):
        path.write_text(str(number))
        moments.append(time.monotonic())
    return max(after - before for before, after in itertools.pairwise(moments)) * 1000


async def test_reading_and_changing_the_mode_are_no_change(deep):
    (deep.folder / "a.py").read_text()
    (deep.folder / "a.py").chmod(0o600)
    list(deep.folder.iterdir())
    assert await deep.settled() == []


async def test_an_editor_that_saves_by_renaming_is_heard_every_time(deep):
    for content in ("one", "two"):
        (deep.folder / "new~").write_text(content)
        os.replace(deep.folder / "new~", deep.folder / "a.py")
        assert "a.py" in (await deep.until("a.py"))[-1]
        deep.bursts.clear()


async def test_a_file_in_a_folder_made_with_it_is_told(deep):
    (deep.folder / "fresh").mkdir()
    (deep.folder / "fresh" / "b.py").write_text("b")
    assert await deep.until("fresh/b.py")


async def test_a_deleted_file_is_told(deep):
    (deep.folder / "a.py").unlink()
    assert await deep.until("a.py")


async def test_a_file_is_watched_through_its_folder(tmp_path):
    (tmp_path / "nexsock.yaml").write_text("a")
    watched = Watched(tmp_path)
    watched.watcher.watch({str(tmp_path / "nexsock.yaml"): False})
    try:
        await in_effect(watched)
        (tmp_path / "new").write_text("b")
        os.replace(tmp_path / "new", tmp_path / "nexsock.yaml")
        assert await watched.until("nexsock.yaml")
    finally:
        watched.watcher.close()


async def test_what_is_written_from_the_call_on_is_told(tmp_path):
    watched = Watched(tmp_path)
    watched.watcher.watch({str(tmp_path): True})
    (tmp_path / "a.py").write_text("before the watch is in effect")
    try:
        assert await watched.until("a.py")
    finally:
        watched.watcher.close()


async def test_nothing_is_missed_or_told_twice_between_two_sets_of_folders(deep):
    (deep.folder / "sub").mkdir()
    for number in range(5):
        wanted = {str(deep.folder): True} if number % 2 else {str(deep.folder): True, "/": False}
        (deep.folder / "a.py").write_text(str(number))
        deep.watcher.watch(wanted)
    await deep.until("a.py")
    assert all(burst == {"a.py"} for burst in await deep.settled())


@pytest.mark.parametrize("name", ["src", "src/more/and/more"])
async def test_a_folder_that_is_made_later_is_watched_then(tmp_path, name):
    watched = Watched(tmp_path)
    folder = tmp_path / name
    watched.watcher.watch({str(folder): True, str(tmp_path): False})
    try:
        await in_effect(watched)
        folder.mkdir(parents=True)
        (folder / "a.py").write_text("a")
        await watched.until(f"{name}/a.py")
        watched.bursts.clear()
        (folder / "a.py").write_text("ab")
        assert await watched.until(f"{name}/a.py")
    finally:
        watched.watcher.close()


async def test_a_folder_that_is_replaced_is_watched_again(tmp_path):
    watched = Watched(tmp_path)
    source = tmp_path / "src"
    source.mkdir()
    (source / "a.py").write_text("a")
    watched.watcher.watch({str(source): True, str(tmp_path): False})
    try:
        (source / "a.py").write_text("ab")
        await watched.until("src/a.py")
        await in_effect(watched)
        source.rename(tmp_path / "old")
        await watched.until("src/a.py")
        watched.bursts.clear()
        source.mkdir()
        for number in range(2):
            (source / "b.py").write_text("b" * number)
            await watched.until("src/b.py")
            watched.bursts.clear()
    finally:
        watched.watcher.close()


async def test_a_file_behind_a_link_is_told_by_the_name_that_was_asked_for(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "web.env").write_text("a")
    (tmp_path / "src").symlink_to("real")
    watched = Watched(tmp_path)
    watched.watcher.watch({str(tmp_path / "src"): True, str(tmp_path): False})
    try:
        await in_effect(watched)
        (tmp_path / "real" / "web.env").write_text("b")
        assert {"src/web.env", "real/web.env"} in await watched.until("src/web.env")
    finally:
        watched.watcher.close()


async def test_nothing_is_told_after_the_watch_ended(deep):
    deep.watcher.close()
    (deep.folder / "a.py").write_text("late")
    other = Watched(deep.folder)
    other.watcher.watch({str(deep.folder): True})
    await in_effect(other)
    other.watcher.close()
    assert deep.bursts == []
