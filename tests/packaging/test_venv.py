"""`.ci/venv` on machines that lack something, played by a folder of programs that stands first on PATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INCOMPLETE = f"""\
#!/bin/sh
# A Python as Debian has it: its venv module is there only once python3-venv is installed.
case "$*" in *ensurepip*) test -e "$(dirname "$0")/installed"; exit;; esac
# What an environment is made of is not in question here, and pip takes seconds.
case "$*" in "-m venv "*) set -- "$@" --without-pip;; esac
exec {sys.executable} "$@"
"""
APT = """\
#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$1" in install) touch "$(dirname "$0")/installed";; esac
"""


class Machine:
    """A machine whose `python3` has no venv module; `asked` is what its package manager was asked to do."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.clone = folder / "clone"
        self.programs.mkdir()
        self.clone.mkdir()
        self.put("python3", INCOMPLETE)
        self.put("apt-get", APT)

    def put(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def user(self, uid: int) -> None:
        self.put("id", f"#!/bin/sh\necho {uid}\n")

    def prepare(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [ROOT / ".ci" / "venv"],
            cwd=self.clone,
            env={**os.environ, "PATH": f"{self.programs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    @property
    def asked(self) -> list[str]:
        path = self.programs / "asked"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_root_gets_what_debian_keeps_apart(machine):
    machine.user(0)
    prepared = machine.prepare()
    assert prepared.returncode == 0, prepared.stderr
    assert [words.split()[0] for words in machine.asked] == ["update", "install"]
    assert machine.asked[1].endswith(" python3-venv")
    assert (machine.clone / ".venv" / "bin" / "python").exists()
    assert (machine.clone / ".venv" / "made").exists()


def test_anybody_else_is_told_what_is_missing(machine):
    machine.user(1000)
    prepared = machine.prepare()
    assert prepared.returncode == 1
    assert prepared.stderr == ("Missing: python3-venv. As root: apt-get update && apt-get install -y python3-venv\n")
    assert machine.asked == []


def test_nothing_is_installed_where_nothing_is_missing(machine):
    (machine.programs / "installed").touch()
    assert machine.prepare().returncode == 0
    assert machine.asked == []


def test_an_old_python_is_refused_with_what_to_do(machine):
    machine.put("python3", '#!/bin/sh\ncase "$*" in *version_info*) exit 1;; -V) echo Python 3.9.2;; esac\n')
    prepared = machine.prepare()
    assert prepared.returncode == 1
    assert prepared.stderr == (
        "python3 is Python 3.9.2, but nexsock needs 3.11 or newer: name another one, like make PYTHON=python3.12\n"
    )
