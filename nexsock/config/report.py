"""Add what is wrong at a place to the list of problems that a load collects."""

from typing import Literal

from nexsock.model.origin import Origin
from nexsock.model.problem import Problem


def error(problems: list[Problem], origin: Origin, message: str, suggestion: str | None = None) -> None:
    """What is wrong keeps the file from being used."""
    _add(problems, origin, message, suggestion, "error")


def warning(problems: list[Problem], origin: Origin, message: str, suggestion: str | None = None) -> None:
    """The file is used, but this was probably not meant."""
    _add(problems, origin, message, suggestion, "warning")


def _add(
    problems: list[Problem],
    origin: Origin,
    message: str,
    suggestion: str | None,
    severity: Literal["error", "warning"],
) -> None:
    """Once only: the scalar of an anchor is met again at each of its aliases."""
    problem = Problem(
        file=origin.file,
        line=origin.line,
        column=origin.column,
        message=message,
        suggestion=suggestion,
        severity=severity,
    )
    if problem not in problems:
        problems.append(problem)
