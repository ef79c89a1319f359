"""What was: runs, what differed between two of them, logs, and events."""

from typing import Any

from nexsock.model.event import Event
from nexsock.web.api import gather
from nexsock.web.frame import Frame, Page
from nexsock.web.pages import log_lines, phases, services

SHOWN_EVENTS = 400
TINTS = 6
"""Colours that tell services apart where their lines are merged."""
TROUBLE = frozenset({"warning"})


def show_history(frame: Frame, found: gather.History) -> dict[str, Any]:
    return {**services.head(found), "runs": found.runs}


def show_diff(frame: Frame, found: gather.Compared) -> dict[str, Any]:
    return {**services.head(found), "diff": found.diff}


def show_log(frame: Frame, found: gather.Log) -> dict[str, Any]:
    """`lines` fit to be read; `selected` is what the form shows; `follow` is the query of the same lines, followed."""
    detail = found.detail
    about = {"detail": detail, "service": detail.service, "row": services.row(detail.service, {})} if detail else {}
    selected = {name: frame.parameters.get(name, "") for name in ("grep", "run", "stream", "lines")}
    return {
        "project": found.status.project,
        "detail": None,
        **about,
        "runs": found.runs,
        "refused": found.error,
        "lines": [log_lines.shown(line) for line in found.lines],
        "tints": {one.name: place % TINTS for place, one in enumerate(found.status.services)},
        "selected": {**selected, "lines": selected["lines"] or str(gather.SHOWN_LINES)},
        "many": detail is None,
    }


def show_events(frame: Frame, found: gather.Happened) -> dict[str, Any]:
    """`events`, newest first; `project` None: of all projects."""
    newest = found.events[: -SHOWN_EVENTS - 1 : -1]
    return {"project": found.status.project if found.status else None, "events": [_told(one) for one in newest]}


def _told(event: Event) -> dict[str, Any]:
    """An event with the look of what it tells."""
    bad = event.kind in TROUBLE or (event.kind == "exit" and event.exit_code not in (0, None))
    look = phases.kind(event.phase) if event.kind == "phase" and event.phase else "bad" if bad else "idle"
    return {"event": event, "kind": look, "word": event.phase or event.action or event.kind}


HISTORY = Page(template="history.html", show=show_history, ask=gather.history)
DIFF = Page(template="diff.html", show=show_diff, ask=gather.compared)
LOG = Page(template="log.html", show=show_log, ask=gather.service_log)
ALL_LOGS = Page(template="log.html", show=show_log, ask=gather.project_log)
EVENTS = Page(template="events.html", show=show_events, ask=gather.events, fragments={"live": "fragments/events.html"})
