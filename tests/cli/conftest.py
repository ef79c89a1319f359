"""The command line with a fake daemon: what it was asked is remembered, what it answers is given by the test."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from nexsock.cli import app
from nexsock.cli.session import Session
from nexsock.errors import NexsockError, NotRunning

NOW = 1_795_428_000.0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Ended(NamedTuple):
    status: int
    out: str
    err: str


class FakeConnection:
    def __init__(self, daemon: "FakeDaemon") -> None:
        self.daemon = daemon

    def call(self, operation: str, request: Any) -> Any:
        answer = self.daemon.answer(operation, request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stream(self, operation: str, request: Any) -> Iterator[Any]:
        for item in self.daemon.answer(operation, request):
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        self.daemon.closed += 1


@dataclass
class FakeDaemon:
    """Answers by operation: a value, an error, the items of a stream, or a function of the request."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    hosts: list[str | None] = field(default_factory=list)
    runs: bool = True
    closed: int = 0

    def connect(self, host: str | None, *, start: bool) -> FakeConnection:
        self.hosts.append(host)
        if not self.runs and not start:
            raise NotRunning("nexsockd does not run")
        return FakeConnection(self)

    def answer(self, operation: str, request: Any) -> Any:
        self.asked.append((operation, request))
        found = self.answers[operation]
        return found(request) if callable(found) else found

    def requests(self, operation: str) -> list[Any]:
        return [request for name, request in self.asked if name == operation]


class Shell:
    """A folder with a nexsock.yaml, a fake daemon, and what the last command became."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.daemon = FakeDaemon()
        self.environ = {"HOME": folder, "NEXSOCK_HOME": folder + "/home"}
        self.executed: list[tuple[tuple[str, ...], str, dict[str, str]]] = []

    def run(self, *arguments: str, terminal: bool = False, columns: int = 0, typed: str | None = None) -> Ended:
        """Run one command. `typed` is what a person at the terminal answers; None: nobody is there."""
        out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
        with contextlib.redirect_stdout(out):  # help is printed by typer
            session = self.session(out, err, terminal=terminal, columns=columns)
            session.answers = None if typed is None else io.StringIO(typed)
            status = app.run(arguments, session)
        return Ended(status, out.getvalue(), err.getvalue())

    def session(self, out: io.StringIO, err: io.StringIO, *, terminal: bool, columns: int = 0) -> Session:
        return Session(
            connect=self.daemon.connect,
            out=out,
            err=err,
            environ=self.environ,
            cwd=self.folder,
            now=lambda: NOW,
            execute=self.execute,
            is_terminal=terminal,
            columns=columns,
        )

    def execute(self, command: Any, folder: str, environ: Any) -> int:
        self.executed.append((tuple(command), folder, dict(environ)))
        return 7

    def answers(self, **answers: Any) -> "Shell":
        self.daemon.answers.update(answers)
        return self


@pytest.fixture
def shell(tmp_path) -> Shell:
    """A shell in a folder with an (empty) nexsock.yaml."""
    (tmp_path / "nexsock.yaml").write_text("services: {}\n")
    return Shell(str(tmp_path))


@pytest.fixture
def failing() -> Any:
    """Makes an answer that raises."""

    def answer(error: NexsockError) -> Any:
        def raising(_request: Any) -> Any:
            raise error

        return raising

    return answer
