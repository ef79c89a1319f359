"""Where a value stands in a file."""

from msgspec import Struct


class Origin(Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1. `str()` is the form editors jump to."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def parse(text: str) -> Origin:
    """The place that "file:line:column" names (the form `str(origin)` gives)."""
    file, line, column = text.rsplit(":", 2)
    return Origin(file, int(line), int(column))
