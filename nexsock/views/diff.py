"""The answer to `diff SERVICE RUN RUN`: what two runs were launched with otherwise, and how each went."""

from collections.abc import Sequence

from nexsock.model.plan import FieldChange
from nexsock.model.status import RunDiff, RunStatus
from nexsock.views import style, table, times

COMMIT_DIGITS = 12
SHOWN_NAMES = 8
"""Of inherited variables."""


def render(found: RunDiff, *, colour: bool, now: float) -> str:
    """The two runs side by side, then the fields that differ."""
    head = f"{style.paint(found.service, 'bold', colour)}: run {found.old.run} and run {found.new.run}\n"
    rows = [
        [name, old, new if old != new else style.paint(new, "dim", colour)]
        for name, old, new in _facts(found.old, found.new, now)
        if old != "-" or new != "-"
    ]
    headings = ("", f"RUN {found.old.run}", f"RUN {found.new.run}")
    return f"{head}{table.render(headings, rows, colour=colour)}\n{_fields(found, colour)}{inherited(found.inherited)}"


def _facts(old: RunStatus, new: RunStatus, now: float) -> list[tuple[str, str, str]]:
    names = ("cause", "started", "ready after", "lasted", "end", "commit")
    return list(zip(names, _of_run(old, now), _of_run(new, now), strict=True))


def _of_run(run: RunStatus, now: float) -> tuple[str, ...]:
    return (
        _cause(run),
        times.ago(run.started_at, now),
        times.span(run.started_at, run.ready_at),
        times.span(run.started_at, run.exited_at),
        end(run),
        (run.commit or "-")[:COMMIT_DIGITS],
    )


def _cause(run: RunStatus) -> str:
    return style.one_line(run.cause + (f" ({run.origin})" if run.origin else ""))


def end(run: RunStatus) -> str:
    """How a run ended, and why where its exit does not say that; "-" while it goes on. Of one that was not let begin,
    by whom."""
    if run.denied is not None:
        return style.one_line(str(run.denied))
    if run.exited_at is None:
        return "-"
    told = run.exit or f"exited with {run.exit_code}"
    return f"{told}: {style.one_line(run.ended)}" if run.ended else told


def _fields(found: RunDiff, colour: bool) -> str:
    if found.same_launch:
        return "Both were launched alike: the same command, folder, environment, ports and configs.\n"
    if not found.known:
        return "They were launched differently; what the older one was launched with is not remembered.\n"
    if not found.fields:
        return "They were launched differently: inputs of a oneshot, or the value of a secret.\n"
    return "".join(f"{change(field, colour)}\n" for field in found.fields)


def inherited(names: Sequence[str]) -> str:
    """`inherited: PATH, VIRTUAL_ENV differ`, of many the first; "" for none."""
    if not names:
        return ""
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"inherited differently from the caller: {', '.join(names[:SHOWN_NAMES])}{more}\n"


def change(field: FieldChange, colour: bool) -> str:
    """`environment.PORT: "3000" → "3001"  (nexsock.yaml:14:7)`; of a secret, that it is another."""
    place = style.paint(f"  ({field.origin})", "dim", colour) if field.origin else ""
    return f"{field.path}: {_values(field, colour)}{place}"


def _values(field: FieldChange, colour: bool) -> str:
    old = style.paint(style.one_line(field.old or ""), "red", colour)
    new = style.paint(style.one_line(field.new or ""), "green", colour)
    if field.old is None:
        return f"{new} (new)"
    if field.new is None:
        return f"{old} (removed)"
    return f"{new} (another value)" if field.old == field.new else f"{old} → {new}"
