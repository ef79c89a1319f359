"""What is wrong with a configuration, the way a good compiler says it: place, sentence, line, caret."""

from collections.abc import Iterable

from nexsock.model.problem import Problem
from nexsock.views import style


def render(problems: Iterable[Problem], *, colour: bool) -> str:
    """Every problem with its source line, in the order given; ends with a newline unless there is none."""
    return "".join(one(problem, colour=colour) for problem in problems)


def one(problem: Problem, *, colour: bool) -> str:
    """One problem: `file:line:col: sentence; suggestion`, and if it is known the line with a caret below the column."""
    place = style.paint(style.one_line(f"{problem.file}:{problem.line}:{problem.column}:"), "bold", colour)
    label = style.paint("warning: ", "yellow", colour) if problem.severity == "warning" else ""
    advice = f"; {problem.suggestion}" if problem.suggestion else ""
    head = f"{place} {label}{style.one_line(problem.message + advice)}\n"
    if problem.source_line is None:
        return head
    source, before = _source(problem.source_line, problem.column)
    return f"{head}    {source}\n    {' ' * before}{style.paint('^', 'red', colour)}\n"


def _source(line: str, column: int) -> tuple[str, int]:
    """The line without its indentation, and how many columns stand before the place meant."""
    line = line.rstrip().expandtabs(1)
    indent = min(len(line) - len(line.lstrip()), max(column - 1, 0))
    shown = "".join(letter if letter.isprintable() else " " for letter in line[indent:])
    return shown, style.width(shown[: max(column - 1 - indent, 0)])


def summary(problems: Iterable[Problem]) -> str:
    """How much is wrong, as a sentence: "2 problems in nexsock.yaml". Warnings do not count."""
    found = [problem for problem in problems if problem.severity == "error"]
    files = sorted({problem.file for problem in found})
    where = files[0] if len(files) == 1 else f"{len(files)} files"
    return f"{style.plural(len(found), 'problem')} in {style.one_line(where)}"
