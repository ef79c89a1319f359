"""config.yaml: what it may say, and its mistakes with their places."""

import pytest

from nexsock import errors
from nexsock.config import settings


@pytest.fixture
def told(tmp_path):
    """`told(text)`: what a file says; the places in it begin with "config.yaml"."""
    path = tmp_path / "config.yaml"

    def read(text):
        path.write_text(text)
        found = settings.read(str(path)).items()
        return {name: (one.value, one.origin.removeprefix(f"{tmp_path}/")) for name, one in found}

    return read


def test_every_setting_has_its_place(told):
    text = """database: {url: "tinydb:/srv/state"}
daemon:
  idle_timeout: 30m
  listen: tcp://127.0.0.1:7070
plugins:
  dir: ~/plugins
"""
    assert told(text) == {
        "database.url": ("tinydb:/srv/state", "config.yaml:1:17"),
        "daemon.idle_timeout": ("30m", "config.yaml:3:17"),
        "daemon.listen": ("tcp://127.0.0.1:7070", "config.yaml:4:11"),
        "plugins.dir": ("~/plugins", "config.yaml:6:8"),
    }


@pytest.mark.parametrize("text", ["", "daemon:\n", "# nothing\n"])
def test_a_file_may_say_nothing(told, text):
    assert told(text) == {}


def test_there_need_be_no_file(tmp_path):
    assert settings.read(str(tmp_path / "config.yaml")) == {}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("deamon: {}", "1:1", "there is no section 'deamon'; did you mean 'daemon'?"),
        (
            "daemon: {idle_time: 5m}",
            "1:10",
            "has no setting 'idle_time'; did you mean 'idle_timeout'?",
        ),
        ("daemon:\n  idle_timeout: soon", "2:17", "daemon.idle_timeout cannot be 'soon'; write it like 30m or never"),
        ("daemon: {listen: 7070}", "1:18", "daemon.listen cannot be '7070'; write it like tcp://127.0.0.1:7070"),
        ("database: {url: postgres://x}", "1:17", "database.url cannot be 'postgres://x'"),
        ("plugins: {dir: here}", "1:16", "plugins.dir cannot be 'here'"),
        ("plugins: {dir: [a]}", "1:16", "plugins.dir must be a text"),
        ("daemon: 5", "1:9", "section 'daemon' must be a map"),
        ("- daemon", "1:1", "the file must be a map"),
    ],
)
def test_a_mistake_has_its_place_and_what_to_write(told, text, place, said):
    with pytest.raises(errors.ConfigError) as raised:
        told(text)
    (problem,) = raised.value.problems
    assert (f"{problem.line}:{problem.column}", said in str(problem)) == (place, True), str(problem)


def test_all_mistakes_are_told_at_once(told):
    with pytest.raises(errors.ConfigError, match="2 problems"):
        told("daemon: {idle_timeout: soon, listn: x}")
