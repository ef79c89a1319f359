"""The process of one plugin, as far as it is the same for all kinds: it is confined, loads, and answers calls.

The socket to the daemon is our standard input when we begin. It is moved out of the plugin's way before anything of
the plugin runs; what the plugin prints goes to a pipe that the daemon keeps in the plugin's log. The end of the socket
is the end of the process, and the daemon may kill us at any moment.

A kind of plugin is a function that makes a `Plugin` of a `Load`, and a module whose `main` calls `serve` with it.
"""

import gc
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar

from nexsock.keeper import linux, mark
from nexsock.model import packed
from nexsock.plugins.wire import FRAME_LIMIT_BYTES, LENGTH, STORAGE_LIMIT_BYTES, Call, Load, Ready, Returned

MEMORY_BYTES = 512 * 1024**2
"""of address space, unless a kind of plugin wants less"""
LOG_LINE_LIMIT = 4096

Frame = TypeVar("Frame", Load, Call)


class Fault(Exception):
    """What a plugin did wrong, as the end of a sentence about it; where in our code that came up says nothing."""


class Nexsock:
    """What a plugin can use of nexsock: the same for every kind.

    Attributes:
        storage: what it keeps, as plain data; needs the capability `storage`. Written down after each call.
    """

    def __init__(self, load: Load) -> None:
        self._capabilities = frozenset(load.capabilities)
        self._storage: dict[str, Any] = dict(load.storage)
        self._services: tuple[dict[str, Any], ...] = ()

    def log(self, text: object) -> None:
        """Write a line to the plugin's log."""
        print(str(text)[:LOG_LINE_LIMIT], file=sys.stderr, flush=True)

    def services(self) -> list[dict[str, Any]]:
        """The services of the project as they are now: name, phase, ports, pid. Changing it changes nothing.

        Raises:
            PermissionError: the manifest has no capability `services`.
        """
        self._need("services")
        return [dict(service) for service in self._services]

    @property
    def storage(self) -> dict[str, Any]:
        self._need("storage")
        return self._storage

    def _need(self, capability: str) -> None:
        if capability not in self._capabilities:
            raise PermissionError(f"this needs the capability '{capability}' in the manifest")


class Plugin(Protocol):
    """A plugin that is loaded. `hooks` are those of which it has a function."""

    hooks: tuple[str, ...]

    def call(self, hook: str, arguments: dict[str, Any]) -> object:
        """Its plain answer. Whatever it raises is the plugin's fault."""


def serve(load: Callable[[Load, Nexsock], Plugin], *, limits: Callable[[], None] = lambda: None) -> NoReturn:
    """Be the process of one plugin until the daemon has no more to ask.

    Args:
        load: raises what is wrong with a plugin that cannot be loaded.
        limits: lowers the limits of the process further; called when everything of ours is imported and nothing of
            the plugin is.
    """
    descriptor = _socket_out_of_the_way()
    order = _read(descriptor, Load)
    _confine(order)
    limits()
    nexsock = Nexsock(order)
    try:
        plugin = load(order, nexsock)
    except BaseException as error:
        _write(descriptor, packed.encode(Ready(fault=_reported(error))))
        os._exit(1)
    gc.freeze()
    _write(descriptor, packed.encode(Ready(hooks=plugin.hooks)))
    kept = packed.encode(order.storage)
    while True:
        call = _read(descriptor, Call)
        nexsock._services = call.services
        reply, kept = _answer(plugin, call, nexsock, kept)
        _write(descriptor, reply)


def _answer(plugin: Plugin, call: Call, nexsock: Nexsock, kept: bytes) -> tuple[bytes, bytes]:
    """The frame that answers a call, and what the plugin keeps from now on, both packed."""
    try:
        answer = plugin.call(call.hook, call.arguments)
        storage = packed.encode(nexsock._storage)
        if len(storage) > STORAGE_LIMIT_BYTES:
            raise ValueError(f"it keeps more than {STORAGE_LIMIT_BYTES // 1024} KiB")
        changed = nexsock._storage if storage != kept else None
        reply = packed.encode(Returned(number=call.number, answer=answer, storage=changed))
        if len(reply) > FRAME_LIMIT_BYTES:
            raise ValueError(f"its answer has more than {FRAME_LIMIT_BYTES // 1024} KiB")
    except BaseException as error:
        told = _reported(error)
        fault = told if isinstance(error, Fault) else f"raised {told}"
        return packed.encode(Returned(number=call.number, fault=fault)), kept
    return reply, storage


def _reported(error: BaseException) -> str:
    """What was raised, in one line, when the plugin's log has all of it; its own exception may be unable to say it."""
    if isinstance(error, Fault):
        print(error, file=sys.stderr, flush=True)
        return str(error)[:LOG_LINE_LIMIT]
    traceback.print_exc()
    try:
        text = str(error).strip().split("\n", 1)[0][:500]
    except BaseException:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _socket_out_of_the_way() -> int:
    """Where the socket is from now on; standard input is empty."""
    descriptor = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return descriptor


def _confine(order: Load) -> None:
    """End with the daemon, gain no rights, leave no core, need no more memory than is sound, and be known again."""
    linux.end_with_parent(order.parent, signal.SIGKILL)
    linux.gain_no_rights()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lower(resource.RLIMIT_AS, MEMORY_BYTES)
    mark.put(order.mark)
    os.environ.pop("PYTHONPATH", None)  # it was for us


def lower(limit: int, value: int) -> None:
    """Lower a limit of this process for good; one that is lower already stays."""
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _read(descriptor: int, kind: type[Frame]) -> Frame:
    """The next frame; the end of the process where there will be none."""
    (length,) = LENGTH.unpack(_exactly(descriptor, LENGTH.size))
    return packed.decode(_exactly(descriptor, length), kind)


def _exactly(descriptor: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = os.read(descriptor, length - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def _write(descriptor: int, body: bytes) -> None:
    data = memoryview(LENGTH.pack(len(body)) + body)
    while data:
        data = data[os.write(descriptor, data) :]
