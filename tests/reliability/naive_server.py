"""`python -m tests.reliability.naive_server SOCKET`: the double of a daemon that everybody writes first.

It serves any number of clients, but reads each frame to its end where it stands, and when it cannot accept a client it
tries again at once.
"""

import os
import select
import socket
import sys

from nexsock.protocol import frame
from nexsock.protocol.api import Nothing
from nexsock.protocol.conversation import Called, Greeted
from nexsock.protocol.daemon_side import DaemonSide


class NaiveServer:
    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._listener.bind(path)
        self._listener.listen(1024)
        self._talks: dict[socket.socket, DaemonSide] = {}

    def serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._listener, *self._talks], [], [])
            for one in ready:
                if one is self._listener:
                    self._accept()
                else:
                    self._read_frame(one)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(True)
        self._talks[connection] = DaemonSide()

    def _read_frame(self, connection: socket.socket) -> None:
        talk = self._talks[connection]
        try:
            head = _exactly(connection, frame.HEADER.size)
            data = head + _exactly(connection, frame.HEADER.unpack(head)[-1])
            for happening in talk.receive(data):
                match happening:
                    case Greeted(hello):
                        connection.sendall(talk.welcome(hello, daemon="naive", pid=os.getpid()))
                    case Called(request_id):
                        connection.sendall(talk.reply(request_id, Nothing()))
        except (EOFError, OSError):
            del self._talks[connection]
            connection.close()


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


if __name__ == "__main__":
    NaiveServer(sys.argv[1]).serve()
