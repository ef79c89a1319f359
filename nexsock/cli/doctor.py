"""`doctor`: what this machine can do, what stands where, and each setting with its origin."""

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple

import typer

import nexsock
from nexsock import errors, places, units
from nexsock.cli import machine
from nexsock.cli.machine import Finding, Verdict
from nexsock.cli.session import Session
from nexsock.model import settings
from nexsock.model.plugin import PluginStatus
from nexsock.model.status import DaemonStatus, Leftover
from nexsock.protocol.api import LeftoversRequest, Nothing, PluginsRequest
from nexsock.views import document, style, table

app = typer.Typer(rich_markup_mode=None)


class Setting(NamedTuple):
    name: str
    value: str
    origin: str


_RESTART = "run 'nexsock daemon restart'; services keep running"
SIGNS = {"ok": ("✔", "green"), "note": ("!", "yellow"), "problem": ("✖", "red")}


@app.command()
def doctor(
    context: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Take away what projects and runs have left behind.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask before --fix.")] = False,
) -> int:
    """Check this machine and show every setting with its origin.

    Without --fix it starts nothing and changes nothing. Exit code 1 when something needs doing.
    """
    session: Session = context.obj
    where = places.from_environ(session.environ, os.getuid())
    daemon, running = _daemon(session, start=fix)
    left: tuple[Leftover, ...] = session.call("leftovers", LeftoversRequest()) if running else ()
    said, of_file = _said(where.settings_file)
    findings = [
        *machine.findings(),
        *_folders(where, os.getuid()),
        *of_file,
        *(Finding("settings", "problem", sentence) for sentence in settings.ignored(session.environ)),
        daemon,
        *(_outdated(where.settings_file, running.started_at) if running else ()),
        *_programs(shutil.which),
        _leftovers(left) if running else Finding("leftovers", "ok", "not looked for: the daemon does that"),
        *(_plugins(session.call("plugins", PluginsRequest())) if running else ()),
    ]
    values = _settings(session, where, said)
    healthy = all(finding.verdict != "problem" for finding in findings)
    session.answer(
        {
            "ok": healthy,
            "checks": [finding._asdict() for finding in findings],
            "settings": [value._asdict() for value in values],
            "leftovers": document.plain(left),
        },
        _report(findings, values, session.look.colour) + _listed(left, session.look.colour),
    )
    if fix and left:
        _clear(session, left, yes)
    return 0 if healthy else 1


def _said(path: str) -> tuple[dict[str, settings.Told], list[Finding]]:
    """What the file of settings says, or what is wrong with it."""
    from nexsock.config import settings as reading

    try:
        return reading.read(path), []
    except errors.ConfigError as error:
        wrong = [str(problem) for problem in error.problems] or [str(error)]
        advice = "the daemon goes by what it said before"
        return {}, [Finding("settings", "problem", text, advice) for text in wrong]


def _plugins(found: Sequence[PluginStatus]) -> list[Finding]:
    """One for each that is not in use and could be; nothing where there are no plugins."""
    wrong = [
        Finding("plugins", "problem", f"'{one.name}' is {one.state.replace('_', ' ')}: {one.reason}", one.hint)
        for one in found
        if one.state in ("refused", "set_aside")
    ]
    return wrong or ([Finding("plugins", "ok", f"{style.plural(len(found), 'plugin')} in use")] if found else [])


def _leftovers(left: Sequence[Leftover]) -> Finding:
    if not left:
        return Finding("leftovers", "ok", "none of projects and runs that are gone")
    projects = sum(one.kind != "files" for one in left)
    size = units.format_size(sum(one.size_bytes for one in left))
    of_projects = [f"of {style.plural(projects, 'project')} whose folder is gone: {size}"] if projects else []
    of_runs = ["files of runs that are over"] if projects < len(left) else []
    return Finding("leftovers", "note", ", ".join(of_projects + of_runs), "'nexsock doctor --fix' takes it away")


def _listed(left: Sequence[Leftover], colour: bool) -> str:
    rows = [[one.id, _kept(one), one.text + (f"; {one.advice}" if one.advice else "")] for one in left]
    return "\n" + table.render(("LEFTOVER", "KEEPS", "WHY"), rows, colour=colour) if left else ""


def _kept(one: Leftover) -> str:
    processes = [f"process {', '.join(map(str, one.pids))}"] if one.pids else []
    folders = [units.format_size(one.size_bytes)] if one.size_bytes else []
    return ", ".join([*processes, *folders]) or one.kind


def _clear(session: Session, left: Sequence[Leftover], yes: bool) -> None:
    """Take leftovers away, after the person has agreed.

    Raises:
        UsageError: nobody is there to ask. Interrupted: the answer is no.
    """
    wanted = [one for one in left if one.advice is None]
    if not wanted:
        return
    question = f"Take away {style.plural(len(wanted), 'leftover')}, processes and logs included?"
    if not yes and (session.answers is None or session.options.json):
        raise errors.UsageError("nothing was taken away: nobody can be asked", hint="say so with --yes")
    if not yes and not session.ask(question):
        raise errors.Interrupted("nothing was taken away")
    request = LeftoversRequest(remove=tuple(one.id for one in wanted))
    removed: tuple[Leftover, ...] = session.call("leftovers", request)
    session.tell("".join(f"{one.id} is taken away\n" for one in removed))


