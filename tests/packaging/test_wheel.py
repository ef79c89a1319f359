"""What is in the wheel, and that it works where this repository is not."""

import json
import re
import shutil
import subprocess
import sys
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]


def test_it_has_every_module_and_no_test(packed):
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nexsock").rglob("*.py")}
    assert {name for name in packed if re.fullmatch(r"nexsock/(?!_data/).*\.py", name)} == modules
    assert not [name for name in packed if re.search(r"(^|/)(tests?|bench|docs)/|conftest|\.pyc$", name)]


def test_it_has_the_schema_and_the_example_and_nothing_that_a_run_left(packed):
    examples = {
        f"nexsock/_data/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "examples").rglob("*")
        if path.is_file() and not {"__pycache__", ".shop"} & set(path.parts) and path.name != ".gitignore"
    }
    data = {name for name in packed if name.startswith("nexsock/_data/")}
    assert data == examples | {"nexsock/_data/schemas/nexsock.schema.json"}


def test_it_has_the_browser_code_where_that_was_fetched(packed):
    vendor = ROOT / "nexsock" / "web" / "static" / "vendor"
    fetched = {path.relative_to(ROOT).as_posix() for path in vendor.glob("*")}
    assert {name for name in packed if "/vendor/" in name} == fetched


def test_both_programs_start_with_the_environments_python(environment):
    for program in ("nexsock", "nexsockd"):
        path = environment / "bin" / program
        assert path.read_text().splitlines()[0] == f"#!{environment}/bin/python"
        assert path.stat().st_mode & 0o111 == 0o111


def test_the_checkout_has_the_program_too(tmp_path):
    """make installs the project as it stands; its launcher runs this tree."""
    program = shutil.which("nexsock", path=str(Path(sys.executable).parent))
    assert program is not None, "nexsock is not installed: run 'make .venv/dev'"
    shown = subprocess.run([program, "version"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.startswith("nexsock ")


def test_it_tells_its_version(installed, wheel):
    with ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        version = message_from_string(archive.read(metadata).decode())["Version"]
    shown = installed("nexsock", "version")
    assert (shown.returncode, shown.stdout.split()[:2]) == (0, ["nexsock", version])
    assert version in installed("nexsockd", "--version").stdout


def test_it_shows_the_schema_that_is_in_it(installed):
    shown = installed("nexsock", "schema")
    assert shown.returncode == 0
    assert json.loads(shown.stdout) == json.loads((ROOT / "schemas" / "nexsock.schema.json").read_text())


def test_it_checks_a_file_by_its_own_schema(installed, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services:\n  web:\n    comand: sleep 9\n")
    shown = installed("nexsock", "validate")
    assert shown.returncode == 2
    assert "nexsock.yaml:3:5: " in shown.stdout + shown.stderr
    assert "did you mean 'command'" in shown.stdout + shown.stderr


def test_it_keeps_a_service(installed, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services:\n  web:\n    command: [sleep, '300']\n")
    up = installed("nexsock", "up", "-d")
    assert up.returncode == 0, up.stdout + up.stderr
    (web,) = json.loads(installed("nexsock", "--json", "ps").stdout)["services"]
    assert (web["name"], web["phase"]) == ("web", "running")
    assert installed("nexsock", "down").returncode == 0
    assert not Path(f"/proc/{web['pid']}").exists()


def test_its_own_example_is_good(installed, environment):
    (example,) = environment.glob("lib/python*/site-packages/nexsock/_data/examples/nexsock.yaml")
    assert installed("nexsock", "-f", str(example), "validate").returncode == 0


def test_nothing_of_the_repository_is_used(environment):
    shown = subprocess.run(
        [str(environment / "bin" / "python"), "-c", "from nexsock.config import schema; print(schema.path())"],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown.stdout.startswith(str(environment))
