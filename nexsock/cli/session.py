"""One invocation of the command line: its options, its streams, and its way to the daemon, passed to every command."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, TextIO

import msgspec
from msgspec import Struct

from nexsock import errors
from nexsock.cli import surroundings
from nexsock.cli.connection import Connect, Connection
from nexsock.model.project import ProjectRef
from nexsock.views import document, hot

Execute = Callable[[Sequence[str], str, Mapping[str, str]], int]
"""(command, working folder, environment) to the exit status, if it returns at all"""


@dataclass
class Options:
    """The global options, wherever on the line they stood."""

    files: list[str] = field(default_factory=list)
    project_name: str | None = None
    project_directory: str | None = None
    env_files: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    host: str | None = None
    json: bool = False
    no_color: bool = False
    quiet: bool = False
    verbose: bool = False


@dataclass
class Session:
    """Everything of the outside that a command touches. Tests build one with text buffers and a fake connection."""

    connect: Connect
    out: TextIO
    err: TextIO
    environ: Mapping[str, str]
    cwd: str
    now: Callable[[], float]
    execute: Execute
    """becomes a command; see terminal.replace_process"""
    zone: tzinfo = UTC
    is_terminal: bool = False
    """standard output is one"""
    answers: TextIO | None = None
    """where a person answers questions; None when nobody may be asked"""
    columns: int = surroundings.UNLIMITED
    options: Options = field(default_factory=Options)
    _connection: Connection | None = None

    @property
    def look(self) -> hot.Look:
        """What the output may use. Colour includes cursor movement."""
        wanted = surroundings.colour_wanted(self.environ, self.is_terminal)
        plain = self.options.no_color or self.options.json
        return hot.Look(self.options.json, wanted and not plain, self.columns)

    @property
    def connection(self) -> Connection:
        """The conversation with the daemon, opened when it is first needed."""
        if self._connection is None:
            self._connection = self.open()
        return self._connection

    def open(self, *, start: bool = True) -> Connection:
        """Another conversation with the same daemon, for who needs several; the caller closes it."""
        return self.connect(self.options.host, start=start)

    def connect_only(self) -> None:
        """Open the conversation with a daemon that already runs.

        Raises:
            Unreachable: none does; it is not started.
        """
        if self._connection is None:
            self._connection = self.open(start=False)

    def call(self, operation: str, request: Struct) -> Any:
        """The reply to an operation; see protocol.api."""
        return self.connection.call(operation, request)

    def stream(self, operation: str, request: Struct) -> Iterator[Any]:
        """The items of a stream; see protocol.api."""
        return self.connection.stream(operation, request)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def project(self, *, with_environ: bool = False) -> ProjectRef:
        """The project that is meant, as the daemon is asked for it.

        Args:
            with_environ: for requests that load the file or start something: the caller's variables go along.
        Raises:
            UsageError: there is no file here or above.
        """
        if self.options.host is not None:
            return self._project_elsewhere()
        return self.project_here(with_environ=with_environ)

    def _project_elsewhere(self) -> ProjectRef:
        """Folders, files and variables are those of the daemon's machine, so none is looked at here."""
        chosen = self.options
        if chosen.project_name and not chosen.files and not chosen.project_directory:
            return ProjectRef(name=chosen.project_name)
        folder = os.path.normpath(os.path.join(self.cwd, chosen.project_directory or ""))
        return ProjectRef(
            directory=folder,
            files=tuple(os.path.normpath(os.path.join(self.cwd, file)) for file in chosen.files),
            name=chosen.project_name,
            profiles=tuple(chosen.profiles),
            env_files=tuple(os.path.normpath(os.path.join(self.cwd, file)) for file in chosen.env_files),
            discovered=not chosen.files,
        )

    def only_here(self, command: str) -> None:
        """Raises Unsupported when another machine's daemon was named for a command that is about this machine."""
        if self.options.host is not None:
            raise errors.Unsupported(
                f"'{command}' works on the machine on which it is given", hint="run it there, without --host"
            )

    def project_here(self, *, with_environ: bool = False) -> ProjectRef:
        """The project that is meant, by the files of this machine; see `project`."""
        chosen = self.options
        fields: dict[str, Any] | None = surroundings.project(
            self.cwd,
            self.environ,
            files=chosen.files,
            name=chosen.project_name,
            directory=chosen.project_directory,
            profiles=chosen.profiles,
            env_files=chosen.env_files,
        )
        if fields is None:
            raise errors.UsageError(
                f"there is no nexsock.yaml in {chosen.project_directory or self.cwd} or above it",
                hint="write one with 'nexsock init', or name one with -f FILE",
            )
        return msgspec.convert({**fields, "environ": dict(self.environ) if with_environ else None}, ProjectRef)

    def say(self, text: str) -> None:
        """Text for standard output, at once: whoever reads a pipe sees it as soon as a person would."""
        self.out.write(text)
        self.out.flush()

    def tell(self, text: str) -> None:
        """Text for standard error."""
        self.err.write(text)
        self.err.flush()

    def ask(self, question: str) -> bool:
        """Whether the person says yes, which is what Enter alone says. Only to be called with `answers`."""
        assert self.answers is not None
        self.tell(f"{question} [Y/n] ")
        said = self.answers.readline()
        return said.strip().lower() in ("", "y", "yes") and said != ""

    def answer(self, value: dict[str, Any], text: str) -> int:
        """Show an answer as the JSON document or as text, whatever was asked for; the exit status is 0."""
        self.say(document.text(value) if self.options.json else text)
        return 0

    def show(self, shown: hot.Shown) -> int:
        """Put rendered text on both streams; returns its exit status."""
        if shown.err:
            self.tell(shown.err)
        self.say(shown.out)
        return shown.exit_status
