"""One question to a service, of each kind, and answers that come from somebody else or never."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.runtime import probe


async def ask(check: Healthcheck, *, members: Iterable[int] | None = None, lines: Iterable[str] = ()) -> ProbeResult:
    return await probe.attempt(
        check,
        working_dir="/",
        environment={"PATH": os.environ["PATH"], "WHO": "me"},
        members=None if members is None else lambda: members,
        log_lines=coming(lines),
    )


async def coming(lines: Iterable[str]) -> AsyncIterator[str]:
    for line in lines:
        yield line


@asynccontextmanager
async def server(answer: bytes, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A server of this process that says `answer` to everyone; gives its port. b"" never answers."""
    silent: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not answer:
            silent.append(writer)
            return
        await reader.readline()
        writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(serve, host, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]
        for writer in silent:
            writer.close()


async def test_a_test_succeeds_with_status_0_and_sees_the_environment_of_the_service():
    result = await ask(Healthcheck(kind="test", test=("sh", "-c", "echo $WHO")))
    assert (result.ok, result.output) == (True, "me")


async def test_a_test_that_fails_tells_its_status_and_output():
    result = await ask(Healthcheck(kind="test", test=("sh", "-c", "echo no db; exit 4")))
    assert (result.ok, result.output) == (False, "exited with 4\nno db")


async def test_a_test_that_hangs_is_ended_at_its_time_limit():
    result = await ask(Healthcheck(kind="test", test=("sh", "-c", "sleep 60"), timeout_s=0.2))
    assert (result.ok, result.took_s < 5) == (False, True)


async def test_a_program_that_is_missing_is_a_failed_probe():
    result = await ask(Healthcheck(kind="test", test=("no-such-program",)))
    assert (result.ok, result.output) == (False, "No such file or directory")


@pytest.mark.parametrize(
    ("answer", "accepted", "ok"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", (), True),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", (), True),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", (), False),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", (404,), True),
        (b"HTTP/1.1 500 Oops\r\n\r\n", (), False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", (), False),
        (b"x" * 100_000, (), False),
    ],
)
async def test_http_goes_by_the_status(answer, accepted, ok):
    async with server(answer) as port:
        result = await ask(Healthcheck(kind="http", url=f"http://127.0.0.1:{port}/health", status=accepted))
    assert result.ok is ok


async def test_http_that_never_answers_fails_at_its_time_limit():
    async with server(b"") as port:
        result = await ask(Healthcheck(kind="http", url=f"http://127.0.0.1:{port}/", timeout_s=0.2))
    assert (result.ok, result.output) == (False, "no answer within 0.2s")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_tcp_believes_a_listener_of_the_service_on_either_family(host):
    async with server(b"", host) as port:
        result = await ask(Healthcheck(kind="tcp", host=host, port=port), members=[os.getpid()])
    assert result.ok


async def test_a_strangers_listener_does_not_count_and_is_named():
    async with server(b"") as port:
        result = await ask(Healthcheck(kind="tcp", host="127.0.0.1", port=port), members=[os.getppid()])
    assert (result.ok, f"port {port} is held by process {os.getpid()}" in result.output) == (False, True)


async def test_nobody_listening_is_a_refused_connection():
    async with server(b"") as port:
        pass
    result = await ask(Healthcheck(kind="tcp", host="127.0.0.1", port=port))
    assert (result.ok, result.output) == (False, f"connection refused by 127.0.0.1:{port}")
    result = await ask(Healthcheck(kind="http", url=f"http://127.0.0.1:{port}/health"))
    assert (result.ok, result.output) == (False, f"connection refused by http://127.0.0.1:{port}/health")


async def test_a_log_line_that_matches_is_readiness():
    check = Healthcheck(kind="log", pattern=r"listening on \d+")
    assert (await ask(check, lines=["begins", "now listening on 80"])).ok
    assert not (await ask(check, lines=["begins"])).ok
