"""Settings that a real daemon reads from its file."""

import pytest


@pytest.fixture
def home(fresh_home):
    """A daemon of its own, which ends after a second without anything to do."""
    (fresh_home.folder / "config").mkdir()
    (fresh_home.folder / "config" / "config.yaml").write_text(
        f"daemon:\n  idle_timeout: 1s\ndatabase:\n  url: tinydb:{fresh_home.folder}/memory\n"
    )
    return fresh_home


def test_an_idle_daemon_ends_and_its_memory_is_where_the_settings_say(project, home):
    road = project("services:\n  web: {command: exec sleep 1000}\n")
    road.up()
    road.done("down")
    road.wait_until(lambda: not home.daemons(), "the daemon has ended by itself")
    assert (home.folder / "memory" / road.id / "state.json").exists()
