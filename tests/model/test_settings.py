"""What holds of each setting, whoever said it."""

import pytest

from nexsock.model import settings
from nexsock.model.settings import Told

FILE = {"daemon.idle_timeout": Told(value="30m", origin="config.yaml:2:17")}


def test_a_variable_wins_over_the_file_and_the_file_over_the_default():
    held = settings.effective({}, FILE)
    assert (held["daemon.idle_timeout"], held["database.url"]) == (
        FILE["daemon.idle_timeout"],
        Told(value="", origin="default"),
    )
    held = settings.effective({"NEXSOCK_IDLE_TIMEOUT": "never"}, FILE)
    assert held["daemon.idle_timeout"] == Told(value="never", origin="NEXSOCK_IDLE_TIMEOUT")


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"DATABASE_URL": "memory:"}, Told(value="memory:", origin="DATABASE_URL")),
        ({"DATABASE_URL": "postgres://app@db/app"}, Told(value="", origin="default")),
        (
            {"DATABASE_URL": "memory:", "NEXSOCK_DATABASE_URL": "tinydb:/srv"},
            Told(value="tinydb:/srv", origin="NEXSOCK_DATABASE_URL"),
        ),
    ],
)
def test_the_database_of_an_application_is_not_ours(environ, told):
    assert settings.effective(environ, {})["database.url"] == told


def test_a_variable_of_ours_that_cannot_be_meant_is_told_and_does_not_count():
    environ = {"NEXSOCK_IDLE_TIMEOUT": "soon", "PLUGINS_DIR": "relative"}
    assert settings.ignored(environ) == [
        "NEXSOCK_IDLE_TIMEOUT: daemon.idle_timeout cannot be 'soon'; write it like 30m or never"
    ]
    assert settings.effective(environ, {})["daemon.idle_timeout"].origin == "default"


@pytest.mark.parametrize(("value", "seconds"), [("", None), ("never", None), ("1m30s", 90.0)])
def test_an_idle_daemon_ends_after_a_time_or_never(value, seconds):
    assert settings.idle_timeout_s(Told(value=value, origin="x")) == seconds
