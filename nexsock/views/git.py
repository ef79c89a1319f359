"""Checkouts, branches and commits as people read them."""

from collections.abc import Sequence

from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.views import style, table, times

LOOKS = {
    "clean": "green",
    "behind": "yellow",
    "ahead": "yellow",
    "dirty": "yellow",
    "detached": "yellow",
    "unborn": "yellow",
    "missing": "dim",
    "diverged": "red",
    "occupied": "red",
    "wrong_origin": "red",
}
SHORT = 8


def checkouts(found: Sequence[CheckoutStatus], *, colour: bool, columns: int) -> str:
    """One line a service, and what to do where something is to be done."""
    headings = ["NAME", "STATE", "BRANCH", "COMMIT", "PATH"]
    rows = [_cells(status, colour) for status in found]
    if any(status.advice for status in found):
        headings.append("NEXT")
        rows = [[*cells, status.advice or ""] for cells, status in zip(rows, found, strict=True)]
    return table.render(headings, rows, colour=colour, columns=columns)


def _cells(status: CheckoutStatus, colour: bool) -> list[str]:
    branch = status.branch or ("-" if status.commit is None else "(detached)")
    return [
        status.service,
        ", ".join(style.paint(_words(status, state), LOOKS[state], colour) for state in status.states),
        branch if status.on_pin else f"{branch}, not {status.pin}",
        (status.commit or "-")[:SHORT],
        status.path,
    ]


def _words(status: CheckoutStatus, state: str) -> str:
    match state:
        case "ahead":
            return f"{status.ahead} ahead"
        case "behind":
            return f"{status.behind} behind"
        case "diverged":
            return f"diverged: {status.ahead} ahead, {status.behind} behind"
        case "dirty":
            return f"{style.plural(status.changed, 'file')} changed"
    return state.replace("_", " ")


def item(said: GitItem, *, colour: bool) -> str:
    """The line of what came of an act."""
    if said.failed:
        return f"{said.service}: {style.paint(style.lines(said.failed), 'red', colour)}\n"
    return f"{said.service}: {style.one_line(said.done)}\n"


def progress(said: GitItem) -> str:
    """How far it is: "web: receiving objects 42%"."""
    return f"{said.service}: {style.one_line(said.progress)}" + ("" if said.percent is None else f" {said.percent}%")


def commits(found: Sequence[Commit], *, colour: bool, now: float) -> str:
    """One line a commit, newest first."""
    return "".join(
        f"{style.paint(commit.commit[:SHORT], 'yellow', colour)}  {style.one_line(commit.subject)}"
        f"{style.paint(f'  {style.one_line(commit.author)}, {times.ago(commit.at, now)}', 'dim', colour)}\n"
        for commit in found
    )


def branches(found: Sequence[Branch], *, colour: bool) -> str:
    """One line a branch; the one that is checked out is marked as git marks it."""
    return "".join(
        f"{'* ' if branch.current else '  '}{style.paint(branch.name, 'green' if branch.current else 'plain', colour)}"
        f"  {branch.commit[:SHORT]}{f'  [{branch.upstream}]' if branch.upstream else ''}\n"
        for branch in found
    )
