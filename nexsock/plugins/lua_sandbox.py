"""One script in one Lua interpreter, from which nothing leads out: bytes go in, bytes come out.

The interpreter is given no value of Python, so no attribute of one can be followed to another (CVE-2026-34444 did that
through `getattr`, which no filter of attributes is asked about). Its libraries are what lua_world.lua leaves of them.
What Lua itself cannot end, such as a search for a hostile pattern, ends with the process: see lua_wall.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from lupa import lua54

MEMORY_BYTES = 32 * 1024**2
"""of an interpreter; an empty one takes 64 KiB"""
INSTRUCTIONS = 10_000_000
"""of one call: about 0.1 s"""
SOURCE_BYTES = 128 * 1024
"""of a script: to parse it is not counted as instructions"""


def _beside(name: str) -> bytes:
    """A file of this room. `importlib.resources` would cost each plugin's process 10 ms and 1 MiB."""
    with open(os.path.join(os.path.dirname(__file__), name), "rb") as file:
        return file.read()


_PLAIN, _WORLD = _beside("lua_plain.lua"), _beside("lua_world.lua")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a call of a script ended.

    Attributes:
        value: what a hook returned, plain data.
        problem: why it returned nothing, as the end of a sentence about it; "" when it did.
        spent: that was a limit, and nothing more can be asked of this sandbox.
        log: the lines that it logged.
        storage: its storage, when the call has changed it.
    """

    value: Any = None
    problem: str = ""
    spent: bool = False
    log: tuple[str, ...] = ()
    storage: dict[str, Any] | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a script is given for as long as it lives."""

    hooks: Sequence[str] = ()
    """those that it can define"""
    capabilities: Sequence[str] = ()
    variables: Mapping[str, str] = {}
    """what `nexsock.env` gives"""
    storage: Mapping[str, Any] = {}


class Sandbox:
    """A script that can be asked. It runs once at `load`, before which nothing of it has run."""

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES, instructions: int = INSTRUCTIONS) -> None:
        self._instructions = instructions
        runtime = lua54.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_nothing,
            max_memory=memory_bytes,
        )
        plain = runtime.execute(_PLAIN, name=b"=nexsock", mode="t")
        self._load, self._ask = runtime.execute(_WORLD, *plain, name=b"=nexsock", mode="t")

    def load(self, source: bytes, name: str, given: Given) -> Answer:
        """Run a script; the value is the list of hooks that it defines. Positions in problems begin with its name."""
        if len(source) > SOURCE_BYTES:
            return Answer(problem=f"the script is larger than {SOURCE_BYTES // 1024} KiB")
        return self._call(self._load, source, name.encode(errors="replace"), _packed(given))

    def ask(self, hook: str, argument: Mapping[str, Any], services: Sequence[Mapping[str, Any]]) -> Answer:
        """What the script's hook makes of an argument, while these are the services. All of it is plain data."""
        return self._call(self._ask, hook.encode(), _packed(argument), _packed(services))

    def _call(self, function: Any, first: bytes, second: bytes, third: bytes) -> Answer:
        try:
            ok, result, spent, log, storage = function(self._instructions, first, second, third)
        except MemoryError:  # there was not even room to say so
            return Answer(problem="needed more memory than a plugin may have", spent=True)
        if not ok:
            return Answer(problem=_shown(result), spent=spent, log=_lines(log), storage=_unpacked(storage))
        return Answer(value=_unpacked(result), log=_lines(log), storage=_unpacked(storage))


def _nothing(_owner: object, name: object, _is_set: bool) -> object:
    raise AttributeError(f"{name!r} is not for Lua")


def _packed(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


def _unpacked(text: bytes | None) -> Any:
    return msgspec.msgpack.decode(text) if text else None


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _lines(text: bytes) -> tuple[str, ...]:
    return tuple(_shown(text).splitlines())
