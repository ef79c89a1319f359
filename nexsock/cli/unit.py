"""`daemon install`: the daemon as a service of the user's systemd, which starts it at login.

    ~/.config/systemd/user/nexsockd.service

Source: systemd.service(5), systemd.exec(5), systemd.syntax(7) for quoting.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from nexsock import errors
from nexsock.cli.session import Session
from nexsock.model.status import DaemonStatus
from nexsock.protocol.api import Nothing, ShutdownRequest

NAME = "nexsockd.service"
PASSED_ON = ("NEXSOCK_HOME", "NEXSOCK_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "DATABASE_URL", "PLUGINS_DIR")
"""Variables that say where the daemon keeps its things: it must look where the commands look."""
ENDING_S = 30.0

TEMPLATE = """\
# Written by 'nexsock daemon install'.
[Unit]
Description=nexsock, which keeps local services as their files say

[Service]
Type=notify
# The brain says that it serves, the keeper is the main process.
NotifyAccess=all
ExecStart={command}
{environment}# Services outlive the daemon: the next one takes them over.
KillMode=process
Restart=on-failure

[Install]
WantedBy=default.target
"""


def text(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The unit that runs a command in the foreground."""
    passed = [f"{name}={environ[name]}" for name in PASSED_ON if environ.get(name)]
    return TEMPLATE.format(
        command=" ".join(_quoted(word.replace("$", "$$")) for word in command),
        environment="".join(f"Environment={_quoted(variable)}\n" for variable in passed),
    )


def _quoted(word: str) -> str:
    """One word of a unit file."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped}"'


def folder(environ: Mapping[str, str]) -> str:
    """Where the user's own units lie."""
    config = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return os.path.join(config, "systemd", "user")


def command() -> list[str]:
    """The daemon in the foreground, by this interpreter. -P: no folder lends it modules."""
    return [sys.executable, "-P", "-m", "nexsock.nexsockd"]


def install(session: Session) -> str:
    """Write the unit, and have systemd run the daemon from now on and at each login; returns the unit's path.

    Raises:
        Unsupported: there is no systemd here. LaunchError: it refused; its words are in the error.
    """
    systemctl = shutil.which("systemctl", path=session.environ.get("PATH"))
    if systemctl is None:
        raise errors.Unsupported(
            "there is no systemd on this machine", hint="have 'nexsock daemon start' run when you log in"
        )
    path = os.path.join(folder(session.environ), NAME)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    _replace(path, text(command(), session.environ))
    _ask(systemctl, session.environ, "daemon-reload")
    _make_way(session)
    _ask(systemctl, session.environ, "enable", "--now", NAME)
    return path


def _replace(path: str, content: str) -> None:
    with open(path + ".new", "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(content)
    os.replace(path + ".new", path)


def _make_way(session: Session) -> None:
    """End a daemon that a command has started: only one can be, and systemd's shall be it. Services go on."""
    try:
        session.connect_only()
    except errors.NotRunning:
        return
    found: DaemonStatus = session.call("system_status", Nothing())
    try:
        keeper = os.pidfd_open(found.keeper_pid)
    except ProcessLookupError:
        return
    try:
        session.call("shutdown", ShutdownRequest())
        session.close()
        select.select([keeper], [], [], ENDING_S)
    finally:
        os.close(keeper)


def _ask(systemctl: str, environ: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        [systemctl, "--user", *words],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise errors.LaunchError(
            f"'systemctl --user {' '.join(words)}' failed: {said[-1].rstrip('.')}",
            hint=f"the unit is written; run 'systemctl --user enable --now {NAME}' in a session of your own",
        )
