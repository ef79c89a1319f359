"""Ask once whether a service is well. Each attempt ends within the check's time limit, whatever the other side does.

A port that answers counts only if the listener belongs to the service's own processes: otherwise a stranger, or the
service's own predecessor, would be taken for it.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING

from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.runtime import clock, command, match, ports

if TYPE_CHECKING:
    from ssl import SSLContext

HEAD_LIMIT = 65536
"""Bytes of an HTTP answer that are read: its status is in the first line."""

Members = Callable[[], Iterable[int]]
"""The pids of the service's processes, the main one first."""


async def attempt(
    check: Healthcheck,
    *,
    working_dir: str,
    environment: dict[str, str],
    members: Members | None,
    log_lines: AsyncIterator[str],
) -> ProbeResult:
    """Ask by this check.

    Args:
        members: whose listener counts for `http` and `tcp` on this machine; None believes any listener.
        log_lines: the lines of this run, those that have come and those that come; for a `log` check.
    """
    at, began = clock.wall(), clock.monotonic()
    try:
        async with asyncio.timeout(check.timeout_s):
            ok, output = await _ask(check, working_dir, environment, members, log_lines)
    except TimeoutError:
        missing = f"line matches {check.pattern!r}" if check.kind == "log" else "answer"
        ok, output = False, f"no {missing} within {check.timeout_s:g}s"
    except OSError as error:
        ok, output = False, _fault(error, check)
    return ProbeResult(
        kind=check.kind, ok=ok, output=output[-command.OUTPUT_LIMIT :], at=at, took_s=clock.monotonic() - began
    )


def _fault(error: OSError, check: Healthcheck) -> str:
    """ "connection refused by 127.0.0.1:8080": asyncio's own sentence about a connection is a line of Python."""
    if "Connect call failed" not in str(error):
        return error.strerror or str(error)
    address = f"{check.host}:{check.port}" if check.kind == "tcp" else check.url
    if isinstance(error, ConnectionRefusedError) or not error.errno:  # without a number: each address has its own
        return f"connection refused by {address}"
    return f"{os.strerror(error.errno).lower()}: {address}"


async def _ask(
    check: Healthcheck,
    working_dir: str,
    environment: dict[str, str],
    members: Members | None,
    log_lines: AsyncIterator[str],
) -> tuple[bool, str]:
    match check.kind:
        case "test":
            return await _test(check, working_dir, environment)
        case "http":
            return await _http(check, members)
        case "tcp":
            return await _tcp(check.host, check.port, members)
        case "log":
            return await _log(check.pattern, log_lines)
        case "notify":
            raise AssertionError("a service that tells by itself is not asked (reconcile.monitor)")


async def _test(check: Healthcheck, working_dir: str, environment: dict[str, str]) -> tuple[bool, str]:
    ended = await command.run(check.test, cwd=working_dir, environment=environment, timeout_s=check.timeout_s)
    if ended.status is None:
        return False, f"no end within {check.timeout_s:g}s\n{ended.output}".strip()
    return ended.ok, ended.output if ended.ok else f"exited with {ended.status}\n{ended.output}".strip()


async def _tcp(host: str, port: int, members: Members | None) -> tuple[bool, str]:
    _, writer = await _connect(host, port, members)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    if (stranger := _stranger(host, port, members)) is not None:
        return False, stranger
    return True, f"connected to {host}:{port}"


async def _http(check: Healthcheck, members: Members | None) -> tuple[bool, str]:
    from urllib.parse import urlsplit

    parts = urlsplit(check.url)
    host, secure = parts.hostname or "127.0.0.1", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    reader, writer = await _connect(host, port, members, ssl=_tls(host) if secure else None)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Host": parts.netloc.rpartition("@")[2],
            "User-Agent": "nexsock",
            "Connection": "close",
            **check.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode())
        await writer.drain()
        first = (await reader.readline()).decode("latin-1").strip()
    except ValueError:
        return False, "the answer is not HTTP: its first line has no end"
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    found = re.match(r"HTTP/\d(?:\.\d)? (\d{3})", first)
    if found is None:
        return False, f"the answer is not HTTP: {first[:80]!r}"
    if (stranger := _stranger(host, port, members)) is not None:
        return False, stranger
    status = int(found[1])
    ok = status in check.status if check.status else 200 <= status < 400
    return ok, f"{first} from {check.url}"


async def _connect(
    host: str, port: int, members: Members | None, ssl: "SSLContext | None" = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection. A port of the service's own may be listened on by IPv6 alone."""
    try:
        return await asyncio.open_connection(host, port, ssl=ssl, limit=HEAD_LIMIT)
    except ConnectionRefusedError as refused:
        if members is None or host != "127.0.0.1":
            raise
        try:
            return await asyncio.open_connection("::1", port, ssl=ssl, limit=HEAD_LIMIT)
        except OSError:
            raise refused from None


def _tls(host: str) -> "SSLContext":
    """Certificates are checked, but for this machine's own: those are self-signed as a rule."""
    import ssl

    context = ssl.create_default_context()
    if _is_local(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _log(pattern: str, lines: AsyncIterator[str]) -> tuple[bool, str]:
    """Waits for the line: the attempt's time limit ends it."""
    expression = re.compile(pattern)
    try:
        async for line in lines:
            if match.found(expression, line):
                return True, line
    except match.TooSlow as slow:
        return False, str(slow)
    return False, f"no line matches {pattern!r}"


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1", "0.0.0.0", "::") or host.startswith("127.")  # noqa: S104 a name, not a bind


def _stranger(host: str, port: int, members: Members | None) -> str | None:
    """A sentence when the port on this machine is held by somebody else, else None."""
    if members is None or not _is_local(host):
        return None
    inodes = ports.listening().get(port, ())
    if any(ports.holds(pid, inodes) for pid in members()):
        return None
    if not inodes:
        return f"port {port} is not listened on any more"
    return f"port {port} is held by {ports.holder(port, inodes)}"
