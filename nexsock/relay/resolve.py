"""Addresses of a host: at once where it is an address itself, else asked in a thread, since asking may take seconds."""

import _socket
import _thread
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nexsock.relay.loop import Loop

    Address = tuple[int, Any]
    """Family and what connect takes."""
    Found = Callable[[list[Address], str], None]
    """Called with the addresses, or with none and the reason."""


def literal(host: str, port: int) -> "Address | None":
    """The address that a host is itself, or None if it is a name."""
    for family in (_socket.AF_INET, _socket.AF_INET6):
        try:
            _socket.inet_pton(family, host)
        except OSError:
            continue
        return family, (host, port)
    return None


class Resolver:
    def __init__(self, loop: "Loop") -> None:
        self._answers: list[tuple[Found, list[Address], str]] = []
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        loop.watch(self._reading, self._tell)

    def ask(self, host: str, port: int, found: "Found") -> None:
        """Have `found` called in the loop's thread."""
        _thread.start_new_thread(self._look, (host, port, found))

    def _look(self, host: str, port: int, found: "Found") -> None:
        addresses: list[Address] = []
        reason = ""
        try:
            for family, _, _, _, address in _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM):
                addresses.append((family, address))
        except OSError as error:
            reason = f"{host}: {error.strerror}"
        except UnicodeError:
            reason = f"{host}: not a name of a host"
        self._answers.append((found, addresses, reason))
        os.write(self._writing, b".")

    def _tell(self) -> None:
        os.read(self._reading, 4096)
        answers, self._answers = self._answers, []
        for found, addresses, reason in answers:
            found(addresses, reason)
