"""The answer to `why SERVICE`: from what is seen to what causes it, and what comes next."""

from collections.abc import Sequence

from nexsock import units
from nexsock.model.status import Because, LastChange, Next, RunStatus, Why
from nexsock.views import diff, hooked, ps, style, times


def render(found: Why, *, colour: bool, now: float) -> str:
    """The page; a broken file is announced above it."""
    fault = ps.config_fault(found.config_error, colour=colour, now=now)
    head = f"{style.paint(found.service, 'bold', colour)} is {style.phase(found.phase, colour)}\n"
    return "".join(
        [
            fault,
            head,
            chain(found.chain, colour=colour, now=now),
            _run(found.run, now) if found.run else "",
            "".join(f"plugins: {style.one_line(sentence)}\n" for sentence in found.plugins),
            _coming(found, now),
            f"last exit: {found.last_exit}{_ago(found.last_exit_at, now)}\n" if found.last_exit else "",
            _changed(found.last_change, colour, now) if found.last_change else "",
            last_words(found.chain[-1].service, found.last_log, found.last_probe, colour=colour),
        ]
    )


def _run(run: RunStatus, now: float) -> str:
    origin = f" ({run.origin})" if run.origin else ""
    begun = f"started {times.ago(run.started_at, now)}" if run.started_at is not None else "begun"
    return f"run: {run.run}, {begun}: {style.one_line(run.cause)}{origin}\n{hooked.altered(run.altered)}"


def _coming(found: Why, now: float) -> str:
    """What happens by itself, or what a person can do."""
    if found.next:
        return f"next: {_next(found.next, now)}\n"
    return f"next: nothing by itself; {found.advice}\n" if found.advice else ""


def _ago(at: float | None, now: float) -> str:
    return f", {times.ago(at, now)}" if at is not None else ""


def _changed(change: LastChange, colour: bool, now: float) -> str:
    """What is otherwise than when it worked, one line each."""
    worked = f"run {change.worked_run}, which worked until {times.ago(change.worked_at, now)}"
    lines = [diff.change(field, colour) for field in change.fields]
    if change.old_commit or change.new_commit:
        old, new = ((commit or "none")[: diff.COMMIT_DIGITS] for commit in (change.old_commit, change.new_commit))
        lines.append(f"git commit: {old} → {new}")
    if change.inherited:
        lines.append(diff.inherited(change.inherited).rstrip())
    if not lines:
        what = "launched alike" if change.run is None else "launched differently, in nothing that is remembered,"
        return f"last change: {what} since {worked}\n"
    applied = f", applied {times.ago(change.at, now)} in run {change.run}" if change.run is not None else ""
    return f"last change since {worked}{applied}:\n" + "".join(f"  {line}\n" for line in lines)


def chain(links: Sequence[Because], *, colour: bool, now: float | None = None) -> str:
    """Each cause one step further to the right than what it causes."""
    return "".join(
        f"{'   ' * depth}└─ {style.paint(link.service, 'bold', colour)}: {style.one_line(link.because)}"
        f"{_since(link.since, now)}{style.paint(f'  ({link.origin})', 'dim', colour) if link.origin else ''}\n"
        for depth, link in enumerate(links)
    )


def _since(at: float | None, now: float | None) -> str:
    if at is None or now is None:
        return ""
    return f", for {units.format_duration(max(now - at, 0.0))}"


def _next(coming: Next, now: float) -> str:
    action = style.one_line(coming.action)
    if coming.at is None:
        return action
    return f"{action} in {units.format_duration(coming.at - now)}" if coming.at > now else f"{action} now"


def last_words(service: str, log: Sequence[str], probe: str | None, *, colour: bool) -> str:
    """The last output of the probe and the last lines of the log, each under its heading; "" when there are none."""
    probed = f"last probe of {service}: {style.one_line(probe)}\n" if probe else ""
    if not log:
        return probed
    bar = style.paint("│", "dim", colour) if colour else "|"
    lines = "".join(f"  {bar} {style.output(text, colour)}\n" for text in log)
    return f"{probed}last lines of {service}:\n{lines}"
