"""What each group of operations is given to carry them out with."""

from nexsock.daemon.bus import Bus
from nexsock.daemon.projects import Projects


class Operations:
    """Some methods of `protocol.api.Api`: each finds its project, asks it or has it changed, and answers."""

    def __init__(self, projects: Projects, bus: Bus) -> None:
        self._projects = projects
        self._bus = bus
