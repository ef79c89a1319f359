"""Small answers: the projects and the daemon."""

from collections.abc import Sequence

from nexsock import units
from nexsock.model.status import DaemonStatus, ProjectSummary
from nexsock.views import style, table


def projects(found: Sequence[ProjectSummary], *, colour: bool, columns: int) -> str:
    """`ls`: one line a project, its folder last."""
    if not found:
        return "No project is known yet; 'nexsock up' in a folder with a nexsock.yaml makes it one.\n"
    rows = [[project.name, project.branch or "-", _running(project), _notes(project), project.dir] for project in found]
    return table.render(("NAME", "BRANCH", "RUNNING", "STATE", "FOLDER"), rows, colour=colour, columns=columns)


def _running(project: ProjectSummary) -> str:
    return f"{project.running}/{project.services}"


def _notes(project: ProjectSummary) -> str:
    notes = [
        f"{project.failed} failed" if project.failed else "",
        "broken file" if project.config_error else "",
        "watching" if project.watching else "",
    ]
    return ", ".join(note for note in notes if note) or "-"


def daemon(found: DaemonStatus, *, colour: bool, now: float) -> str:
    """`daemon status`."""
    running = sum(project.running for project in found.projects)
    facts = [
        ("pid", f"{found.pid}, keeper {found.keeper_pid}"),
        ("version", f"{found.version}, protocol {found.protocol}"),
        ("up", units.format_duration(max(now - found.started_at, 0.0))),
        ("socket", found.socket),
        ("clients", str(found.clients)),
        ("projects", f"{len(found.projects)}, {style.plural(running, 'service')} running"),
    ]
    return style.paint("nexsockd is running", "green", colour) + "\n" + table.pairs(facts, colour=colour)
