"""The values of secrets: fetched at a start, laid down for the run alone, and gone with it."""

import os
import stat
from pathlib import Path

import pytest

from nexsock import errors
from nexsock.model.service import Secret
from nexsock.runtime import secrets

ENVIRONMENT = {"PATH": os.environ["PATH"]}


@pytest.fixture
def given(tmp_path):
    return secrets.Secrets(str(tmp_path / "secrets"))


async def give(given, instance="i1", caller=None, **wanted):
    return await given.give(instance, wanted, caller=caller or {}, environment=ENVIRONMENT)


def in_file(name, **source):
    return Secret(name=name, target=name, **source)


async def test_each_source_gives_its_value_as_a_file_or_as_a_variable(given, tmp_path):
    (tmp_path / "pw").write_text("from a file\n")
    variables = await give(
        given,
        caller={"MINE": "from a variable"},
        DB_FILE=in_file("db", file=str(tmp_path / "pw")),
        DB=Secret(name="db", file=str(tmp_path / "pw")),
        MINE_FILE=in_file("mine", environment="MINE"),
        TOLD=Secret(name="told", command=("/bin/sh", "-c", "echo from a command; echo aside >&2")),
    )
    found = {name: Path(value).read_text() if value.startswith("/") else value for name, value in variables.items()}
    assert found == {
        "DB_FILE": "from a file\n",
        "DB": "from a file",
        "MINE_FILE": "from a variable",
        "TOLD": "from a command",
    }


async def test_only_their_owner_can_read_them(given, tmp_path):
    variables = await give(given, caller={"A": "value"}, A_FILE=in_file("a", environment="A"))
    modes = [os.stat(path).st_mode for path in (variables["A_FILE"], os.path.dirname(variables["A_FILE"]))]
    assert [stat.S_IMODE(mode) for mode in modes] == [0o600, 0o700]


async def test_a_later_brain_finds_what_a_run_was_given(given, tmp_path):
    wanted = {"A": Secret(name="a", environment="A"), "B_FILE": in_file("b", environment="B")}
    variables = await give(given, caller={"A": "one", "B": "two"}, **wanted)
    later = secrets.Secrets(str(tmp_path / "secrets"))
    assert later.variables("i1", wanted) == variables
    assert sorted(later.values()) == ["one", "two"]


async def test_what_no_run_needs_is_removed(given, tmp_path):
    for instance in ("i1", "i2", "i3"):
        await give(given, instance, caller={"A": "value"}, A=Secret(name="a", environment="A"))
    given.take("i1")
    given.keep_only(["i3"])
    assert given.instances() == ["i3"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"command": ("/bin/sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3")}, "exited with 3"),
        ({"command": ("no-such-program",)}, "no-such-program"),
        ({"command": ("true",)}, "printed nothing"),
        ({"environment": "NOT_SET"}, "NOT_SET is not set"),
        ({"file": "/no/such/file"}, "no such file"),
        ({"file": "/dev/zero"}, "not a plain file"),
    ],
)
async def test_what_cannot_be_had_is_named_and_nothing_of_it_is_shown(given, source, said):
    with pytest.raises(errors.LaunchError) as raised:
        await give(given, A=Secret(name="key", **source))
    assert said in str(raised.value)
    assert "secret 'key'" in str(raised.value)
    assert "hunter2;" not in raised.value.message
    assert given.instances() == []


async def test_a_variable_cannot_hold_a_nul_character(given, tmp_path):
    (tmp_path / "key").write_bytes(b"a\0b")
    with pytest.raises(errors.LaunchError, match="NUL character"):
        await give(given, A=Secret(name="key", file=str(tmp_path / "key")))


def test_digests_say_whether_a_value_changed_and_nothing_else(tmp_path):
    (tmp_path / "pw").write_text("one")
    wanted = {"A": Secret(name="a", file=str(tmp_path / "pw")), "B": Secret(name="b", command=("touch", "ran"))}
    key = secrets.key(str(tmp_path / "key"))
    first, values = secrets.look(wanted, {}, key)
    again, _ = secrets.look(wanted, {}, secrets.key(str(tmp_path / "key")))
    other, _ = secrets.look(wanted, {}, os.urandom(32))
    assert (first == again, first == other, list(first), values) == (True, False, ["A"], ["one"])
    assert stat.S_IMODE(os.stat(tmp_path / "key").st_mode) == 0o600
