"""Lines of services behind aligned names, each service in its colour."""

from collections.abc import Sequence

from nexsock.model.log import LogLine
from nexsock.views import style, times


class Lines:
    """Draws log lines for one command; remembers which pieces continue a line.

    `names` fixes the width of the names and the order of the colours. A service that is not among them is drawn as
    well, in the colour of its turn.
    """

    def __init__(self, names: Sequence[str], *, colour: bool, prefix: bool = True, timestamps: bool = False) -> None:
        self.colour = colour
        self.prefix = prefix
        self.timestamps = timestamps
        self.width = max((len(name) for name in names), default=0)
        self.turns = {name: turn for turn, name in enumerate(names)}
        self.continued: str | None = None

    def draw(self, line: LogLine) -> str:
        """A line with its newline. Pieces of a line too long for one item are joined as long as they follow another."""
        text = style.output(line.text, self.colour)
        if line.stream == "nexsock":
            text = style.paint(f"── {text} ──", "dim", self.colour)
        joined = self.continued == line.service
        broken = "" if joined or self.continued is None else "\n"
        self.continued = line.service if line.partial else None
        return broken + ("" if joined else self._head(line)) + text + ("" if line.partial else "\n")

    def _head(self, line: LogLine) -> str:
        at = style.paint(times.rfc3339(line.at) + " ", "dim", self.colour) if self.timestamps else ""
        if not self.prefix:
            return at
        turn = self.turns.setdefault(line.service, len(self.turns))
        name = f"{line.service:<{self.width}} | "
        return style.paint(name, style.PREFIX_STYLES[turn % len(style.PREFIX_STYLES)], self.colour) + at
