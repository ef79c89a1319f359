"""What plugins are told of a run: that it has begun, is ready, has ended, is over. Pure.

Each is told at least once: a brain that is killed before it could write down that something happened leaves it to the
next one, which hears of it again.
"""

from collections.abc import Iterator

from nexsock.hooks import Notice, OnExit, OnReady, PostStart, PostStop
from nexsock.model.project import Project
from nexsock.model.report import Gone, Report
from nexsock.model.service import Service
from nexsock.model.state import Record, Run


def of(before: Record, record: Record, report: Report, service: Service, project: Project) -> Iterator[Notice]:
    """What a report has brought, in the order in which it happened."""
    was, run = before.run, record.run
    if was is None or run is None or (was is run and not isinstance(report, Gone)):
        return
    common = {"project": project.name, "directory": project.directory, "service": record.name}
    if was.started_mono is None and run.started_mono is not None:
        yield PostStart(**common, run=run.number, pid=run.pid)
    if was.ready_mono is None and run.ready_mono is not None:
        ports = {name: port.number for name, port in service.launch.ports.items()}
        took_s = _between(run.started_mono, run.ready_mono)
        yield OnReady(**common, run=run.number, pid=run.pid, took_s=took_s, ports=ports)
    if was.exit is None and run.exit is not None:
        yield OnExit(
            **common,
            run=run.number,
            exit_code=run.exit.code,
            signal=run.exit.signal,
            reason=str(run.exit),
            expected=_expected(before, run, service),
            uptime_s=_between(run.started_at, run.exit.at),
        )
    if isinstance(report, Gone) and not report.survivors and run.started_mono is not None:
        why = run.ended
        unhealthy = why is not None and why.kind == "unhealthy"
        yield PostStop(**common, run=run.number, reason=why.text if why is not None else "", unhealthy=unhealthy)


def _expected(before: Record, run: Run, service: Service) -> bool:
    """Whether it was told to end, or has done what it was for."""
    succeeded = run.exit is not None and run.exit.code in service.success_exit_codes
    return before.phase == "stopping" or (service.oneshot and succeeded)


def _between(began: float | None, ended: float | None) -> float | None:
    return round(ended - began, 3) if began is not None and ended is not None else None
