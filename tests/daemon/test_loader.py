"""The daemon's side of loading: a worker that may be slow, crash or be killed, and never harms the daemon."""

import asyncio
import os
import select
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nexsock import errors
from nexsock.daemon.loader import Loader
from nexsock.daemon.numbers import Numbers
from nexsock.daemon.worker import Worker
from nexsock.model.edit import Edit
from nexsock.model.problem import Problem
from nexsock.model.project import ProjectRef


@pytest.fixture
async def loader() -> AsyncIterator[Loader]:
    made = Loader(unkept())
    yield made
    await made.close()


def unkept() -> Numbers:
    """Reservations that nobody reads again."""
    return Numbers("/nowhere/ports.json", (32768, 60999))


def project(folder: Path, text: str = "services: {web: {command: sleep 1}}\n") -> ProjectRef:
    (folder / "nexsock.yaml").write_text(text)
    return ProjectRef(directory=str(folder), environ={})


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


class Watched:
    """A live worker of which one can tell whether it has ended."""

    def __init__(self, loader: Loader) -> None:
        assert loader.worker_pid is not None
        self._descriptor = os.pidfd_open(loader.worker_pid)

    async def ends(self) -> bool:
        """Whether it has ended, or does so within five seconds."""
        ready, _, _ = await asyncio.to_thread(select.select, [self._descriptor], [], [], 5)
        os.close(self._descriptor)
        return bool(ready)


async def test_a_project_comes_out_of_the_worker(loader: Loader, tmp_path: Path) -> None:
    loaded = await loader.load(project(tmp_path))
    assert list(loaded.services) == ["web"]


