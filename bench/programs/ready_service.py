"""A service that becomes ready at once and notes when: ready_service.py KIND PORT FILE TOKEN.

KIND tcp listens on PORT, log prints "ready"; then the monotonic time is written to FILE. Ends by a signal.
"""

import os
import signal
import sys
import time
from _socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket


def main(kind: str, port: str, file: str, _token: str) -> None:
    listener = socket(AF_INET, SOCK_STREAM)
    if kind == "tcp":
        listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(port)))
        listener.listen(16)
    else:
        os.write(1, b"ready\n")
    with open(file, "w") as note:
        note.write(repr(time.monotonic()))
    signal.pause()


main(*sys.argv[1:])
