"""The house is as docs/architecture.md says: its rooms, who may know whom, and what stands where."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nexsock.cli import catalogue

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "nexsock").rglob("*.py"))
ROOMS = sorted(path.parent.name for path in (ROOT / "nexsock").glob("*/__init__.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOP_LEVEL = {
    *("pyproject.toml", "nexsock", "assets", "schemas", "examples", "plugins", "tests", "bench", "docs"),
    *("README.md", "LICENSE", "CHANGELOG.md", "Makefile", ".ci", ".gitignore"),
}
PACKAGE_HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]


def tracked() -> list[Path]:
    """Every file of the repository that is kept, relative to its root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_import_contract_holds():
    program = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_room_has_its_level():
    contracts = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    layers = " | ".join(contracts["Rooms import only rooms below them"]["layers"])
    assert [room for room in ROOMS if f"nexsock.{room}" not in re.split(r"[ |()]+", layers)] == []


def test_clocks_are_read_in_one_module_by_the_brain_and_else_by_its_helpers_and_commands():
    found = {short(module) for module in MODULES if reads_clocks(ast.parse(module.read_text()))}
    assert found - {short(module) for module in MODULES if module.parent.name in ("keeper", "relay")} == {
        "nexsock/runtime/clock.py",
        "nexsock/client/locate.py",
        "nexsock/client/starter.py",
        "nexsock/cli/entry.py",
        "nexsock/web/__main__.py",
    }


def reads_clocks(module: ast.Module) -> bool:
    names = {node.attr for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    imported = [
        name.name for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom) for name in node.names
    ]
    modules = [node.module for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    return "time" in [*imported, *modules] or bool(names & {"utcnow", "today", "now"} and "datetime" in modules)


def test_the_top_level_is_as_small_as_it_says():
    assert {path.parts[0] for path in tracked()} == TOP_LEVEL


def test_a_module_says_first_what_it_is():
    assert [short(module) for module in MODULES if not ast.get_docstring(ast.parse(module.read_text()))] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_belongs_in_it_and_exports_nothing(room):
    body = ast.parse((ROOT / "nexsock" / room / "__init__.py").read_text()).body
    assert [type(statement).__name__ for statement in body] == ["Expr"]


@pytest.mark.parametrize("room", ROOMS)
def test_the_page_on_the_house_describes_the_room(room):
    assert f"`{room}/`" in (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("command", catalogue.COMMANDS)
def test_every_command_is_documented(command):
    assert re.search(rf"^### .*\b{command}\b", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)


def test_every_link_in_the_documents_leads_somewhere():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "plugins" / "README.md"]
    broken = [
        f"{short(page)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_decision_is_in_the_list_of_decisions():
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    assert [path.name for path in folder.glob("[0-9]*.md") if f"({path.name})" not in listed] == []


def test_no_file_says_where_packages_come_from():
    told = [
        f"{path}: {host}"
        for path in tracked()
        for host in PACKAGE_HOSTS
        if host in (ROOT / path).read_text(errors="replace")
    ]
    assert told == []