async def test_all_problems_come_out_of_the_worker(loader: Loader, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        await loader.load(project(tmp_path, "services: {web: {comand: x}}\nfoo: 1\n"))
    assert [type(problem) for problem in caught.value.problems] == [Problem, Problem]
    assert caught.value.message == "2 problems in nexsock.yaml"


async def test_the_worker_stays_warm_for_the_next_load(loader: Loader, tmp_path: Path) -> None:
    await loader.load(project(tmp_path))
    first = loader.worker_pid
    await loader.load(project(tmp_path))
    assert loader.worker_pid == first


async def test_a_worker_that_was_started_before_there_was_a_loader_is_the_one_that_is_asked(tmp_path: Path) -> None:
    begun = Worker()
    loader = Loader(unkept(), begun=begun)
    assert list((await loader.load(project(tmp_path))).services) == ["web"]
    assert loader.worker_pid == begun.pid
    await loader.close()


async def test_a_worker_that_was_started_in_vain_ends_like_any_other() -> None:
    loader = Loader(unkept(), begun=Worker(), idle_s=0.01)
    assert await Watched(loader).ends()
    await loader.close()


async def test_loads_at_once_wait_for_each_other(loader: Loader, tmp_path: Path) -> None:
    loaded = await asyncio.gather(*(loader.load(project(tmp_path)) for _ in range(5)))
    assert len({found.id for found in loaded}) == 1


async def test_a_worker_that_was_killed_while_idle_is_replaced_unnoticed(loader: Loader, tmp_path: Path) -> None:
    await loader.load(project(tmp_path))
    pid = loader.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert list((await loader.load(project(tmp_path))).services) == ["web"]


async def test_a_crash_over_a_file_is_an_error_about_that_file(tmp_path: Path) -> None:
    loader = Loader(unkept(), python("import os, sys; sys.stdin.buffer.read(4); os.abort()"))
    with pytest.raises(errors.ConfigError, match=r"ended over /project/nexsock\.yaml"):
        await loader.load(ProjectRef(directory="/project", files=("/project/nexsock.yaml",)))
    assert loader.worker_pid is None


async def test_an_answer_that_is_none_is_an_error(tmp_path: Path) -> None:
    program = r"import sys; sys.stdout.buffer.write(b'\0\0\0\2no'); sys.stdout.flush(); sys.stdin.buffer.read()"
    loader = Loader(unkept(), python(program))
    with pytest.raises(errors.ConfigError, match="ended over"):
        await loader.load(ProjectRef(directory="/project"))
    await loader.close()


async def test_a_load_that_takes_too_long_is_given_up_and_its_worker_killed() -> None:
    loader = Loader(unkept(), python("import sys; sys.stdin.buffer.read()"), deadline_s=0.1)
    await loader.warm()
    worker = Watched(loader)
    with pytest.raises(errors.ConfigError, match=r"reading /project took more than 0\.1s"):
        await loader.load(ProjectRef(directory="/project"))
    assert await worker.ends()


async def test_a_cancelled_load_leaves_no_stale_answer_behind(loader: Loader, tmp_path: Path) -> None:
    await loader.warm()
    loading = asyncio.ensure_future(loader.load(project(tmp_path, "services: {old: {command: x}}\n")))
    await asyncio.sleep(0)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    assert list((await loader.load(project(tmp_path))).services) == ["web"]


async def test_the_worker_ends_when_it_was_not_used_for_a_while(tmp_path: Path) -> None:
    loader = Loader(unkept(), idle_s=0.01)
    await loader.warm()
    assert await Watched(loader).ends()
    await loader.close()


async def test_closing_ends_the_worker(tmp_path: Path) -> None:
    loader = Loader(unkept())
    await loader.warm()
    worker = Watched(loader)
    await loader.close()
    assert await worker.ends()


async def test_closing_does_not_wait_for_a_load() -> None:
    loader = Loader(unkept(), python("import sys; sys.stdin.buffer.read()"))
    await loader.warm()
    loading = asyncio.ensure_future(loader.load(ProjectRef(directory="/project")))
    await asyncio.sleep(0)
    await loader.close()
    with pytest.raises(errors.ConfigError):
        await loading
    await loader.close()


async def test_a_thousand_services_come_through_the_pipe(loader: Loader, tmp_path: Path) -> None:
    text = "services:\n" + "".join(f"  s{number}: {{command: sleep {number}}}\n" for number in range(1000))
    assert len((await loader.load(project(tmp_path, text))).services) == 1000


async def test_a_hostile_file_is_an_error_within_seconds(loader: Loader, tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match="nested more than 64 deep"):
        await loader.load(project(tmp_path, "[" * 30_000))


PORTS = "services: {web: {command: x, ports: {http: auto, admin: auto}}}\n"


async def test_auto_ports_are_the_same_in_every_load_and_after_a_restart(tmp_path: Path) -> None:
    chosen = []
    for _ in range(2):
        loader = Loader(Numbers(str(tmp_path / "ports.json"), (32768, 60999)))
        chosen += [(await loader.load(project(tmp_path, PORTS))).auto_ports for _ in range(2)]
        await loader.close()
    assert set(chosen[0]) == {"web/http", "web/admin"}
    assert chosen == [chosen[0]] * 4


async def test_a_new_auto_port_avoids_who_listens_already(loader: Loader, tmp_path: Path) -> None:
    usual = (await loader.load(project(tmp_path, PORTS))).auto_ports["web/http"]
    with socket.create_server(("127.0.0.1", usual)):
        again = Loader(unkept())
        loaded = await again.load(project(tmp_path, PORTS))
        await again.close()
    assert usual not in loaded.auto_ports.values()
    assert loaded.services["web"].launch.ports["http"].number == loaded.auto_ports["web/http"]


async def test_twenty_projects_share_no_auto_port(loader: Loader, tmp_path: Path) -> None:
    text = "services: {web: {command: x, ports: {a: auto, b: auto, c: auto, d: auto, e: auto}}}\n"
    numbers: list[int] = []
    for count in range(20):
        (folder := tmp_path / str(count)).mkdir()
        numbers += (await loader.load(project(folder, text))).auto_ports.values()
    assert len(set(numbers)) == 100


async def test_a_table_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    loader = Loader(Numbers(str(tmp_path / "no folder" / "ports.json"), (32768, 60999)))
    first = await loader.load(project(tmp_path, PORTS))
    assert (await loader.load(project(tmp_path, PORTS))).auto_ports == first.auto_ports
    await loader.close()


async def test_edits_at_once_are_all_made(loader: Loader, tmp_path: Path) -> None:
    ref = project(tmp_path, "services:\n  web: {command: sleep 1}  # one\n")
    edits = [Edit(action="update", service="web", fields={f"environment.V{n}": str(n)}) for n in range(6)]
    await asyncio.gather(*(loader.edit(ref, edit) for edit in edits))
    found = await loader.look(ref, "web")
    assert found.config["environment"] == {f"V{n}": n for n in range(6)}
    assert (tmp_path / "nexsock.yaml").read_text().endswith("}  # one\n")


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (Edit(action="update", service="wbe", fields={"command": "x"}), errors.NotFound),
        (Edit(action="add", service="web"), errors.UsageError),
        (Edit(action="update", service="web", fields={"restart": "perhaps"}), errors.ConfigError),
        (Edit(action="update", service="web", fields={"command": "x"}, digest="another"), errors.Conflict),
    ],
)
async def test_an_edit_that_cannot_be_made_is_the_error_that_it_was_in_the_worker(
    loader: Loader, tmp_path: Path, edit: Edit, kind: type[errors.NexsockError]
) -> None:
    ref = project(tmp_path)
    before = (tmp_path / "nexsock.yaml").read_bytes()
    with pytest.raises(errors.NexsockError) as refused:
        await loader.edit(ref, edit)
    assert type(refused.value) is kind
    assert (tmp_path / "nexsock.yaml").read_bytes() == before
