"""Every error that nexsock shows to a person, with what a program may do about it.

    NexsockError                 code            exit  http
    ├── ConfigError              config            2   422   the file is wrong: all problems at once
    ├── UsageError               usage             2   400   the command line or a request is wrong
    ├── NotFound                 not_found         1   404   no such service, project, run, port
    ├── ServiceFailed            service_failed    1   409   it ran and failed, or did not become ready
    ├── PortBusy                 port_busy         1   409   somebody else holds a declared port
    ├── LaunchError              launch            1   409   program, folder or permission is missing
    ├── Conflict             conflict          1   409   somebody else changed the same thing first
    ├── StateError               state             1   500   the store cannot be read or written
    ├── Unreachable              unreachable       3   502   no daemon answers
    ├── Incompatible             incompatible      3   502   daemon and client speak different versions
    ├── ProtocolError            protocol          3   400   bytes that are not our protocol
    ├── Refused                  refused           4   403   permission, trust, a plugin's no
    ├── Unsupported              unsupported       2   501   this build, engine or platform cannot do it
    ├── TimeLimit                time_limit      124   504   it did not happen in time
    └── Interrupted              interrupted     130   499   the user ended it

One class for each thing that a caller can do differently. `message` is a whole sentence: where, what
was found; `hint` is what to do; `origin` is the place in a file ("nexsock.yaml:14:7").
"""


class NexsockError(Exception):
    """An expected failure; `str(error)` is what the user reads."""

    code = "error"
    exit_status = 1
    http_status = 500

    def __init__(self, message: str, *, hint: str | None = None, origin: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.origin = origin

    def __str__(self) -> str:
        place = f"{self.origin}: " if self.origin else ""
        between = "" if self.message.endswith("\n") else "; "
        advice = f"{between}{self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class ConfigError(NexsockError):
    """The configuration has problems; `problems` holds all of them (see model.problem), sorted by place."""

    code, exit_status, http_status = "config", 2, 422

    def __init__(self, message: str, problems: tuple[object, ...] = (), **where: str | None) -> None:
        super().__init__(message, **where)
        self.problems = problems


class UsageError(NexsockError):
    code, exit_status, http_status = "usage", 2, 400


class NotFound(NexsockError):
    code, exit_status, http_status = "not_found", 1, 404


class ServiceFailed(NexsockError):
    code, exit_status, http_status = "service_failed", 1, 409


class PortBusy(NexsockError):
    code, exit_status, http_status = "port_busy", 1, 409


class LaunchError(NexsockError):
    code, exit_status, http_status = "launch", 1, 409


class Conflict(NexsockError):
    code, exit_status, http_status = "conflict", 1, 409


class StateError(NexsockError):
    code, exit_status, http_status = "state", 1, 500


class Unreachable(NexsockError):
    code, exit_status, http_status = "unreachable", 3, 502


class NotRunning(Unreachable):
    """There is no daemon; one that runs and does not answer is another matter."""


class Incompatible(NexsockError):
    code, exit_status, http_status = "incompatible", 3, 502


class ProtocolError(NexsockError):
    code, exit_status, http_status = "protocol", 3, 400


class Refused(NexsockError):
    code, exit_status, http_status = "refused", 4, 403


class Unsupported(NexsockError):
    code, exit_status, http_status = "unsupported", 2, 501


class TimeLimit(NexsockError):
    code, exit_status, http_status = "time_limit", 124, 504


class Interrupted(NexsockError):
    code, exit_status, http_status = "interrupted", 130, 499


def _every(kind: type[NexsockError]) -> list[type[NexsockError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in _every(child))]


BY_CODE: dict[str, type[NexsockError]] = {kind.code: kind for kind in _every(NexsockError)}
"""The class for a code that came over the wire; an unknown code is a plain NexsockError."""
