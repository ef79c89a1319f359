"""How a command ended: one line a service, then what failed with its chain of causes, last output and last probe."""

from collections import Counter
from collections.abc import Sequence

from nexsock import units
from nexsock.model.state import SERVING
from nexsock.model.status import Because, Failure, Outcome, ServiceStatus
from nexsock.views import hooked, problems, ps, style, table, why

ORDER_OF_PHASES = (
    "ready", "running", "completed", "starting", "blocked", "backoff", "unhealthy", "failed", "stopping", "stopped",
)  # fmt: skip


def render(outcome: Outcome, *, colour: bool, columns: int) -> str:
    """What stands now: the services and a sentence that counts them."""
    skipped = {skip.service: skip.reason for skip in outcome.skipped}
    rows = [_line(service, skipped.get(service.name, ""), colour) for service in outcome.services]
    lines = table.render(("", "", "", ""), rows, colour=colour, columns=columns)
    return lines + hooked.notes(outcome.notes, colour=colour) + sentence(outcome) + "\n"


def _line(service: ServiceStatus, skipped: str, colour: bool) -> list[str]:
    listening = ps.ports(service.ports) if service.phase in SERVING else ""
    said = ps.reason(service) or (skipped if service.phase == "completed" else "")
    return [service.name, style.phase(service.phase, colour), listening, said]


def sentence(outcome: Outcome) -> str:
    """ "3 services: 2 ready, 1 completed (0.8s)", or that nothing had to be done."""
    counts: Counter[str] = Counter(service.phase for service in outcome.services)
    states = ", ".join(f"{counts[phase]} {phase}" for phase in ORDER_OF_PHASES if counts[phase])
    head = style.plural(len(outcome.services), "service") + (f": {states}" if states else "")
    if outcome.ok and outcome.changes == 0:
        return f"{head}; nothing had to be done"
    return f"{head} ({units.format_duration(outcome.took_s)})"


def failures(outcome: Outcome, *, colour: bool) -> str:
    """What went wrong, for the error stream; "" when nothing did."""
    warnings = problems.render(outcome.warnings, colour=colour) + _unsaved(outcome, colour)
    if outcome.ok:
        return warnings
    told = _told(outcome.failed, colour)
    if outcome.timed_out:
        late = ", ".join(failure.service for failure in outcome.failed)
        return f"{warnings}{told}error: not done in time{': ' + late if late else ''}\n"
    return warnings + (told or "error: it did not succeed; 'nexsock events' says what happened\n")


def _unsaved(outcome: Outcome, colour: bool) -> str:
    if outcome.unsaved is None:
        return ""
    label = style.paint("warning:", "yellow", colour)
    return f"{label} {style.one_line(outcome.unsaved)}; all of this is done, and remembered only while nexsockd lives\n"


def _told(failures: Sequence[Failure], colour: bool) -> str:
    """Each failure with its chain of causes, and the last words of each culprit once."""
    head = style.paint("error:", "red", colour)
    quoted: set[str] = set()
    told = []
    for failure in failures:
        own = _own_cause(failure)
        place = f"{own.origin}: " if own and own.origin else ""
        told.append(f"{head} {place}{failure.service}: {style.one_line(failure.reason)}\n")
        told.append("" if own else why.chain(failure.chain, colour=colour))
        if (culprit := _culprit(failure)) not in quoted:
            quoted.add(culprit)
            told.append(why.last_words(culprit, failure.last_log, failure.last_probe, colour=colour))
    return "".join(told)


def _own_cause(failure: Failure) -> Because | None:
    """The one cause of a failure that has none but itself: its sentence says it, and a chain would only repeat it."""
    alone = len(failure.chain) == 1 and failure.chain[0].service == failure.service
    return failure.chain[0] if alone else None


def _culprit(failure: Failure) -> str:
    """The service whose log is quoted: the last link of the chain is the first cause."""
    return failure.chain[-1].service if failure.chain else failure.service


def exit_status(outcome: Outcome) -> int:
    """0 done, 124 when the time limit passed first, 4 when plugins let nothing start that failed, else 1."""
    if outcome.ok:
        return 0
    if outcome.timed_out:
        return 124
    return 4 if outcome.failed and all(failure.denied is not None for failure in outcome.failed) else 1
