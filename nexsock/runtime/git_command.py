"""Run one command of the system's git: it never asks, never outlives its limit, and runs nothing of a repository.

Each command has a session of its own that is ended whole at the limit or when the caller is cancelled; git is told
first, so that it takes its locks away. What is laid over the settings of the repository and the user is a matter of
`git_settings`. Credentials go through the environment, never through arguments, and are taken out of what git says.
"""

import asyncio
import contextlib
import os
import re
import shlex
import signal
from asyncio import subprocess
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from nexsock import errors
from nexsock.model.git import GitSource
from nexsock.runtime import commits, git_settings
from nexsock.runtime.git_settings import TOKEN

OUTPUT_LIMIT = 16 * 1024 * 1024
ERROR_LIMIT = 4096

_CHUNK = 65536
_DRAIN_S = 1.0
_GOING_S = 2.0
"""What git gets to take its locks away before it is killed."""
_PERCENT = re.compile(r"\b(?P<what>[A-Z][\w ]{0,40}):\s{1,8}(?P<percent>\d{1,3})%")
"""Bounded, for what a remote says is in it."""
_CREDENTIALS = re.compile(r"(://)[^/@\s]+@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LOCKED = re.compile(r"Unable to create '(?P<lock>.+\.lock)': File exists")
_UNREAD = "Could not read from remote repository"

Tell = Callable[[str, int | None], None]
"""Hears how far a long command is: what it does, and the percentage where there is one."""


class GitFailed(errors.NexsockError):
    """git said no; the message is its own, without credentials."""

    code, exit_status, http_status = "git", 1, 502


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds that a command may take in all, and for which it may say nothing."""

    total_s: float = 600.0
    silent_s: float = 60.0
    local_s: float = 60.0
    """for a command that asks nobody else"""


class Command:
    """Commands of git for one user. By `environ`, the caller's, programs, agents and credential helpers are found."""

    def __init__(self, environ: Mapping[str, str], *, local: bool = False, limits: Limits | None = None) -> None:
        """`local`: repositories on this machine may be used, too."""
        self._environ = dict(environ)
        self._local = local
        self._limits = limits or Limits()

    async def ask(self, path: str, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        """What a command says that asks nobody else; "" where it ends with another of the accepted statuses.

        Raises:
            GitFailed: it ended with none of them, or took too long.
        """
        variables = await self._variables(None, path)
        status, out, err = await self._run(arguments, path, variables, lambda *_: None, self._limits.local_s)
        if status not in accepted:
            raise GitFailed(_complaint(err, arguments[0], status))
        return out if status == 0 else ""

    async def work(self, source: GitSource, path: str, tell: Tell, *arguments: str) -> None:
        """Do what may take a while, with the credentials of the source.

        Raises:
            GitFailed: it was not done.
        """
        variables = await self._variables(source, path)
        status, _, err = await self._run(arguments, path, variables, tell, self._limits.total_s)
        if status != 0:
            token = variables.get(TOKEN)
            raise GitFailed(_complaint(err.replace(token, "••••••") if token else err, arguments[0], status))

    async def _variables(self, source: GitSource | None, path: str) -> dict[str, str]:
        """The environment of a command, which runs nothing that the checkout at the path names."""
        settings = git_settings.laid_over(source)
        if not commits.is_checkout(path):  # it is still to be made
            return self._with(settings, source, path)
        listing = ("config", "--show-scope", "-z", "--get-regexp", git_settings.PROGRAMS)
        variables = {**self._with(settings, source, path), "GIT_WORK_TREE": path}
        status, told, err = await self._run(listing, path, variables, lambda *_: None, self._limits.local_s)
        if status > 1:
            raise GitFailed(_complaint(err, "config", status))
        if own := git_settings.without_programs(told, source):
            variables |= git_settings.numbered((*settings, *own))
        return variables

    def _with(self, settings: Sequence[tuple[str, str]], source: GitSource | None, path: str) -> dict[str, str]:
        """The caller's environment without what steers git, and what makes it safe."""
        kept = {name: value for name, value in self._environ.items() if git_settings.is_kept(name)}
        return {
            **kept,
            **git_settings.VARIABLES,
            "GIT_ALLOW_PROTOCOL": git_settings.TRANSPORTS + (":file" if self._local else ""),
            "GIT_HTTP_LOW_SPEED_TIME": str(max(1, int(self._limits.silent_s / 2))),
            "GIT_CEILING_DIRECTORIES": os.path.dirname(path),
            "GIT_SSH_COMMAND": git_settings.ssh(source),
            **git_settings.numbered(settings),
            **self._token(source),
        }

    def _token(self, source: GitSource | None) -> dict[str, str]:
        if source is None or source.auth != "token":
            return {}
        token = self._environ.get(source.token_env, "")
        if not token:
            raise GitFailed(
                f"the variable {source.token_env} with the token for {source.url} is not set",
                hint="set it, then try again",
            )
        if _CONTROL.search(token):  # a second line would be another answer to git
            raise GitFailed(
                f"the token in {source.token_env} is of more than one line", hint="set it without a line end"
            )
        return {TOKEN: token}

    async def _run(
        self, arguments: Sequence[str], path: str, variables: dict[str, str], tell: Tell, limit_s: float
    ) -> tuple[int, str, str]:
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *arguments,
                cwd=path,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            missing = error.filename if error.filename == path else "git"
            raise GitFailed(f"{missing} is not there", hint="install git" if missing == "git" else None) from error
        said = _Said(process, tell)
        try:
            async with asyncio.timeout(limit_s):
                await said.read(self._limits.silent_s)
                status = await process.wait()
        except TimeoutError:
            why = (
                f"nothing was heard for {self._limits.silent_s:g}s"
                if said.silent
                else f"it took more than {limit_s:g}s"
            )
            raise GitFailed(f"git {arguments[0]} was given up: {why}") from None
        finally:
            await _end(process)
        return status, said.out.decode(errors="replace"), said.err.decode(errors="replace")


class _Said:
    """What a command writes: all of its output up to the limit, the end of its errors, and word of its progress."""

    def __init__(self, process: subprocess.Process, tell: Tell) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.silent = False
        self._process = process
        self._tell = tell
        self._heard = 0.0

    async def read(self, silent_s: float) -> None:
        """Until the command has ended, and what it had written is read.

        Raises:
            TimeoutError: nothing was said for so long; `silent` is True then.
        """
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        reading = [asyncio.ensure_future(self._keep()), asyncio.ensure_future(self._listen())]
        ended = asyncio.ensure_future(self._process.wait())
        try:
            while not ended.done():
                rest_s = self._heard + silent_s - loop.time()
                if rest_s <= 0:
                    self.silent = True
                    raise TimeoutError
                await asyncio.wait([ended], timeout=rest_s)
            await asyncio.wait(reading, timeout=_DRAIN_S)  # what it started may hold its streams open for ever
        finally:
            for task in (*reading, ended):
                task.cancel()
            await asyncio.gather(*reading, ended, return_exceptions=True)

    async def _keep(self) -> None:
        stream = self._process.stdout
        while stream is not None and (data := await stream.read(_CHUNK)):
            self._heard = asyncio.get_running_loop().time()
            self.out += data[: OUTPUT_LIMIT - len(self.out)]

    async def _listen(self) -> None:
        stream = self._process.stderr
        while stream is not None and (data := await stream.read(_CHUNK)):
            self._heard = asyncio.get_running_loop().time()
            self.err += data
            del self.err[:-ERROR_LIMIT]
            if found := list(_PERCENT.finditer(data.decode(errors="replace"))):
                self._tell(found[-1]["what"].lower(), int(found[-1]["percent"]))


async def _end(process: subprocess.Process) -> None:
    """Nothing of the command's session is left."""
    try:
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            async with asyncio.timeout(_GOING_S):
                await process.wait()
    except TimeoutError:
        pass  # it is killed below, as what it has started is
    finally:
        _signal(process.pid, signal.SIGKILL)
        await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def without_credentials(text: str) -> str:
    """The text with user and password taken out of every address in it."""
    return _CREDENTIALS.sub(r"\1", text)


def _complaint(said: str, command: str, status: int) -> str:
    """What git complained of, in its own words: its first line of an error, without credentials and escapes."""
    lines = [_CONTROL.sub("", line).strip() for line in re.split(r"[\r\n]+", without_credentials(said))]
    lines = [line for line in lines if line] or [f"exited with {status}"]
    errors_said = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:", "ERROR:"))]
    told = (errors_said or lines)[0]
    if _UNREAD in told and (reasons := lines[: lines.index(told)]):  # ssh has said why
        told = reasons[-1]
    if locked := _LOCKED.search(told):
        told += f"; if no other git is at work there, run 'rm {shlex.quote(locked['lock'])}'"
    return f"git {command}: {re.sub(r'^(fatal|error): ', '', told)}"
