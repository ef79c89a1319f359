"""Tunnels: an address that answers whatever becomes of the target, of the daemon, and of what forwards."""

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

LIMIT_S = 60.0

DB = """
import os, signal, socket, threading

door = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=512)
door.settimeout(0.05)
ending = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ending.set())

def serve(client):
    with client:
        client.settimeout(60)
        while words := client.recv(4096):
            client.sendall(words.upper())

open("listens", "w").close()
serving, quiet = [], 0
while quiet < 2:
    try:
        serving.append(threading.Thread(target=serve, args=(door.accept()[0],), daemon=True))
        serving[-1].start()
    except TimeoutError:
        quiet += ending.is_set()  # who was let through before the end of the target was known may still come in
for one in serving:
    one.join(1)
"""

SHOP = f"""
    services:
      db:
        command: [{sys.executable}, db.py]
        ports: {{main: auto}}
        healthcheck: {{tcp: main, interval: 1s}}
        hooks: {{pre_start: [{{command: "while [ -e hold ]; do sleep 0.02; done"}}]}}
      web:
        command: 'echo "$$DB_HOST:$$DB_PORT $$DB_ADDR" > address; exec sleep 1000'
        depends_on: {{db: {{tunnel: true, condition: started}}}}
"""


@pytest.fixture
def home(fresh_home):
    return fresh_home


@pytest.fixture
def shop(project):
    made = project(SHOP)
    made.edit(DB, "db.py")
    return made


def tunnel(shop):
    (only,) = shop.json("status", "web")["tunnels"]
    return only


def address(shop):
    host, _, port = tunnel(shop)["listen"].rpartition(":")
    return host, int(port)


def relay_of(home):
    """The process that forwards."""
    (pid,) = [pid for pid in home.daemons() if b"nexsock.relay" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return pid


def connect(place):
    client = socket.create_connection(place, timeout=LIMIT_S)
    client.settimeout(LIMIT_S)
    return client


def ask(client, words):
    """What is answered to words, whole; b"" if the connection is lost."""
    try:
        client.sendall(words)
        answer = b""
        while len(answer) < len(words) and (more := client.recv(4096)):
            answer += more
        return answer
    except ConnectionError:
        return b""


def test_who_connects_before_the_target_exists_is_served_when_it_comes_up(shop):
    shop.touch("hold")
    begun = shop.begin("up", "-d")
    shop.wait_until(lambda: shop.phase("db") == "starting", "db is about to start")
    with connect(address(shop)) as early:
        early.sendall(b"early")
        (shop.folder / "hold").unlink()
        assert early.recv(4096) == b"EARLY"
    assert begun.end().exit == 0
    shop.wait_until(lambda: shop.words("address"), "web says what it was given")
    place = tunnel(shop)["listen"]
    assert shop.words("address") == [place, place]


def test_neither_brain_nor_keeper_is_needed_for_what_is_forwarded(shop, home, end):
    shop.up()
    place, db = address(shop), shop.pid("db")
    with connect(place) as client:
        assert ask(client, b"before") == b"BEFORE"
        relay = relay_of(home)
        for number in (signal.SIGSTOP, signal.SIGKILL):  # while one is killed, the other would start it anew
            for pid in home.daemons():
                if pid != relay:
                    end(pid, number)
        assert ask(client, b"without") == b"WITHOUT"
        with connect(place) as other:
            assert ask(other, b"new") == b"NEW"
        assert shop.pid("db") == db
        figures = tunnel(shop)
        assert ask(client, b"after") == b"AFTER"
    assert (figures["connections"], figures["bytes_in"], figures["bytes_out"]) == (1, 16, 16)
    assert relay in home.daemons()


def test_who_waits_is_served_although_the_brain_is_killed(shop, home, end):
    shop.touch("hold")
    shop.begin("up", "-d")
    shop.wait_until(lambda: shop.phase("db") == "starting", "db is about to start")
    with connect(address(shop)) as early:
        early.sendall(b"early")
        end(shop.json("daemon", "status")["pid"])
        (shop.folder / "hold").unlink()
        assert early.recv(4096) == b"EARLY"


def test_an_address_outlives_what_forwards(shop, home, end):
    shop.up()
    place = address(shop)
    relay = relay_of(home)
    end(relay)
    with connect(place) as client:
        assert ask(client, b"hello") == b"HELLO"
    assert relay not in home.daemons()


def test_a_target_that_moves_keeps_its_address_and_its_dependent(shop):
    shop.up()
    place, web = address(shop), shop.pid("web")
    shop.edit(SHOP.replace("main: auto", f"main: {free()}"))
    shop.up()
    with connect(place) as client:
        assert ask(client, b"hello") == b"HELLO"
    assert (address(shop), shop.pid("web")) == (place, web)


def free():
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return probing.getsockname()[1]


def test_a_target_that_is_restarted_under_load_loses_nobody(shop):
    """Each client connects, asks once, and ends; whether the target is up or away at that moment, it is answered."""
    shop.up()
    place, stop = address(shop), threading.Event()
    lost, answered = [], [0]

    def load():
        while not stop.is_set():
            with connect(place) as client:
                if (answer := ask(client, b"hello")) != b"HELLO":
                    lost.append(answer)
                answered[0] += 1
            time.sleep(0.002)

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    for _ in range(int(os.environ.get("NEXSOCK_TUNNEL_RESTARTS", "4"))):
        before = answered[0]
        shop.done("restart", "db")
        shop.wait_until(lambda before=before: answered[0] > before, "clients are answered")
    stop.set()
    for client in clients:
        client.join()
    assert (lost, answered[0] > 4) == ([], True)


def test_a_port_that_somebody_else_has_is_told(shop):
    shop.up()
    host, port = address(shop)
    shop.done("down")
    with socket.create_server((host, port)):
        ended = shop.run("up", "-d")
    assert ended.exit == 1
    assert f"port {port} (tunnel to db) is held by process {os.getpid()}" in ended.err + ended.out


def test_down_ends_what_forwards(shop, home):
    shop.up()
    place = address(shop)
    shop.done("down")
    shop.wait_until(lambda: len(home.daemons()) <= 3, "the relay ends")
    with socket.socket() as probing:
        assert probing.connect_ex(place) != 0
