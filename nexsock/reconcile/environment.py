"""The environment of a run: what it inherits, what the file says, and the marks by which its processes are known."""

from collections.abc import Mapping

from nexsock.model.project import Project
from nexsock.model.service import Service
from nexsock.model.state import Run

MARKS = ("NEXSOCK_PROJECT", "NEXSOCK_SERVICE", "NEXSOCK_INSTANCE")
_OF_THE_CALLER = frozenset(
    (*MARKS, "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
)
"""What the caller was given for itself alone: a service that had it would speak in the caller's name."""
_OF_A_TERMINAL = frozenset(("TERM", "TERMCAP", "COLUMNS", "LINES"))
"""What the caller's terminal is like; the service has another, of a kind and size of its own."""
TERM = "xterm-256color"
"""What every terminal understands that somebody attaches from, and every terminfo knows."""
_ALWAYS = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR")
"""Inherited even with `inherit_env: false`: without them hardly a program works."""


def compose(
    caller: Mapping[str, str], project: Project, service: Service, run: Run, extra: Mapping[str, str]
) -> dict[str, str]:
    """All variables of one run; later ones win: inherited, the file's, `extra` for this run, the marks."""
    base = inherited(caller, service.launch.inherit_env)
    return {
        **(_on_terminal(base) if service.launch.tty else base),
        **service.launch.environment,
        **extra,
        "NEXSOCK_PROJECT": project.id,
        "NEXSOCK_SERVICE": service.name,
        "NEXSOCK_INSTANCE": run.instance,
    }


def beside(caller: Mapping[str, str], service: Service) -> dict[str, str]:
    """The variables for a program that is run as the service would be, without being a run of it."""
    return {**inherited(caller, service.launch.inherit_env), **service.launch.environment}


def inherited(caller: Mapping[str, str], inherit: bool | tuple[str, ...]) -> dict[str, str]:
    """The variables of the caller that a service gets (`inherit_env`)."""
    if inherit is True:
        return {name: value for name, value in caller.items() if name not in _OF_THE_CALLER}
    names = _ALWAYS if inherit is False else inherit
    return {name: caller[name] for name in names if name in caller}


def _on_terminal(base: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in base.items() if name not in _OF_A_TERMINAL} | {"TERM": TERM}
