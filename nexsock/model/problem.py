"""What is wrong with a configuration, in a form that people, editors and programs can use."""

from typing import Literal

from msgspec import Struct


class Problem(Struct, frozen=True, kw_only=True):
    """One mistake or warning. `file` is as the user named it, relative to the project where it can be.

    `message` is a sentence without full stop; `suggestion` is what to do; `source_line` is the text of the line,
    so that a view can draw a caret below `column` without opening the file again.
    """

    file: str
    line: int
    column: int
    message: str
    suggestion: str | None = None
    source_line: str | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        advice = f"; {self.suggestion}" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{advice}"

    @property
    def place(self) -> tuple[str, int, int]:
        return (self.file, self.line, self.column)
