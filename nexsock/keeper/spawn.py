"""Start one program with `posix_spawn`, and say in which way it could not be started.

`posix_spawn` uses vfork: the child shares the keeper's memory until it executes, so a keeper that is killed in
between leaves a child that goes on to execute its program; it holds the keeper's end of the channel until then,
therefore whoever has seen the end of the channel sees that child with its own environment already.
"""

import errno
import os
import resource

from nexsock.keeper import limits, linux, mark, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

TRANSIENT = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
_DEFAULT_PATH = "/bin:/usr/bin"
_found: "dict[tuple[str, str], str]" = {}
"""Programs by name and PATH: 200 services that run `python3` need not look through ten folders each."""


class Descriptors:
    """The limit on open descriptors: all that the hard limit allows for the keeper, `soft` for its children.

    `soft` 0 stands for what the keeper was given itself.
    """

    def __init__(self, soft: int = 0) -> None:
        given, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.theirs = (soft or given, hard)
        self.ours = (hard, hard)
        self.take()

    def take(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, self.ours)

    def give(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, self.theirs)


def start(
    argv: list[str],
    environment: dict[str, str],
    cwd: str,
    descriptors: "Sequence[int]",
    limit: Descriptors,
    *,
    instance: str = "",
    limited: "dict[str, int] | None" = None,
    terminal: str = "",
) -> int:
    """Start `argv` in a session of its own; its descriptors are 0, 1, 2 ... as given and nothing else, or all three
    are `terminal`, the path of one, which becomes its controlling terminal.

    Signals have their default action and none is blocked. What is a run, `instance`, carries its mark.
    `limited` are the limits that it has of its own, as limits.start takes them.

    Returns:
        The pid of our new child.
    Raises:
        wire.Refusal: nothing was started.
    """
    actions = _on_terminal(terminal) if terminal else _in_place(descriptors)
    _enter(cwd)
    try:
        program = find_program(argv[0], environment)
        limit.give()
        unmarked = mark.put(mark.of_run(instance)) if instance else None
        try:
            if limited:
                return limits.start(program, argv, environment, actions, limited)
            return os.posix_spawn(
                program,
                argv,
                environment,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=linux.ALL_SIGNALS,
            )
        except OSError as error:
            raise wire.Refusal(_kind(error.errno or 0, program), error.errno or 0, program) from error
        except (ValueError, TypeError) as error:
            raise wire.Refusal(wire.REQUEST, errno.EINVAL, str(error)) from error
        finally:
            if unmarked is not None:
                mark.put(unmarked)
            limit.take()
    finally:
        os.chdir("/")


def _in_place(descriptors: "Sequence[int]") -> "list[tuple[Any, ...]]":
    return [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate(descriptors)]


def _on_terminal(path: str) -> "list[tuple[Any, ...]]":
    """What the leader of a session without a terminal opens first becomes its controlling one (tty_io.c); file actions
    come after setsid (glibc, spawni.c)."""
    opened = (os.POSIX_SPAWN_OPEN, 0, path, os.O_RDWR, 0)
    return [opened, (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]


def _enter(cwd: str) -> None:
    try:
        os.chdir(cwd)
    except PermissionError as error:
        raise wire.Refusal(wire.PERMISSION, errno.EACCES, cwd) from error
    except OSError as error:
        raise wire.Refusal(wire.WORKING_DIR, error.errno or 0, cwd) from error
    except ValueError as error:
        raise wire.Refusal(wire.REQUEST, errno.EINVAL, str(error)) from error


def find_program(name: str, environment: dict[str, str]) -> str:
    """The path to execute for argv[0], as execvp(3) finds it, in the PATH of the service and from its folder.

    Raises:
        wire.Refusal: none of the folders has it, or only ones that may not be executed.
    """
    if "/" in name:
        return name
    path = environment.get("PATH") or _DEFAULT_PATH
    found = _found.get((name, path))
    if found is not None and os.access(found, os.X_OK):
        return found
    folders = path.split(":")
    candidates = [f"{folder}/{name}" if folder else name for folder in folders]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            if candidate.startswith("/"):
                _found[name, path] = candidate
            return candidate
    for candidate in candidates:
        if os.path.isfile(candidate):
            raise wire.Refusal(wire.PERMISSION, errno.EACCES, candidate)
    raise wire.Refusal(wire.PROGRAM_MISSING, errno.ENOENT, name)


def _kind(number: int, program: str) -> str:
    if number == errno.ENOENT:
        return wire.INTERPRETER_MISSING if os.path.exists(program) else wire.PROGRAM_MISSING
    if number in TRANSIENT:
        return wire.RESOURCES
    if number in (errno.EACCES, errno.EPERM):
        return wire.PERMISSION
    if number in (errno.ENOEXEC, errno.EISDIR):
        return wire.NOT_EXECUTABLE
    return wire.PROGRAM_MISSING if number == errno.ENOTDIR else wire.OTHER
