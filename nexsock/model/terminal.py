"""What somebody who looks at a service's terminal is told."""

from msgspec import Struct

from nexsock.model.state import Exit


class TerminalPiece(Struct, frozen=True, kw_only=True):
    """Output to be drawn as it is, or what became of the run that wrote it.

    `place` counts the bytes that the service had written up to the end of this piece: whoever lost the daemon asks
    its successor to go on from there. `skipped` bytes before this piece are left out, because the viewer was too far
    behind to see them. A piece with `run` and no output says that this run has begun, or with `exit` that it has
    ended. The piece with `over` is the last: the service will not be started by itself.
    """

    place: int
    output: bytes = b""
    skipped: int = 0
    run: int | None = None
    exit: Exit | None = None
    over: bool = False
