"""Which port numbers are spoken for: every `auto` port of every project of one user, in one file.

The daemon alone writes it; whoever reads a configuration without the daemon sees the same numbers by it. A missing or
damaged file is an empty table: numbers are then chosen as they were the first time, from the names of what needs them.
Standard library only.
"""

TYPE_CHECKING = False  # see places
if TYPE_CHECKING:
    from collections.abc import Mapping

    Ports = Mapping[str, int]
    """Numbers by "SERVICE/PORT"."""

VERSION = 1


class Holding:
    """The numbers of one project. `directory` is where it lives: gone with the project, free for others."""

    __slots__ = ("directory", "ports")

    def __init__(self, directory: str, ports: "Ports") -> None:
        self.directory = directory
        self.ports = dict(ports)


def read(path: str) -> dict[str, Holding]:
    """The table by project id; empty where there is no file, or none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            import json

            return _table(json.load(file))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def text(table: "Mapping[str, Holding]") -> str:
    """What the file holds."""
    import json

    projects = {name: {"directory": held.directory, "ports": held.ports} for name, held in table.items()}
    return json.dumps({"version": VERSION, "projects": projects}, indent=1) + "\n"


def _table(document: dict[str, object]) -> dict[str, Holding]:
    if document["version"] != VERSION:
        raise ValueError("a table of another version")
    table = {}
    projects = document["projects"]
    for name, held in projects.items():  # type: ignore[attr-defined]
        ports = {key: number for key, number in held["ports"].items() if isinstance(number, int)}
        table[str(name)] = Holding(str(held["directory"]), ports)
    return table
