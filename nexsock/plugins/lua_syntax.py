"""The process that compiles a Lua plugin for `nexsock plugin check`: `python -m nexsock.plugins.lua_syntax < FILE`.

Compiles and runs nothing. Standard output has what is wrong, or nothing. Byte code, which can break the interpreter, is
not even compiled.
"""

import resource
import sys

BYTECODE = b"\x1b"
MEMORY_BYTES, CPU_S = 512 * 1024**2, 10


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    sys.stdout.write(fault(sys.stdin.buffer.read()))


def fault(source: bytes) -> str:
    """What the compiler says, as it says it: '[string "..."]:3: unexpected symbol near ...'; "" where all is well."""
    from lupa import lua54

    if source.startswith(BYTECODE):
        return "it is byte code, and a plugin is a text"
    runtime = lua54.LuaRuntime(register_eval=False, register_builtins=False, encoding="latin-1")
    try:
        runtime.compile(source.decode("latin-1"))
    except lua54.LuaSyntaxError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
