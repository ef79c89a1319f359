"""A daemon without a keeper: the real lock, socket and session around a scripted Api, started as locate starts one."""

import asyncio
import os
import select
import signal
import sys
import threading

import pytest

from nexsock.daemon import listen
from nexsock.places import Places
from nexsock.testing.scripted import ScriptedApi

STUB = """
import asyncio, fcntl, os, sys
from nexsock.daemon import lifespan
from nexsock.keeper import main
from nexsock.places import Places
from nexsock.protocol.api import Nothing
from nexsock.testing.scripted import ScriptedApi

root, mode, _ = sys.argv[1:]
places = Places(root + "/config", root + "/state", root + "/run")
lock = main.take_lock(places.lock)
if lock < 0:
    sys.exit("nexsock: already running")
if mode == "broken":
    sys.exit("it cannot be")
if os.fork():
    os._exit(0)
os.setsid()
log = os.open(places.daemon_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.dup2(log, 1), os.dup2(log, 2)
os.write(lock, f"{os.getpid()}\\n".encode())
with open(root + "/starts", "a") as starts:
    starts.write(f"{os.getpid()}\\n")
tell = lambda state: lifespan.tell_starter(state, os.environ["NOTIFY_SOCKET"])
if mode == "fails":
    print("the store is torn", flush=True)
    tell("ERRNO=1")
    sys.exit(1)
if mode == "refuses":
    tell("ERRNO=1\\nSTATUS=the socket's name is taken")
    sys.exit(1)
if mode == "silent":
    print("thinking", flush=True)

class NoVault:
    async def fetch(self, name): return None
    async def store(self, name, descriptor): pass
    async def drop(self, name): pass
    async def serving(self): pass

async def live():
    control = lifespan.Control()
    api = ScriptedApi(
        shutdown=lambda request: control.shutdown() or Nothing(),
        list_services=lambda request: dict(os.environ),
    )
    async def build(control): return api
    await lifespan.serve(places, NoVault(), build, control=control, ready=tell)

async def sleep():
    await asyncio.sleep(60)

asyncio.run(sleep() if mode == "silent" else live())
"""


class Stub:
    """Where a stub daemon lives, and how it is started."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.places = Places(f"{root}/config", f"{root}/state", f"{root}/run")

    def argv(self, mode: str = "serves") -> list[str]:
        return [sys.executable, "-c", STUB, self.root, mode, "nexsock.nexsockd"]

    def starts(self) -> list[int]:
        """Pids of the daemons that have begun."""
        try:
            with open(self.root + "/starts") as file:
                return [int(line) for line in file]
        except FileNotFoundError:
            return []


@pytest.fixture
def stub(tmp_path):
    stub = Stub(str(tmp_path))
    yield stub
    for pid in stub.starts():
        end(pid)


def end(pid: int) -> None:
    """Kill a daemon of ours and wait until it is gone; it is no child of this process."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        select.select([process], [], [], 10)
    finally:
        os.close(process)


class Server:
    """Serves an Api at a socket from a loop in another thread, for clients that block."""

    def __init__(self, root: str) -> None:
        self.places = Places(f"{root}/config", f"{root}/state", f"{root}/run")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._door: listen.Door | None = None

    def __call__(self, api: ScriptedApi) -> Places:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(api), self._loop).result(10)
        return self.places

    async def _open(self, api: ScriptedApi) -> None:
        self._door = listen.Door(api.api, os.getuid())
        self._door.open(listen.bind_unix(self.places.socket, os.getuid()))

    def end(self) -> None:
        """Serve no more, and end every conversation."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        assert self._door is not None
        await self._door.close(0.0)
        async with asyncio.timeout(60):
            while self._door.count:
                await asyncio.sleep(0.005)


@pytest.fixture
def serve(tmp_path):
    server = Server(str(tmp_path))
    yield server
    server.end()
