"""What is seen while services are brought up or down: lines in a pipe, one line that changes in place on a terminal."""

from nexsock.model.event import Event
from nexsock.model.state import SETTLED
from nexsock.views import events, style

CLEAR_LINE = "\r\x1b[2K"
"""To the first column, then erase the line (ECMA-48 8.3.41)."""


class Progress:
    """Draws the events of one command for the error stream; remembers phases, and whether a line is to be erased."""

    def __init__(self, *, colour: bool, columns: int) -> None:
        self.colour = colour
        self.columns = columns
        self.phases: dict[str, str] = {}
        self.standing = False

    def draw(self, event: Event) -> str:
        """Text for an event, possibly none."""
        line = events.transition(event, colour=self.colour)
        if line is None:
            return ""
        if not self.colour:
            return line
        if event.kind != "phase":
            return self.end() + line
        assert event.service is not None
        self.phases[event.service] = event.phase or ""
        erased = self.end()
        self.standing = True
        return erased + self._state(event)

    def end(self) -> str:
        """Text that takes the changing line away."""
        standing, self.standing = self.standing, False
        return CLEAR_LINE if standing else ""

    def _state(self, event: Event) -> str:
        settled = sum(phase in SETTLED for phase in self.phases.values())
        reason = f": {style.one_line(event.reason)}" if event.reason else ""
        said = (
            f"{settled} of {style.plural(len(self.phases), 'service')} settled  {event.service} {event.phase}{reason}"
        )
        return style.clip(said, max(self.columns - 1, 20))
