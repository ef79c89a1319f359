"""Settings that a real daemon reads from its file."""

import socket

import pytest


@pytest.fixture
def home(fresh_home, free_port):
    """A daemon of its own, which ends after a second without anything to do, and serves on a port until then."""
    (fresh_home.folder / "config").mkdir()
    (fresh_home.folder / "config" / "config.yaml").write_text(
        f"daemon:\n  idle_timeout: 1s\n  listen: tcp://127.0.0.1:{free_port}\n"
        f"database:\n  url: tinydb:{fresh_home.folder}/memory\n"
    )
    return fresh_home


def test_a_daemon_listens_remembers_and_ends_as_its_settings_say(project, home, free_port):
    road = project("services:\n  web: {command: exec sleep 1000}\n")
    road.up()
    socket.create_connection(("127.0.0.1", free_port), timeout=60).close()
    road.done("down")
    road.wait_until(lambda: not home.daemons(), "the daemon has ended by itself")
    assert (home.folder / "memory" / road.id / "state.json").exists()
