"""The least client that Python can be: floor_client.py SOCKET COMMAND prints the answer of floor_supervisor.py.

`sys` and `_socket` are built in; with `python -I -S` this shows how fast a command of any Python tool can be.
"""

import sys
from _socket import AF_UNIX, SOCK_STREAM, socket


def main(path: str, command: str) -> None:
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.connect(path)
    connection.send(command.encode() + b"\n")
    while data := connection.recv(1 << 16):
        sys.stdout.buffer.write(data)


main(*sys.argv[1:])
