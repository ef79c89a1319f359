"""Every command line that the pages show is one that nexsock understands."""

import io
import re
import shlex
from pathlib import Path

import pytest
import typer

from nexsock.cli import app, catalogue, options
from nexsock.cli.session import Session
from tests.docs.pages import DOCS

PAGES = [
    DOCS.parent / "README.md",
    *(DOCS / f"{name}.md" for name in ("guide", "recipes", "commands", "reference", "plugins")),
]

IN_TEXT = re.compile(r"`(nexsock [^`]+)`")
IN_BLOCKS = re.compile(r"^(?: {4}|)(?:\$ )?((?:[A-Z_]+=\S+ )*nexsock .*)$", re.MULTILINE)
BLOCKS = re.compile(r"^```\w*\n.*?^```|(?:^ {4}.*\n)+", re.MULTILINE | re.DOTALL)
ENDS = re.compile(r"\s*(\||;|&&|\)|>|\s#|…|\s=).*$")


def command_lines(page: Path) -> list[str]:
    text = page.read_text()
    shown = IN_TEXT.findall(text) + [line for block in BLOCKS.findall(text) for line in IN_BLOCKS.findall(block)]
    return list(dict.fromkeys(ENDS.sub("", line) for line in shown))


LINES = [(page.name, line) for page in PAGES for line in command_lines(page) if "COMMAND" not in line]


def understood(command, words: list[str], parent=None) -> None:
    """Parse the words as the command line does, down to the command that they name; nothing is done."""
    session = Session(connect=None, out=io.StringIO(), err=io.StringIO(), environ={}, cwd="/", now=float, execute=None)  # type: ignore[arg-type]
    context = command.make_context("nexsock", words, parent=parent, obj=session)
    rest = [*getattr(context, "_protected_args", ()), *context.args]
    if hasattr(command, "commands") and rest:
        _, below, rest = command.resolve_command(context, rest)
        understood(below, rest, context)


def test_the_pages_show_command_lines() -> None:
    assert len(LINES) > 80


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_command_line_of_a_page_is_understood(page: str, line: str) -> None:
    words = [word for word in shlex.split(line) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    if len(words) == 2:  # the command by its name
        assert words[1] in catalogue.COMMANDS or words[1] in ("--help", "--version")
        return
    root = typer.main.get_group(app.app)
    options.add(root, hidden=False)
    understood(root, words[1:])
