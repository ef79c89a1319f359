"""The process of one plugin, seen from the daemon: started when it is needed, asked within limits, ended with all that
it has started. What runs in there: plugins.body.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from subprocess import Popen
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

import nexsock
from nexsock.keeper import mark
from nexsock.model import packed
from nexsock.model.plugin import PluginKind
from nexsock.plugins import limit
from nexsock.plugins.prints import Prints
from nexsock.plugins.wire import FRAME_LIMIT_BYTES, LENGTH, Call, Load, Ready, Returned
from nexsock.runtime import identity, tree, usage

_log = logging.getLogger(__name__)

BODIES: dict[PluginKind, str] = {
    "native": "nexsock.plugins.native_body",
    "package": "nexsock.plugins.native_body",
    "lua": "nexsock.plugins.lua_body",
}
"""The module that is the process of each kind."""

START_S = 10.0
"""An interpreter and a plugin take 0.1 s; the rest is a machine that is very busy."""
KILL_ROUNDS = 50
KILL_ROUND_S = 0.2
_CHUNK = 64 * 1024
_FRAME_SPARE_BYTES = 1024
"""what a frame has besides an answer that is as large as it may be"""

Frame = TypeVar("Frame", Ready, Returned)


class WorkerFault(Exception):
    """The plugin has no answer; the text says why, as the end of a sentence about it."""


class Worker:
    """Answers one call after the other. After a fault the process is gone, and the next call begins with a new one.

    Args:
        load: what a new process is given first.
        instance: what the process and all that it starts is known by (keeper.mark), the same for every process of the
            plugin: what one of an earlier daemon has left behind is ended before the first begins.
    """

    def __init__(
        self,
        command: Sequence[str],
        load: Callable[[], Load],
        *,
        instance: str,
        environment: Mapping[str, str],
        prints: Prints,
        start_s: float = START_S,
    ) -> None:
        self._command = tuple(command)
        self._load = load
        self._instance = instance
        self._environment = {**environment, "PYTHONPATH": _root()}
        self._prints = prints
        self._start_s = start_s
        self._process: Popen[bytes] | None = None
        self._leader = identity.Identity(0, 0, identity.boot_id(), instance)
        self._swept = False
        self._ending: asyncio.Task[int | None] | None = None
        self._socket: socket.socket | None = None
        self._pipe = -1
        self._buffer = bytearray()
        self._number = 0

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def warm(self) -> None:
        """Have a process that is ready for a call.

        Raises:
            WorkerFault: there is none, because the plugin cannot be loaded.
        """
        if self._ending is not None:
            await asyncio.shield(self._ending)
        if self._process is None:
            await self._start()

    async def ask(
        self, hook: str, arguments: dict[str, Any], services: tuple[dict[str, Any], ...], timeout_s: float
    ) -> Returned:
        """What the plugin's function returns for these arguments.

        Raises:
            WorkerFault: there is no answer within the time, or what came is none.
        """
        await self.warm()
        self._number += 1
        call = Call(number=self._number, hook=hook, arguments=arguments, services=services)
        returned = await self._exchange(call, Returned, timeout_s)
        if returned.number != self._number:
            raise await self._lost("answered what it was not asked")
        self._prints.take(self._pipe)
        if returned.fault:  # what it has grown by, or opened, goes with it
            await self.end()
            raise WorkerFault(returned.fault)
        return returned

    async def end(self) -> int | None:
        """End the process and everything that it has started; its exit status, where it had ended by itself.

        Goes on where the caller is cancelled.
        """
        if self._ending is None:
            if self._process is None:
                return None
            self._ending = asyncio.create_task(self._end(self._process), name=f"end {self._instance}")
        return await asyncio.shield(self._ending)

    async def _end(self, process: "Popen[bytes]") -> int | None:
        assert self._socket is not None
        self._socket.close()
        status = process.poll()
        await self._end_tree()
        self._prints.take(self._pipe)
        os.close(self._pipe)
        if tree.survivors([self._leader]):
            _log.warning("process %d of a plugin cannot be ended", process.pid)
        else:
            process.wait()
        self._process = self._socket = self._ending = None
        return status

    async def _start(self) -> None:
        if not self._swept:
            await self._end_tree()
            self._swept = True
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._pipe, output = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._pipe, False)
        try:
            self._process = Popen(  # noqa: ASYNC220 vfork and exec take half a millisecond
                self._command,
                stdin=theirs.fileno(),
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            os.close(self._pipe)
            raise WorkerFault(f"has no process: {error.strerror}") from error
        finally:
            theirs.close()
            os.close(output)
        self._socket, self._buffer = ours, bytearray()
        pid = self._process.pid
        with contextlib.suppress(ProcessLookupError):
            self._leader = identity.Identity(pid, identity.start_ticks(pid), identity.boot_id(), self._instance)
        load = replace(self._load(), mark=mark.of_run(self._instance), parent=os.getpid())
        ready = await self._exchange(load, Ready, self._start_s)
        if ready.fault:
            await self.end()
            raise WorkerFault(f"cannot be loaded: {ready.fault}")
        if missing := [hook for hook in load.hooks if hook not in ready.hooks]:
            await self.end()
            raise WorkerFault(f"cannot be loaded: it has no function {missing[0]}")

    async def _exchange(self, frame: Load | Call, kind: type[Frame], timeout_s: float) -> Frame:
        """Send a frame and return what comes back. Without an answer there is no process any more."""
        assert self._process is not None
        pid = self._process.pid
        talking = asyncio.create_task(self._talk(packed.encode(frame)), name=f"talk to {self._instance}")
        try:
            if await limit.in_time(talking, timeout_s, lambda: usage.queued_s(pid)):
                return packed.decode(talking.result(), kind)
        except msgspec.DecodeError as error:
            raise await self._lost("sent something that is no answer") from error
        except (EOFError, ConnectionError) as error:
            raise await self._lost("") from error
        except asyncio.CancelledError:
            talking.cancel()
            await self.end()
            raise
        talking.cancel()
        raise await self._lost(f"{'did not answer' if kind is Returned else 'was not loaded'} within {timeout_s:g}s")

    async def _talk(self, body: bytes) -> bytes:
        assert self._socket is not None
        await asyncio.get_running_loop().sock_sendall(self._socket, LENGTH.pack(len(body)) + body)
        return await self._receive()

    async def _receive(self) -> bytes:
        """The next frame. More than one at a time is none that was asked for."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        length = FRAME_LIMIT_BYTES
        while len(self._buffer) < LENGTH.size or len(self._buffer) < LENGTH.size + length:
            data = await loop.sock_recv(self._socket, _CHUNK)
            if not data:
                raise EOFError
            self._buffer += data
            if len(self._buffer) >= LENGTH.size:
                (length,) = LENGTH.unpack_from(self._buffer)
                if length > FRAME_LIMIT_BYTES + _FRAME_SPARE_BYTES:
                    raise msgspec.DecodeError("too long")
        body = bytes(self._buffer[LENGTH.size :])
        self._buffer.clear()
        return body

    async def _lost(self, why: str) -> WorkerFault:
        """End what is left; why there is no answer, or how the process has ended."""
        if not why and self._process is not None:
            await tree.wait_gone([self._leader], KILL_ROUND_S)  # the end of its socket comes before its own
        status = await self.end()
        if why:
            return WorkerFault(why)
        said = self._prints.last_line
        return WorkerFault(f"ended{_how(status)} instead of answering" + (f", and said '{said}'" if said else ""))

    async def _end_tree(self) -> None:
        """SIGKILL to everything that carries the mark, until nothing is left."""
        for _ in range(KILL_ROUNDS):
            members = await asyncio.to_thread(tree.members, self._leader)
            if not members:
                return
            tree.kill_all(members)
            await tree.wait_gone(members, KILL_ROUND_S)


def command(kind: PluginKind) -> tuple[str, ...]:
    """What runs a plugin of this kind."""
    return (sys.executable, "-P", "-m", BODIES[kind])


def environment(kind: PluginKind, ours: Mapping[str, str]) -> dict[str, str]:
    """The variables of a plugin's process: a native plugin is the user's program, one in Lua needs to know nothing."""
    if kind == "lua":
        return {"LC_ALL": "C.UTF-8"}
    marks = (identity.INSTANCE, identity.PROJECT, identity.SERVICE)
    return {name: value for name, value in ours.items() if name not in marks}


def _root() -> str:
    """Where the nexsock is that runs here."""
    return os.path.dirname(os.path.dirname(os.path.abspath(nexsock.__file__)))


def _how(status: int | None) -> str:
    if status is None:
        return ""
    if status == -signal.SIGPROF:  # only lua_wall sets that timer
        return " for computing too long"
    return f" by {signal.Signals(-status).name}" if status < 0 else f" with status {status}"
