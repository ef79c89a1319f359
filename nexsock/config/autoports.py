"""The numbers of ports that are `auto`: the reserved one, or one that follows from the names of project and service."""

from collections.abc import Collection
from hashlib import blake2b

from nexsock.model.load import Reserved


class Chooser:
    """Chooses for one load of one project. The same circumstances give the same numbers.

    Args:
        project: its id.
        written: the numbers that its file names itself; they are never chosen.
    """

    def __init__(self, project: str, reserved: Reserved, written: Collection[int]) -> None:
        self.chosen: dict[str, int] = {}
        """by "SERVICE/PORT", in the order in which they were asked for"""
        self._project = project
        self._reserved = reserved
        self._own = reserved.ports.get(project, {})
        self._taken = {*written, *reserved.avoid}
        self._promised = {number for ports in reserved.ports.values() for number in ports.values()}

    def __call__(self, service: str, port: str) -> int | None:
        """The number of a port, or None where every number of the range is spoken for."""
        key = f"{service}/{port}"
        if key in self.chosen:
            return self.chosen[key]
        number = self._own.get(key)
        if number is None or number in self._taken:
            number = self._fresh(key)
        if number is not None:
            self.chosen[key] = number
            self._taken.add(number)
        return number

    def _fresh(self, key: str) -> int | None:
        first, last = self._reserved.first, self._reserved.last
        size = last - first + 1
        digest = blake2b(f"{self._project}/{key}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
        start = int.from_bytes(digest, "big") % size
        for step in range(size):
            number = first + (start + step) % size
            if number not in self._taken and number not in self._promised:
                return number
        return None
