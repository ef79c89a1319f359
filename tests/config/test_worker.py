"""The loading worker: length and msgpack in, length and msgpack out."""

import io
from pathlib import Path

import msgspec

from nexsock.config import worker
from nexsock.model.load import LoadAnswer, LoadRequest
from nexsock.model.project import ProjectRef


def framed(request: ProjectRef) -> bytes:
    body = msgspec.msgpack.encode(LoadRequest(ref=request))
    return worker.LENGTH.pack(len(body)) + body


def answers(requests: bytes) -> list[LoadAnswer]:
    out = io.BytesIO()
    worker.serve(io.BytesIO(requests), out)
    out.seek(0)
    found = []
    while head := out.read(worker.LENGTH.size):
        found.append(msgspec.msgpack.decode(out.read(*worker.LENGTH.unpack(head)), type=LoadAnswer))
    return found


def test_every_request_gets_its_answer_in_order(tmp_path: Path) -> None:
    (tmp_path / "nexsock.yaml").write_text("services: {web: {command: x}}\n")
    good = ProjectRef(directory=str(tmp_path), environ={})
    bad = ProjectRef(directory=str(tmp_path), files=(str(tmp_path / "none.yaml"),), environ={})
    first, second, third = answers(framed(good) + framed(bad) + framed(good))
    assert first.project is not None
    assert first == third
    assert (second.project, second.message) == (None, "none.yaml:1:1: the file none.yaml does not exist")


def test_a_folder_without_a_project_says_what_to_do(tmp_path: Path) -> None:
    (answer,) = answers(framed(ProjectRef(directory=str(tmp_path), environ={})))
    assert answer.message == f"there is no nexsock.yaml in {tmp_path} or a folder above it"
    assert answer.hint is not None
    assert "nexsock init" in answer.hint


def test_a_request_that_ends_in_the_middle_ends_the_worker_quietly() -> None:
    assert answers(b"\0\0") == []
