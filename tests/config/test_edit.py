"""A project's files are changed as a whole, or not at all."""

import os
import stat
from pathlib import Path

import pytest

from nexsock import errors
from nexsock.config import edit, source
from nexsock.model.edit import Edit
from nexsock.model.project import ProjectRef

TEXT = "# mine\nservices:\n  db:\n    command: y\n  web:\n    command: x  # fast\n    depends_on: [db]\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nexsock.yaml"
    path.write_text(TEXT)
    return path


def ref(folder: Path, *files: Path) -> ProjectRef:
    return ProjectRef(directory=str(folder), files=tuple(map(str, files)), environ={}, discovered=not files)


def update(folder: Path, *files: Path, digest: str | None = None, **fields: str) -> tuple[str, ...]:
    asked = Edit(action="update", service="web", fields=fields, digest=digest)
    return edit.apply(ref(folder, *files), asked).files


def test_a_change_is_written_and_its_file_named(file: Path) -> None:
    assert update(file.parent, command="z") == (str(file),)
    assert file.read_text() == TEXT.replace("x  #", "z  #")


def test_a_change_that_would_not_validate_leaves_the_file_as_it_is(file: Path) -> None:
    before = file.stat()
    with pytest.raises(errors.ConfigError) as refused:
        update(file.parent, restart="sometimes")
    assert refused.value.message.startswith("nexsock.yaml:8:14: ")
    assert refused.value.hint == "nothing was changed"
    assert (file.read_text(), file.stat().st_mtime_ns, file.stat().st_ino) == (TEXT, before.st_mtime_ns, before.st_ino)


def test_what_was_hidden_is_not_written_over_what_it_hides(file: Path) -> None:
    with pytest.raises(errors.UsageError, match=r"environment\.DB has .* stands for a secret"):
        update(file.parent, **{"environment.DB": "postgres://app:••••••@db", "command": "z"})
    assert file.read_text() == TEXT


def test_a_change_to_what_is_so_already_writes_nothing(file: Path) -> None:
    before = file.stat().st_ino
    assert update(file.parent, command="x") == ()
    assert file.stat().st_ino == before


def test_a_file_with_mistakes_can_be_mended(file: Path) -> None:
    file.write_text(TEXT + "    restart: sometimes\n")
    assert update(file.parent, restart="always") == (str(file),)


def test_mode_and_link_and_byte_order_mark_stay(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "real" / "stack.yaml"
    real.parent.mkdir()
    real.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    real.chmod(0o640)
    file.unlink()
    file.symlink_to(real)
    update(tmp_path, command="z")
    assert file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_bytes().startswith(b"\xef\xbb\xbf# mine\n")
    assert os.listdir(real.parent) == ["stack.yaml"]


def test_an_edit_that_was_thought_of_with_another_file_is_refused(file: Path) -> None:
    digest = edit.look(ref(file.parent), "web").digest
    file.write_text(TEXT + "    restart: always\n")
    with pytest.raises(errors.Conflict, match=r"nexsock\.yaml was changed since you looked at it"):
        update(file.parent, digest=digest, command="z")
    assert file.read_text() == TEXT + "    restart: always\n"


def test_what_somebody_else_writes_meanwhile_is_not_undone(file: Path) -> None:
    def read(path: str) -> str:
        file.write_text(TEXT + "  other: {command: z}\n")
        return source.read(path)

    with pytest.raises(errors.Conflict, match="was changed by somebody else just now"):
        edit.apply(ref(file.parent), Edit(action="update", service="web", fields={"command": "z"}), read)
    assert file.read_text() == TEXT + "  other: {command: z}\n"
    assert os.listdir(file.parent) == ["nexsock.yaml"]


def test_a_service_of_an_included_file_is_changed_there(file: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    included = tmp_path / "sub" / "nexsock.yaml"
    included.write_text("services:\n  api:\n    command: a\n")
    file.write_text(f"include: [sub/nexsock.yaml]\n{TEXT}")
    done = edit.apply(ref(tmp_path), Edit(action="update", service="api", fields={"command": "b"}))
    assert done.files == (str(included),)
    assert done.origin == "sub/nexsock.yaml:2:3"


def test_a_look_gives_the_finished_service_with_its_places(file: Path) -> None:
    file.write_text(f"defaults: {{restart: always}}\n{TEXT}")
    found = edit.look(ref(file.parent), "web")
    assert found.config == {"command": "x", "depends_on": ["db"], "restart": "always"}
    assert (found.origin, found.origins["restart"]) == ("nexsock.yaml:6:3", "nexsock.yaml:1:21")
    with pytest.raises(errors.NotFound, match="no service 'wep'"):
        edit.look(ref(file.parent), "wep")


@pytest.mark.parametrize("content", [b"services: [", b"\xff", b"a: 1\n---\nb: 2\n"])
def test_what_is_no_yaml_is_refused_with_its_place(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(errors.ConfigError, match=r"^nexsock\.yaml:\d+:\d+: "):
        update(file.parent, command="z")
    assert file.read_bytes() == content
