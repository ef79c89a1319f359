"""Run a helper program (hook, probe, stop command, secret) within a time limit and keep the end of what it said.

It has its own session; at the limit, or when the caller is cancelled, everything of its group is killed. Its output
is read as it comes, so it can never block on us, and only the last part is kept. What left the group and goes on
writing is not waited for, however much it writes.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Sequence
from subprocess import DEVNULL, PIPE, STDOUT, Popen

from msgspec import Struct

OUTPUT_LIMIT = 4096
_CHUNK = 65536


class Finished(Struct, frozen=True, kw_only=True):
    """`status` is 0 to 255, or 128 + n after signal n; None when the time limit ended it."""

    status: int | None
    output: str

    @property
    def ok(self) -> bool:
        return self.status == 0


async def run(argv: Sequence[str], *, cwd: str, environment: dict[str, str], timeout_s: float) -> Finished:
    """Run it and wait for its end, at most `timeout_s` seconds.

    Raises:
        OSError: it cannot be executed; the text names the program or the folder.
    """
    status, said = await collect(argv, cwd=cwd, environment=environment, timeout_s=timeout_s, errors=STDOUT)
    return Finished(status=status, output=said.decode(errors="replace").strip())


async def collect(
    argv: Sequence[str],
    *,
    cwd: str,
    environment: dict[str, str],
    timeout_s: float,
    errors: int,
    limit_bytes: int = OUTPUT_LIMIT,
) -> tuple[int | None, bytes]:
    """The status, as in `Finished`, and the last bytes of the output.

    Args:
        errors: where the error stream goes: `subprocess.STDOUT` or `subprocess.DEVNULL`.
    Raises:
        OSError: as `run`.
    """
    process = Popen(  # noqa: ASYNC220 vfork and exec take half a millisecond; asyncio's own spawn adds a thread
        list(argv), cwd=cwd, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=errors, start_new_session=True
    )
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    os.set_blocking(descriptor, False)
    watch = os.pidfd_open(process.pid)
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    kept = bytearray()

    def read(limit: int = _CHUNK) -> None:
        """Take what is there, so many bytes at most."""
        try:
            data = os.read(descriptor, limit)
        except BlockingIOError:
            return
        if not data:
            loop.remove_reader(descriptor)
        kept.extend(data)
        del kept[:-limit_bytes]

    def notice() -> None:
        loop.remove_reader(watch)
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, read)
    loop.add_reader(watch, notice)
    timed_out = False
    try:
        async with asyncio.timeout(timeout_s):
            await ended
    except TimeoutError:
        timed_out = ended.cancelled()  # it was in time, and we were not: stopped, or the whole machine was
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        read(fcntl.fcntl(descriptor, fcntl.F_GETPIPE_SZ))  # no more than that can be its own
        loop.remove_reader(descriptor)
        loop.remove_reader(watch)
        os.close(watch)
        process.stdout.close()
    code = process.returncode
    return (None if timed_out else 128 - code if code < 0 else code), bytes(kept)
