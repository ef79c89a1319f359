"""What every program of the shop does alike: read its settings, say what happens, end when it is asked to."""

import os
import signal
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType


def say(text: str) -> None:
    """Write one line to the log at once; without the flush it would wait in a buffer until the program ends."""
    print(text, flush=True)


def end_when_asked() -> None:
    """From now on SIGTERM and Ctrl-C end the program at once, with exit status 0 and nothing left open."""
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    say(f"asked to end by {signal.Signals(number).name}")
    sys.exit(0)


def setting(name: str) -> str:
    """The value of an environment variable; a program whose variable is missing ends and says which one it was."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"{name} is not set: start this program with nexsock, or set the variable yourself")
    return value


def read_pairs(path: str) -> dict[str, str]:
    """The pairs of a file of `name=value` lines: an env file or a properties file without special characters."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def serve(handler: Callable[..., BaseHTTPRequestHandler], port: int) -> None:
    """Answer HTTP requests on the loopback address until the program is asked to end."""
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        say(f"listening on http://127.0.0.1:{server.server_port}")
        server.serve_forever()