def _report(findings: list[Finding], settings: list[Setting], colour: bool) -> str:
    rows = [
        [
            _verdict(finding.verdict, colour),
            finding.name,
            finding.text + (f"; {finding.advice}" if finding.advice else ""),
        ]
        for finding in findings
    ]
    values = [[setting.name, setting.value, f"({setting.origin})"] for setting in settings]
    return (
        table.render(("", "", ""), rows, colour=colour)
        + "\n"
        + table.render(("SETTING", "VALUE", "FROM"), values, colour=colour)
    )


def _verdict(verdict: Verdict, colour: bool) -> str:
    sign, look = SIGNS[verdict]
    return style.paint(sign, look, colour) if colour else verdict


def _folders(where: places.Places, uid: int) -> list[Finding]:
    return [
        _folder(name, path, uid)
        for name, path in (
            ("config folder", where.config_dir),
            ("state folder", where.state_dir),
            ("runtime folder", where.runtime_dir),
        )
    ]


def _folder(name: str, path: str, uid: int) -> Finding:
    try:
        found = os.lstat(path)
    except OSError:
        return Finding(name, "ok", f"{path} does not exist yet")
    if found.st_uid != uid:
        return Finding(name, "problem", f"{path} belongs to user {found.st_uid}", "move it away, or set NEXSOCK_HOME")
    if found.st_mode & 0o077 and name != "config folder":
        return Finding(name, "problem", f"{path} is open to other users", f"run 'chmod 700 {path}'")
    return Finding(name, "ok", f"{path} ({found.st_mode & 0o777:o})")


def _outdated(path: str, started_at: float) -> list[Finding]:
    """Whether the file of settings was written after the daemon, which reads it once, was started."""
    try:
        if os.stat(path).st_mtime <= started_at:
            return []
    except OSError:
        return []
    return [Finding("settings", "note", f"{path} was changed after the daemon was started", _RESTART)]


def _daemon(session: Session, *, start: bool) -> tuple[Finding, DaemonStatus | None]:
    """What can be said of the daemon; the status of one that can be asked more."""
    try:
        if not start:
            session.connect_only()
        found: DaemonStatus = session.call("system_status", Nothing())
    except errors.Unreachable:
        return Finding("daemon", "ok", "does not run; the first command that needs it starts it"), None
    except errors.NexsockError as error:
        return Finding("daemon", "problem", str(error)), None
    text = f"pid {found.pid}, version {found.version}, {style.plural(len(found.projects), 'project')}"
    if found.version != nexsock.__version__:
        return Finding("daemon", "note", text, "run 'nexsock daemon restart' to use the installed version"), None
    return Finding("daemon", "ok", text), found


def _programs(which: Callable[[str], str | None]) -> list[Finding]:
    git = which("git")
    return [Finding("git", "ok", git) if git else Finding("git", "note", "not found: services with 'git:' need it")]


ENVIRONMENT = ("NEXSOCK_FILE", "NEXSOCK_PROFILES", "NO_COLOR")


def _settings(session: Session, where: places.Places, said: dict[str, settings.Told]) -> list[Setting]:
    """The folders, settings and options in force, each with the variable, flag, place or default that it comes from."""
    environ = session.environ
    folders = {
        "config_dir": (where.config_dir, ("NEXSOCK_CONFIG_DIR", "NEXSOCK_HOME", "XDG_CONFIG_HOME")),
        "state_dir": (where.state_dir, ("NEXSOCK_HOME", "XDG_STATE_HOME")),
        "runtime_dir": (where.runtime_dir, ("NEXSOCK_HOME", "XDG_RUNTIME_DIR")),
    }
    found = [
        Setting(
            name, value, next((variable for variable in variables if _decides(environ.get(variable), value)), "default")
        )
        for name, (value, variables) in folders.items()
    ]
    found.append(
        Setting("settings file", where.settings_file, "read" if os.path.exists(where.settings_file) else "absent")
    )
    found += [
        Setting(name, told.value or settings.BY_NAME[name].unset, told.origin)
        for name, told in settings.effective(environ, said).items()
    ]
    found += [Setting(variable, environ[variable], "environment") for variable in ENVIRONMENT if environ.get(variable)]
    flags = {"--file": session.options.files, "--profile": session.options.profiles}
    found += [Setting(flag, " ".join(values), "flag") for flag, values in flags.items() if values]
    return found


def _decides(variable: str | None, value: str) -> bool:
    return bool(variable) and variable.startswith("/") and value.startswith(variable.rstrip("/"))  # type: ignore[union-attr]
