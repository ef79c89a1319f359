"""The page of one service: what it is, how it does, what it hangs on, and its last runs."""

from collections.abc import Callable

from nexsock import units
from nexsock.model.status import DependencyStatus, ProbeStatus, RunStatus, ServiceDetail, ServiceStatus, TunnelStatus
from nexsock.views import diff, hooked, ps, style, table, times

SHOWN_RUNS = 5
SHOWN_HELD_S = 0.01
"""Waits before a start that are shorter are not worth a column."""
_VERDICTS = {True: ("ok", "green"), False: ("failed", "red"), None: ("not ready yet", "yellow")}


def render(detail: ServiceDetail, *, colour: bool, columns: int, now: float) -> str:
    """The page; a broken file is announced above it."""
    service = detail.service
    fault = detail.project.config_error if detail.project else None
    facts = [
        ("command", style.one_line(detail.command)),
        ("directory", detail.working_dir),
        ("process", _process(service)),
        ("ports", ", ".join(f"{name} {number}" for name, number in service.ports.items())),
        ("git", _git(service)),
        ("log", detail.log_file),
        ("labels", ", ".join(style.one_line(f"{key}={value}") for key, value in detail.labels.items())),
        ("needs", ", ".join(_dependency(needed, colour) for needed in detail.depends_on)),
        ("needed by", ", ".join(detail.required_by)),
        *[("probe", _probe(probe, colour, now)) for probe in detail.probes],
        *[("tunnel", _tunnel(tunnel, colour)) for tunnel in detail.tunnels],
    ]
    return "".join(
        [
            ps.config_fault(fault, colour=colour, now=now),
            _title(detail, colour),
            f"  {style.one_line(detail.description)}\n" if detail.description else "",
            table.pairs(facts, colour=colour),
            "\n" + runs(detail.history[:SHOWN_RUNS], colour=colour, columns=columns, now=now) if detail.history else "",
        ]
    )


def _title(detail: ServiceDetail, colour: bool) -> str:
    service = detail.service
    verdict = "" if service.health == "-" else f", {ps.health(service.health, colour)}"
    said = ps.reason(service)
    origin = style.paint(f"  ({detail.origin})", "dim", colour) if detail.origin else ""
    head = f"{style.paint(service.name, 'bold', colour)}  {style.phase(service.phase, colour)}{verdict}"
    return f"{head}{': ' + said if said else ''}{origin}\n"


def _process(service: ServiceStatus) -> str:
    parts = [f"pid {service.pid}"] if service.pid is not None else []
    if service.uptime_s is not None:
        parts.append(f"up {units.format_duration(service.uptime_s)}")
    if service.run is not None:
        parts.append(f"run {service.run}")
    if service.restarts:
        parts.append(style.plural(service.restarts, "restart"))
    return ", ".join(parts)


def _git(service: ServiceStatus) -> str:
    if service.git is None:
        return ""
    return " ".join(part for part in (service.git.branch, (service.git.commit or "")[:12]) if part)


def _dependency(needed: DependencyStatus, colour: bool) -> str:
    words = f"{needed.name} {needed.condition}"
    if needed.met:
        return f"{words} {style.paint('(met)', 'green', colour)}"
    missing = "(not met)" if needed.required else "(not met, not required)"
    return f"{words} {style.paint(missing, 'yellow', colour)}"


def _probe(probe: ProbeStatus, colour: bool, now: float) -> str:
    if probe.ok is None and probe.at is None:
        return f"{probe.kind}: no answer yet"
    verdict = style.paint(*_VERDICTS[probe.ok], colour)
    output = style.one_line(probe.output)
    return f"{probe.kind}: {verdict}, {times.ago(probe.at, now)}{': ' + output if output else ''}"


def _tunnel(tunnel: TunnelStatus, colour: bool) -> str:
    """ "db at 127.0.0.1:20311, to 127.0.0.1:5432: 2 open, 10KiB in, 1KiB out"."""
    words = f"{tunnel.name} at {tunnel.listen}" + (f", to {tunnel.target}" if tunnel.target else "")
    figures = [f"{tunnel.connections} open"] if tunnel.connections is not None else []
    if tunnel.waiting:
        figures.append(style.paint(f"{tunnel.waiting} waiting", "yellow", colour))
    if tunnel.bytes_in or tunnel.bytes_out:
        figures.append(f"{units.format_size(tunnel.bytes_in or 0)} in, {units.format_size(tunnel.bytes_out or 0)} out")
    if tunnel.waiting and tunnel.error:
        figures.append(style.one_line(tunnel.error))
    return words + (": " + ", ".join(figures) if figures else "")


def runs(history: tuple[RunStatus, ...], *, colour: bool, columns: int, now: float) -> str:
    """The table of runs, newest first; also the whole of `history SERVICE`. HELD and COMMIT only where there is
    any; below a run what plugins have made different in it."""
    held = any((run.begun_at or 0.0) - (run.asked_at or run.begun_at or 0.0) >= SHOWN_HELD_S for run in history)
    commit = any(run.commit for run in history)
    shown: list[tuple[str, Callable[[RunStatus], str]]] = [
        ("RUN", lambda run: str(run.run)),
        ("STARTED", lambda run: times.ago(run.started_at, now)),
        *([("HELD", lambda run: times.span(run.asked_at, run.begun_at))] if held else []),
        ("READY AFTER", lambda run: times.span(run.started_at, run.ready_at)),
        ("LASTED", lambda run: times.span(run.started_at, run.exited_at)),
        ("END", diff.end),
        *([("COMMIT", lambda run: (run.commit or "-")[: diff.COMMIT_DIGITS])] if commit else []),
        ("CAUSE", lambda run: style.one_line(run.cause + (f" ({run.origin})" if run.origin else ""))),
    ]
    rows = [[cell(run) for _, cell in shown] for run in history]
    head, *cells = table.lines([heading for heading, _ in shown], rows, colour=colour, columns=columns)
    below = [hooked.altered(run.altered, colour=colour) for run in history]
    return head + "".join(line + altered for line, altered in zip(cells, below, strict=True))
