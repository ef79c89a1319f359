"""docs/commands.md against the command line itself."""

import re
from pathlib import Path

import pytest

from nexsock import errors
from nexsock.cli import app, catalogue, options

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
COMMON = {"--help", "-h", *(spelling for _, spellings, _, _ in options.DECLARED for spelling in spellings)}


def section(title: str) -> str:
    (found,) = re.findall(rf"^#+ {title}$(.*?)(?=^#|\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    return found


def spellings(command) -> set[str]:
    """Every option of a command and of the commands below it, without the global ones."""
    below = getattr(command, "commands", {}).values()
    own = {spelling for parameter in command.params if not parameter.hidden for spelling in parameter.opts}
    return {spelling for spelling in own if spelling.startswith("-")}.union(*map(spellings, below))


def test_the_page_has_the_commands_of_the_catalogue_in_its_order():
    assert re.findall(r"^### (\S+)$", PAGE, flags=re.MULTILINE) == list(catalogue.COMMANDS)
    groups = re.findall(r"^## (\S+)$", PAGE, flags=re.MULTILINE)
    assert groups == list(catalogue.GROUPS)


@pytest.mark.parametrize("name", catalogue.COMMANDS)
def test_every_option_of_a_command_is_documented_and_no_other(name):
    command = app.load(name, catalogue.COMMANDS[name].module)
    table = re.findall(r"^\| (`-.*?) \|", section(name), flags=re.MULTILINE)
    written = {spelling for row in table for spelling in re.findall(r"`(--?[a-z-]+)", row)}
    assert written == spellings(command) - {"--help", "-h"}


def test_every_global_option_is_documented():
    written = set(re.findall(r"`(--?[a-z-]+)", "".join(re.findall(r"^\| (`-.*?) \|", section("Global options"), re.M))))
    assert written == COMMON - {"--help", "-h"}


def test_every_exit_code_is_documented():
    written = {int(code) for code in re.findall(r"^\| (\d+) \|", section("Exit codes"), flags=re.MULTILINE)}
    assert {kind.exit_status for kind in errors.BY_CODE.values()} <= written
