"""What a report changes: the record, by the rules of `advance`, and what must follow at once."""

from nexsock.hooks import Hooks
from nexsock.model.plan import FieldChange
from nexsock.model.report import Altered, Exited, Gone, Launched, LaunchFailed, Noted, Probed, Report, Signalled
from nexsock.model.service import Service
from nexsock.model.state import Record
from nexsock.reconcile import advance, notices
from nexsock.reconcile.execute import Executor
from nexsock.reconcile.ledger import Clock, Ledger


def hear(report: Report, ledger: Ledger, executor: Executor, hooks: Hooks) -> bool:
    """Write down what a report says. One about an older run of the service changes nothing.

    Returns:
        Whether others may have to think again: more changed than the count of a probe.
    """
    before = ledger.state.records.get(report.service)
    if before is None or before.run is None or before.run.instance != report.instance:
        return False
    if isinstance(report, Noted):
        ledger.tell("output", report.service, reason=report.text)
        return False
    service = ledger.definition(before)
    record = _next(before, report, service, ledger.clock)
    if isinstance(report, Probed) and record.phase == before.phase:
        ledger.count(record)
        return False
    ledger.put(record)
    _follow(report, before, record, service, ledger, executor)
    for notice in notices.of(before, record, report, service, ledger.project):
        hooks.tell(notice)
    return True


def _next(
    before: Record,
    report: Altered | Launched | LaunchFailed | Exited | Signalled | Gone | Probed,
    service: Service,
    clock: Clock,
) -> Record:
    now, wall = clock.monotonic(), clock.wall()
    match report:
        case Altered():
            return advance.altered(before, report)
        case Launched():
            return advance.launched(before, report, service, wall)
        case LaunchFailed():
            return advance.launch_failed(before, report, service, now, wall)
        case Exited():
            return advance.exited(before, report, service, now, wall)
        case Signalled():
            return advance.signalled(before, service, now)
        case Gone():
            record = advance.gone(before, report, service, now, wall)
            return advance.done(record) if record.phase == "completed" else record
        case Probed():
            return advance.probed(before, report, service, now, wall)


def _follow(
    report: Report, before: Record, record: Record, service: Service, ledger: Ledger, executor: Executor
) -> None:
    """Probes for what was launched, an end to what an exit left behind."""
    match report:
        case Altered():
            _tell_altered(report, record, ledger)
        case Launched():
            executor.attend(service, record)
        case Exited() if record is not before:
            executor.leave(record.name)
            run = record.run and record.run.number
            ledger.tell("exit", record.name, reason=str(report.exit), run=run, exit_code=report.exit.code)
            if before.phase != "stopping" and record.phase == "stopping":
                executor.end(record, asked=False)
        case Gone() | LaunchFailed():
            executor.leave(record.name)


def _tell_altered(report: Altered, record: Record, ledger: Ledger) -> None:
    """An event for each plugin, with the fields that it has changed."""
    run = record.run and record.run.number
    for plugin in dict.fromkeys(change.plugin for change in report.changes):
        fields = tuple(
            FieldChange(path=change.field, old=change.old, new=change.new)
            for change in report.changes
            if change.plugin == plugin
        )
        changed = ", ".join(field.path for field in fields)
        ledger.tell("hook", record.name, reason=f"plugin '{plugin}' changed {changed}", run=run, fields=fields)
