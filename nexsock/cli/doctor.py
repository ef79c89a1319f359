"""`doctor`: what this machine can do, what stands where, and each setting with its origin."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from typing import Literal, NamedTuple

import typer

import nexsock
from nexsock import errors, places
from nexsock.cli.session import Session
from nexsock.model.status import DaemonStatus
from nexsock.protocol.api import Nothing
from nexsock.views import style, table

app = typer.Typer(rich_markup_mode=None)

Verdict = Literal["ok", "note", "problem"]


class Finding(NamedTuple):
    """One line of the report. A note costs something but works; a problem needs doing."""

    name: str
    verdict: Verdict
    text: str
    advice: str = ""


class Setting(NamedTuple):
    name: str
    value: str
    origin: str


SIGNS = {"ok": ("✔", "green"), "note": ("!", "yellow"), "problem": ("✖", "red")}


@app.command()
def doctor(context: typer.Context) -> int:
    """Check this machine and show every setting with its origin.

    Starts nothing and changes nothing. Exit code 1 when something needs doing.
    """
    session: Session = context.obj
    where = places.from_environ(session.environ, os.getuid())
    findings = [*_machine(), *_folders(where, os.getuid()), _daemon(session), *_programs(shutil.which)]
    settings = _settings(session, where)
    healthy = all(finding.verdict != "problem" for finding in findings)
    session.answer(
        {
            "ok": healthy,
            "checks": [finding._asdict() for finding in findings],
            "settings": [setting._asdict() for setting in settings],
        },
        _report(findings, settings, session.look.colour),
    )
    return 0 if healthy else 1


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


def _machine() -> list[Finding]:
    found = [
        Finding("nexsock", "ok", f"{nexsock.__version__}, Python {platform.python_version()} ({sys.executable})"),
        Finding("kernel", "ok", f"{platform.system()} {platform.release()}"),
        _feature("pidfd", hasattr(os, "pidfd_open"), "processes are identified for certain", "Linux 5.3"),
        _feature("splice", hasattr(os, "splice"), "log bytes move without being copied", "Linux 2.6.17"),
    ]
    return [*found, _cgroup("/proc/self/cgroup", "/sys/fs/cgroup")]


def _feature(name: str, present: bool, use: str, since: str) -> Finding:
    if present:
        return Finding(name, "ok", use)
    return Finding(name, "note", f"missing ({since} has it): a slower way is used")


def _cgroup(membership: str, root: str) -> Finding:
    """Whether a cgroup of version 2 is delegated to this user, so that a service can be ended with all it started."""
    try:
        with open(membership, encoding="utf-8") as file:
            own = next((line[3:].strip() for line in file if line.startswith("0::")), None)
    except OSError:
        own = None
    if own is not None and os.access(f"{root}{own}/cgroup.procs", os.W_OK):
        return Finding("cgroup", "ok", f"delegated: {own}")
    return Finding("cgroup", "note", "none is delegated: what a service started is found by its environment instead")


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


def _daemon(session: Session) -> Finding:
    try:
        session.connect_only()
        found: DaemonStatus = session.call("system_status", Nothing())
    except errors.Unreachable:
        return Finding("daemon", "ok", "does not run; the first command that needs it starts it")
    except errors.NexsockError as error:
        return Finding("daemon", "problem", str(error))
    text = f"pid {found.pid}, version {found.version}, {style.plural(len(found.projects), 'project')}"
    if found.version != nexsock.__version__:
        return Finding("daemon", "note", text, "run 'nexsock daemon restart' to use the installed version")
    return Finding("daemon", "ok", text)


def _programs(which: Callable[[str], str | None]) -> list[Finding]:
    git = which("git")
    return [Finding("git", "ok", git) if git else Finding("git", "note", "not found: services with 'git:' need it")]


ENVIRONMENT = ("NEXSOCK_FILE", "NEXSOCK_PROFILES", "NO_COLOR")


def _settings(session: Session, where: places.Places) -> list[Setting]:
    """The folders and options in force, each with the variable, flag or default that it comes from."""
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
    found += [Setting(variable, environ[variable], "environment") for variable in ENVIRONMENT if environ.get(variable)]
    flags = {"--file": session.options.files, "--profile": session.options.profiles}
    found += [Setting(flag, " ".join(values), "flag") for flag, values in flags.items() if values]
    return found


def _decides(variable: str | None, value: str) -> bool:
    return bool(variable) and variable.startswith("/") and value.startswith(variable.rstrip("/"))  # type: ignore[union-attr]
