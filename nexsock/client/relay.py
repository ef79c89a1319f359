"""Carry a conversation between a socket and a pair of descriptors, for clients that come in through ssh.

Bytes only: who talks to whom about what is none of its business.
"""

import os
import socket
import threading

CHUNK_BYTES = 64 * 1024


def carry(connection: socket.socket, reading: int, writing: int) -> None:
    """Copy in both directions until the daemon has said its last word, or nobody is there to hear it.

    The end of `reading` ends what the client has to say; the daemon ends the conversation then.
    """
    threading.Thread(target=_inward, args=(reading, connection), daemon=True).start()
    while data := _received(connection):
        if not _written(writing, data):
            return


def _inward(reading: int, connection: socket.socket) -> None:
    try:
        while data := os.read(reading, CHUNK_BYTES):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except OSError:  # the daemon has ended: the other direction says so
        return


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(CHUNK_BYTES)
    except ConnectionResetError:
        return b""


def _written(writing: int, data: bytes) -> bool:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(writing, view) :]
    except BrokenPipeError:
        return False
    return True
