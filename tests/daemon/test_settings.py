"""What a daemon goes by whose file of settings is there, is not, or is broken."""

import os

import pytest

from nexsock import errors
from nexsock.daemon import settings
from nexsock.model.settings import Told
from nexsock.places import Places

FILE = {"daemon.idle_timeout": Told(value="30m", origin="config.yaml:2:17")}


class Loader:
    """Reads `answer`, or finds the file broken."""

    def __init__(self):
        self.answer = FILE
        self.asked = 0

    async def settings(self, path):
        self.asked += 1
        if self.answer is None:
            raise errors.ConfigError("there is no section 'deamon'")
        return self.answer


@pytest.fixture
def places(tmp_path):
    for name in ("config", "run"):
        os.mkdir(tmp_path / name)
    return Places(str(tmp_path / "config"), str(tmp_path / "state"), str(tmp_path / "run"))


@pytest.fixture
def write(places):
    def write(text):
        with open(places.settings_file, "w") as file:
            file.write(text)

    return write


async def idle_timeout(places, loader):
    return (await settings.read(places, loader, {}))["daemon.idle_timeout"].value


async def test_without_a_file_nothing_is_loaded(places):
    loader = Loader()
    assert (await idle_timeout(places, loader), loader.asked) == ("", 0)


async def test_a_file_that_did_not_change_is_not_loaded_again(places, write):
    loader = Loader()
    write("daemon: {idle_timeout: 30m}")
    for _ in range(2):
        assert await idle_timeout(places, loader) == "30m"
    assert loader.asked == 1


async def test_a_file_that_is_broken_by_now_leaves_what_it_said_before(places, write):
    loader = Loader()
    write("daemon: {idle_timeout: 30m}")
    await idle_timeout(places, loader)
    loader.answer = None
    write("deamon: {idle_timeout: 30m}")
    assert await idle_timeout(places, loader) == "30m"


async def test_a_file_that_was_never_right_leaves_the_defaults(places, write):
    loader = Loader()
    loader.answer = None
    write("deamon: {}")
    assert await idle_timeout(places, loader) == ""
