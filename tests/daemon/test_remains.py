"""What counts as left behind, and what never does."""

import os
import socket
import subprocess

import pytest

from nexsock import reservations
from nexsock.daemon import remains
from nexsock.model.project import Project
from nexsock.places import Places, make_private
from nexsock.reservations import Holding
from nexsock.runtime import identity
from nexsock.runtime.kept import Files, Kept
from nexsock.store.store import open_store
from nexsock.store.writer import Writer


def never(text):
    raise AssertionError(text)


@pytest.fixture
def places(tmp_path):
    return Places(str(tmp_path / "config"), str(tmp_path / "state"), str(tmp_path / "run"))


@pytest.fixture
def remembered(places):
    """`remembered(id, directory)`: a project that was up once and has a log."""
    writer = Writer()

    def remember(project_id, directory):
        folder = places.project_state(project_id)
        make_private(folder, os.getuid())
        kept = open_store(f"{folder}/state.json", writer, never)
        kept.describe(Project(id=project_id, name="shop", directory=str(directory)))
        kept.close()
        os.mkdir(f"{folder}/logs")
        with open(f"{folder}/logs/web.log", "w") as log:
            log.write("x" * 1000)

    yield remember
    writer.close()


def found(places, hosts=(), url="", kept=()):
    left = remains.Remains(places, {one.project.id: one for one in hosts}, url, kept, settled_s=-1.0)
    return {one.id: one for one in left.find()}


def test_a_project_whose_folder_is_gone_left_its_memory_and_logs(places, remembered, tmp_path):
    remembered("gone-1", tmp_path / "gone")
    remembered("here-1", tmp_path)
    (left,) = found(places).values()
    assert (left.id, left.kind, left.text) == ("gone-1", "project", f"its folder {tmp_path}/gone is gone")
    assert left.paths == (places.project_state("gone-1"),)
    assert left.size_bytes > 1000


def test_logs_without_a_memory_are_left_behind_unless_memory_is_kept_nowhere(places):
    os.makedirs(f"{places.project_state('lost-1')}/logs")
    assert found(places)["lost-1"].text == "nobody knows where its folder is"
    assert found(places, url="memory:") == {}


def test_a_folder_that_cannot_be_looked_at_is_not_gone(places, remembered):
    remembered("far-1", "/" + "x" * 300)
    assert found(places) == {}


def test_a_project_that_the_daemon_has_is_left_alone_while_its_folder_is_there(places, remembered, house, tmp_path):
    remembered("shop-1", "/nowhere")
    known = house()
    known.project = Project(id="shop-1", name="shop", directory=str(tmp_path))
    assert found(places, [known]) == {}


def test_numbers_reserved_for_a_project_that_is_gone_are_left_behind(places, tmp_path):
    os.makedirs(places.state_dir)
    table = {"gone-1": Holding("/nowhere", {"web/http": 20001}), "here-1": Holding(str(tmp_path), {"web/http": 20002})}
    with open(places.ports, "w") as file:
        file.write(reservations.text(table))
    (left,) = found(places).values()
    assert (left.id, left.kind, left.text) == ("gone-1", "ports", "port 20001 reserved; its folder /nowhere is gone")


@pytest.fixture
def over(places, house, tmp_path):
    """The files of a run: two FIFOs and a socket; the project lives."""
    folder = places.project_runtime("shop-1")
    os.makedirs(folder)
    os.makedirs(places.notify_dir)
    for name in ("out", "err"):
        os.mkfifo(f"{folder}/web.1.{name}")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(f"{places.notify_dir}/i1")
    known = house()
    known.project = Project(id="shop-1", name="shop", directory=str(tmp_path))
    return known


def run_files(places, instance="i1"):
    folder = places.project_runtime("shop-1")
    files = Files(stdout_fifo=f"{folder}/web.1.out", stderr_fifo=f"{folder}/web.1.err", log_path="", index_path="")
    return Kept(instance=instance, project="shop-1", service="web", run=1, pid=7, start_ticks=1, files=files)


async def test_fifos_and_sockets_of_a_run_that_is_over_are_found_and_removed(places, over):
    (left,) = found(places, [over]).values()
    assert (left.id, left.kind, left.text, len(left.paths)) == ("run-files", "files", "3 of runs that are over", 3)
    await remains.clear(left, ())
    assert found(places, [over]) == {}


def test_files_of_a_run_that_is_kept_are_not_left_behind(places, over):
    assert found(places, [over], kept=[run_files(places)]) == {}


@pytest.fixture
def stray(places, tmp_path):
    """`stray(fifo)`: a marked process that writes into this FIFO."""
    begun = []

    def begin(fifo):
        os.makedirs(os.path.dirname(fifo), exist_ok=True)
        os.mkfifo(fifo)
        end = os.open(fifo, os.O_RDWR)
        environ = {**os.environ, identity.INSTANCE: "i1", identity.PROJECT: "gone-1", identity.SERVICE: "web"}
        begun.append(subprocess.Popen(["sleep", "60"], stdout=end, stderr=end, env=environ))
        os.close(end)
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait()


async def test_a_process_of_a_project_that_is_gone_is_found_and_ended_with_the_folders(places, stray):
    process = stray(f"{places.project_runtime('gone-1')}/web.1.out")
    left = remains.Remains(places, {}, "", ())
    (one,) = left.find()
    assert (one.kind, one.pids) == ("processes", (process.pid,))
    await remains.clear(one, left.processes["gone-1"])
    assert process.wait(timeout=60) != 0
    assert not os.path.exists(places.project_runtime("gone-1"))


def test_a_process_of_another_daemon_is_nobodys_leftover(places, stray, tmp_path):
    stray(f"{tmp_path}/other/run/projects/gone-1/web.1.out")
    assert found(places) == {}


def test_files_of_a_run_that_is_being_started_are_not_left_behind(places, over):
    assert remains.Remains(places, {"shop-1": over}, "", ()).find() == ()


def test_a_project_that_runs_without_its_folder_is_stopped_first(places, stray, house):
    stray(f"{places.project_runtime('gone-1')}/web.1.out")
    known = house()
    known.project = Project(id="gone-1", name="gone", directory="/nowhere")
    (left,) = found(places, [known]).values()
    assert left.advice == "run 'nexsock -p gone-1 down' first"


def test_a_project_without_its_folder_runs_as_long_as_the_keeper_keeps_a_run(places, remembered, tmp_path):
    remembered("shop-1", tmp_path / "gone")
    assert found(places, kept=[run_files(places)])["shop-1"].advice == "run 'nexsock -p shop-1 down' first"
