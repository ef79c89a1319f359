"""The messages that every connection has, whatever it is used for: hello, its answer, and errors."""

from msgspec import Struct

from nexsock import errors
from nexsock.model.problem import Problem


class Hello(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """First frame of a client: the versions it speaks, the features it knows, and who it is, for people.

    Only on TCP: `proof` shows that it has the token, `nonce` asks the daemon to show the same (protocol.token).
    """

    min: int
    max: int
    features: tuple[str, ...] = ()
    client: str = ""
    nonce: bytes = b""
    proof: bytes = b""


class Welcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a hello: the version that is spoken from here on, and the features that both sides know."""

    version: int
    features: tuple[str, ...] = ()
    daemon: str = ""
    pid: int = 0
    proof: bytes = b""


class WireError(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error of nexsock.errors on its way; `code` names the class, `problems` are those of a ConfigError."""

    code: str
    message: str
    hint: str | None = None
    origin: str | None = None
    problems: tuple[Problem, ...] = ()


def from_error(error: errors.NexsockError) -> WireError:
    """The message for an error."""
    problems = error.problems if isinstance(error, errors.ConfigError) else ()
    return WireError(
        code=error.code,
        message=error.message,
        hint=error.hint,
        origin=error.origin,
        problems=tuple(problem for problem in problems if isinstance(problem, Problem)),
    )


def to_error(wire: WireError) -> errors.NexsockError:
    """The error of a message, ready to be raised; a code that this build does not know is a plain NexsockError."""
    kind = errors.BY_CODE.get(wire.code, errors.NexsockError)
    if issubclass(kind, errors.ConfigError):
        return kind(wire.message, wire.problems, hint=wire.hint, origin=wire.origin)
    return kind(wire.message, hint=wire.hint, origin=wire.origin)
