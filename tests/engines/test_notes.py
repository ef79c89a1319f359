"""What the keeper is told of a run is enough for the next brain to know it by."""

import pytest
from msgspec.structs import replace

from nexsock.engines import notes
from nexsock.model.service import Limits, Logging
from nexsock.runtime import kept


def ended(status):
    return kept.Ended(instance="i1", pid=7, status=status, wall=9.0, monotonic=1.0)


@pytest.fixture
def found(service, run):
    """What the keeper keeps of web's run 1, whose process is 7."""
    web = service("web")
    return kept.Kept(
        instance="i1",
        project="shop-1",
        service="web",
        run=1,
        pid=7,
        start_ticks=70,
        files=notes.files_of(web, run(), "/logs", "/fifos"),
        note=notes.note_of(web, run()),
    )


def test_a_log_belongs_to_the_service_and_its_fifos_to_the_run(service, run):
    web = service("web", logging=Logging(max_size_bytes=9, max_files=2))
    files = notes.files_of(web, replace(run(), number=3, instance="i3"), "/logs", "/fifos")
    assert files == kept.Files(
        stdout_fifo="/fifos/web.3.i3.out",
        stderr_fifo="/fifos/web.3.i3.err",
        log_path="/logs/web.log",
        index_path="/logs/web.idx",
        max_size=9,
        max_files=2,
    )


def test_the_runs_that_were_begun_are_read_from_the_names_of_their_fifos(tmp_path):
    for name in ("web.3.ab-1.out", "web.3.ab-1.err", "a.b.12.ab-2.out", "project.msgpack", "web.x.ab-3.out"):
        (tmp_path / name).touch()
    assert notes.traces(str(tmp_path)) == [("a.b", 12, "ab-2"), ("web", 3, "ab-1")]
    assert notes.traces(str(tmp_path / "none")) == []


def test_the_next_brain_reads_the_service_and_the_run_with_its_process(found, service, run):
    assert notes.noted(found, "boot-1") == notes.Note(
        service=service("web"), run=run(pid=7, start_ticks=70, boot_id="boot-1")
    )


def test_an_end_that_the_keeper_saw_is_the_exit_of_the_run(found, run):
    fields = {name: getattr(found, name) for name in kept.Kept.__slots__}
    note = notes.noted(kept.Kept(**{**fields, "end": ended(3)}), "boot-1")
    assert note.run == replace(run(pid=7, start_ticks=70, boot_id="boot-1"), exit=notes.exit_of(ended(3)))


@pytest.mark.parametrize("text", ["", "{}", '{"service": 1}', "not json"])
def test_a_note_of_another_version_is_none(found, text):
    fields = {name: getattr(found, name) for name in kept.Kept.__slots__}
    assert notes.noted(kept.Kept(**{**fields, "note": text}), "boot-1") is None


@pytest.mark.parametrize(
    ("status", "code", "signal"),
    [(0, 0, None), (3, 3, None), (None, None, None), (-15, 143, "SIGTERM"), (-99, 227, "signal 99")],
)
def test_an_exit_is_told_with_the_number_that_a_shell_would_give(status, code, signal):
    exit_ = notes.exit_of(ended(status))
    assert (exit_.code, exit_.signal, exit_.at) == (code, signal, 9.0)


def test_the_keeper_is_told_the_limits_that_are_set(service):
    web = service("web")
    limited = replace(web.launch, limits=Limits(nofile=100, memory_bytes=1 << 20))
    assert notes.limits_of(web) == {}
    assert notes.limits_of(replace(web, launch=limited)) == {"nofile": 100, "memory": 1 << 20}


def test_all_output_of_a_terminal_is_one_stream(service, run):
    web = service("web")
    files = notes.files_of(replace(web, launch=replace(web.launch, tty=True)), run(), "/logs", "/fifos")
    assert (files.stdout_fifo, files.terminal) == (files.stderr_fifo, "terminal i1")
