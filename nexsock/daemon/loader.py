"""Have files loaded and edited by a worker process, so that the daemon stays small and a hostile file harms only it.

The worker is started when a file must be read, or before where that is to be expected; it is kept warm for a minute
after the last use, and killed when it does not answer in time. One request at a time.
"""

import asyncio
import contextlib
import logging
import struct
from collections.abc import AsyncIterator, Sequence

import msgspec

from nexsock import errors
from nexsock.daemon.numbers import Numbers
from nexsock.daemon.worker import WORKER, Worker
from nexsock.model import packed
from nexsock.model.edit import Definition, Edit, Edited
from nexsock.model.load import LoadAnswer, LoadRequest
from nexsock.model.project import Project, ProjectRef
from nexsock.model.settings import Told

_log = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""a load of 1,000 services takes well under one second; the rest is a slow disk or a hostile file"""
IDLE_S = 60.0

_LENGTH = struct.Struct(">I")
_READ_AHEAD_BYTES = 1024 * 1024


class Loader:
    """Loads projects. Close it with the daemon: `await loader.close()`."""

    def __init__(
        self,
        numbers: Numbers,
        command: Sequence[str] = WORKER,
        *,
        begun: Worker | None = None,
        deadline_s: float = DEADLINE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        """`numbers` remembers the ports that are chosen; `command` starts a worker, `begun` is one that has been."""
        self.numbers = numbers
        self._command = tuple(command)
        self._deadline_s = deadline_s
        self._idle_s = idle_s
        self._closed = False
        self._turn = asyncio.Lock()
        self._worker = begun
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._end_when_idle()

    @property
    def worker_pid(self) -> int | None:
        """The pid of the worker while there is one."""
        return self._worker.pid if self._is_warm() and self._worker else None

    async def warm(self) -> None:
        """Start a worker before it is needed; its libraries load while the caller does something else."""
        async with self._turn:
            self._keep()
            await self._connected()
            self._end_when_idle()

    async def load(self, request: ProjectRef, *, uncloned: bool = False) -> Project:
        """The project that the request's files describe.

        Args:
            uncloned: leave out what is included from checkouts that are not there yet.
        Raises:
            ConfigError: the files have problems, or the worker crashed or was too slow over them.
        """
        async with self._in_turn():
            return await self._load(request, uncloned)

    async def edit(self, request: ProjectRef, edit: Edit) -> Edited:
        """Have the request's files changed.

        Raises:
            NexsockError: as nexsock.config.edit.apply; then nothing was changed.
        """
        async with self._in_turn():
            reserved = self.numbers.reserved(frozenset())
            answer = await self._ask(LoadRequest(ref=request, reserved=reserved, edit=edit))
        if answer.edited is None:
            raise _error(answer)
        return answer.edited

    async def look(self, request: ProjectRef, service: str) -> Definition:
        """How the request's files define a service.

        Raises:
            NexsockError: as nexsock.config.edit.look.
        """
        async with self._in_turn():
            reserved = self.numbers.reserved(frozenset())
            answer = await self._ask(LoadRequest(ref=request, reserved=reserved, look=service))
        if answer.definition is None:
            raise _error(answer)
        return answer.definition

    async def settings(self, path: str) -> dict[str, Told]:
        """What a file of settings says.

        Raises:
            ConfigError: it has problems.
        """
        async with self._in_turn():
            answer = await self._ask(LoadRequest(ref=ProjectRef(files=(path,)), settings=path))
        if answer.settings is None:
            raise _error(answer)
        return answer.settings

    @contextlib.asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        """Nobody else asks the worker meanwhile, and it stays warm afterwards."""
        async with self._turn:
            self._keep()
            try:
                yield
            finally:
                self._end_when_idle()

    async def _load(self, request: ProjectRef, uncloned: bool) -> Project:
        """Load until no port that was newly chosen is in use already, and reserve what was chosen."""
        avoid: frozenset[int] = frozenset()
        while True:
            answer = await self._ask(LoadRequest(ref=request, reserved=self.numbers.reserved(avoid), uncloned=uncloned))
            project = answer.project
            if project is None:
                raise _error(answer)
            if not project.auto_ports:
                return project
            if not (in_use := await asyncio.to_thread(self.numbers.in_use, project)):
                break
            avoid |= in_use
        await self._reserve(project)
        return project

    async def _reserve(self, project: Project) -> None:
        try:
            await asyncio.to_thread(self.numbers.keep, project)
        except OSError as error:
            _log.warning("the ports of project '%s' are not remembered: %s", project.name, error.strerror)

    async def close(self) -> None:
        """End the worker, if there is one, and wait until it is gone. A load in progress ends with ConfigError."""
        self._closed = True
        self._keep()
        await self._end()
        if self._ending is not None:
            await self._ending

    async def _ask(self, request: LoadRequest) -> LoadAnswer:
        files = ", ".join(request.ref.files) or request.ref.directory
        body = packed.encode(request)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._exchange_once_more(body)
        except TimeoutError as error:
            await self._end()
            raise errors.ConfigError(
                f"reading {files} took more than {self._deadline_s:g}s and was given up",
                hint="look for huge files, or a disk that does not answer",
            ) from error
        except (EOFError, ConnectionError, msgspec.DecodeError) as error:
            await self._end()
            raise errors.ConfigError(
                f"the program that reads configurations ended over {files}", hint="run 'nexsock validate' to see why"
            ) from error
        except asyncio.CancelledError:
            await self._end()
            raise

    async def _exchange_once_more(self, body: bytes) -> LoadAnswer:
        """Exchange; a warm worker that turns out to have died since its last answer is replaced once."""
        if self._is_warm():
            try:
                return await self._exchange(body)
            except (EOFError, ConnectionError):
                await self._end()
        return await self._exchange(body)

    async def _exchange(self, body: bytes) -> LoadAnswer:
        reader, writer = await self._connected()
        writer.write(_LENGTH.pack(len(body)) + body)
        await writer.drain()
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return packed.decode(await reader.readexactly(length), LoadAnswer)

    def _is_warm(self) -> bool:
        return self._worker is not None and self._worker.lives

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The line to the worker, which is started if there is none."""
        if self._closed:
            raise EOFError("the loader is closed")
        if not self._is_warm():
            await self._end()
            self._worker = Worker(self._command)
        if self._line is None and self._worker is not None:
            self._line = await asyncio.open_connection(sock=self._worker.socket, limit=_READ_AHEAD_BYTES)
        assert self._line is not None
        return self._line

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        line, self._line = self._line, None
        if worker is None:
            return
        await asyncio.to_thread(worker.end)
        if line is None:
            worker.socket.close()
        else:
            line[1].close()

    def _keep(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _end_when_idle(self) -> None:
        if self._worker is not None:
            self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._idle)

    def _idle(self) -> None:
        if not self._turn.locked():
            self._ending = asyncio.ensure_future(self._end())


def _error(answer: LoadAnswer) -> errors.NexsockError:
    """What a worker's answer without a result says."""
    kind = errors.BY_CODE.get(answer.code, errors.NexsockError)
    if issubclass(kind, errors.ConfigError):
        return kind(answer.message, answer.problems, hint=answer.hint)
    return kind(answer.message, hint=answer.hint)
