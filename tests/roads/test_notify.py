"""Services that say how they are, by the protocol of systemd."""

import signal
import socket

import pytest

SPEAKER = """
    import os, signal, socket, sys, time

    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.connect(os.environ["NOTIFY_SOCKET"])
    hung = False

    def hang(*_):
        global hung
        hung = True

    def wait_for(name):
        while not os.path.exists(name):
            time.sleep(0.005)

    signal.signal(signal.SIGUSR1, hang)
    told.send(b"STATUS=half way")
    wait_for("go")
    told.send(b"READY=1\\nSTATUS=open")
    if "watched" in sys.argv:
        while not hung:
            told.send(b"WATCHDOG=1")
            time.sleep(int(os.environ["WATCHDOG_USEC"]) / 1e6 / 5)
    open("said", "w").close()
    while True:
        time.sleep(1000)
"""
"""Says that it is ready once there is a file "go"; then, if it is "watched", that it lives, until SIGUSR1."""


@pytest.fixture
def road(project):
    def make(check="", argument=""):
        made = project(f"""
            services:
              web:
                command: exec python3 speaker.py {argument}
                healthcheck: {{notify: true{check}}}
              front: {{command: exec sleep 1000, depends_on: [web]}}
        """)
        made.edit(SPEAKER, "speaker.py")
        return made

    return make


def probe(road):
    return road.json("status", "web")["probes"][0]


def test_who_needs_it_waits_until_it_says_that_it_is_ready(road):
    shop = road()
    up = shop.begin("up", "-d")
    shop.wait_until(lambda: shop.phase("web") == "starting" and probe(shop)["output"] == "half way", "it has begun")
    assert shop.phase("front") == "blocked"
    assert "ok" not in probe(shop)
    shop.touch("go")
    assert up.end().exit == 0
    assert (shop.phases(), probe(shop)["output"]) == ({"web": "ready", "front": "running"}, "open")


def test_one_that_says_nothing_in_time_is_unhealthy_and_can_still_become_ready(road):
    shop = road(", start_period: 200ms")
    assert shop.run("up", "-d").exit == 1
    assert shop.service("web")["reason"].startswith("it did not say READY=1 in time")
    shop.touch("go")
    shop.wait_until(lambda: shop.phases() == {"web": "ready", "front": "running"}, "all is up")


def test_one_that_hangs_is_restarted(road, end):
    shop = road(", interval: 2s, on_unhealthy: restart", "watched")
    shop.touch("go")
    shop.up()
    first = shop.pid("web")
    end(first, signal.SIGUSR1)
    shop.wait_until(lambda: (web := shop.service("web"))["phase"] == "ready" and web["pid"] != first, "it is restarted")
    assert "no WATCHDOG=1 for 2s" in shop.history("web")[0]["cause"]


@pytest.mark.parametrize("which", [["pid"], ["keeper_pid"]], ids=["the brain", "the keeper"])
def test_what_it_says_while_half_of_the_daemon_is_dead_is_heard(road, end, lives, which):
    shop = road()
    shop.begin("up", "-d")
    shop.wait_until(lambda: shop.phase("web") == "starting" and probe(shop)["output"] == "half way", "it has begun")
    status = shop.json("daemon", "status")
    for half in ("pid", "keeper_pid"):
        end(status[half], signal.SIGSTOP)
    shop.touch("go")
    shop.wait_until((shop.folder / "said").exists, "it has spoken")
    for half in which:
        end(status[half])
    for half in {"pid", "keeper_pid"} - {*which}:
        end(status[half], signal.SIGCONT)
    shop.wait_until(lambda: shop.phases() == {"web": "ready", "front": "running"}, "its word was heard")


def test_a_stranger_cannot_make_it_ready(road):
    shop = road()
    shop.begin("up", "-d")
    shop.wait_until(lambda: shop.phase("web") == "starting" and probe(shop)["output"] == "half way", "it has begun")
    (path,) = (shop.home.folder / "run" / "notify").iterdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"READY=1", str(path))
        shop.wait_until(lambda: "which is not of it, is ignored" in shop.home.log, "it was refused")
    assert shop.phase("web") == "starting"


def test_nothing_is_left_of_its_socket(road):
    shop = road()
    shop.touch("go")
    shop.up()
    shop.done("down")
    shop.wait_until(lambda: not [*(shop.home.folder / "run" / "notify").iterdir()], "its socket is removed")
