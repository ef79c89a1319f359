"""What can be said of a plugin without running it: for its author, before the daemon says it."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

from msgspec import Struct

from nexsock.hooks import EVENTS
from nexsock.model.plugin import PluginStatus
from nexsock.plugins import find, spots
from nexsock.plugins.find import Candidate, Found

COMPILE_S = 20.0
_GIVEN = "nexsock"
"""What every function may name besides what its hook is told."""


class Problem(Struct, frozen=True, kw_only=True):
    """`line` counts from 1; None: it is about the file."""

    message: str
    hint: str | None = None
    line: int | None = None


class Checked(Struct, frozen=True, kw_only=True):
    """What a plugin says of itself, and everything that is wrong with it."""

    plugin: PluginStatus
    problems: tuple[Problem, ...] = ()


def check(path: str, uid: int) -> Checked:
    """Look at one file as the daemon would, and at its functions."""
    parent = os.path.dirname(path)
    root = os.path.dirname(parent) if os.path.basename(parent) in spots.SUFFIXES else parent
    found = find.look(Candidate(kind=find.kind_of(path), path=path, root=root), uid)
    problems = sorted(_problems(found), key=lambda problem: problem.line or 0)
    return Checked(plugin=find.described(found), problems=tuple(problems))


def _problems(found: Found) -> Iterator[Problem]:
    if found.manifest is None:
        yield Problem(message=found.fault, hint=found.hint or None)
    elif found.candidate.kind == "lua":
        yield from _of_lua(found.source)
    else:
        yield from _of_native(ast.parse(found.source), found.manifest.hooks)


def _of_native(tree: ast.Module, hooks: Iterable[str]) -> Iterator[Problem]:
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for hook in hooks:
        match defined.get(hook):
            case ast.AsyncFunctionDef(lineno=line):
                hint = "a plugin has a process of its own and may simply wait"
                yield Problem(message=f"{hook} is async", hint=hint, line=line)
            case ast.FunctionDef(args=arguments):
                yield from _of_arguments(hook, arguments)


def _of_arguments(hook: str, arguments: ast.arguments) -> Iterator[Problem]:
    told = (*EVENTS[hook].__struct_fields__, _GIVEN)
    by_position = [*arguments.posonlyargs, *([arguments.vararg] if arguments.vararg else [])]
    for one in by_position:
        hint = "name what it wants to be told"
        yield Problem(
            message=f"{hook} is called with keywords only; '{one.arg}' cannot be one", hint=hint, line=one.lineno
        )
    for one in (*arguments.args, *arguments.kwonlyargs):
        if one.arg not in told:
            message = f"{hook} is not told '{one.arg}'"
            yield Problem(message=message, hint=f"it is told {', '.join(told)}", line=one.lineno)


def _of_lua(source: bytes) -> Iterator[Problem]:
    """Compiled in a process of its own (plugins.lua_syntax), and not run."""
    command = (sys.executable, "-P", "-m", "nexsock.plugins.lua_syntax")
    try:
        done = subprocess.run(command, input=source, capture_output=True, timeout=COMPILE_S, check=False)
    except subprocess.TimeoutExpired:
        yield Problem(message=f"Lua has not understood it within {COMPILE_S:g}s")
        return
    said = done.stdout.decode(errors="replace").strip()
    if said or done.returncode:
        place, _, what = said.rpartition(":")
        line = re.search(r":(\d+)$", place)
        message = f"it is not Lua: {what.strip() or 'the compiler has ended over it'}"
        yield Problem(message=message, line=int(line[1]) if line else None)
