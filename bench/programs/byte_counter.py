"""A server that reads each connection to its end and answers how many bytes came; it says its port."""

import socket
import threading


def count(client: socket.socket) -> None:
    buffer, found = bytearray(1 << 18), 0
    with client:
        while length := client.recv_into(buffer):
            found += length
        client.sendall(str(found).encode())


with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
    print(door.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=count, args=(door.accept()[0],), daemon=True).start()
