"""Sockets that are made for runs, kept for the next brain, and removed."""

import os
import socket

import pytest

from nexsock.engines.mail import Mail
from nexsock.lifecycle.notify import Word
from nexsock.model.probe import Healthcheck

NOTIFY = Healthcheck(kind="notify", interval_s=2.5)


@pytest.fixture
def brain(keeper, nexsock_home):
    """Makes the Mail of one brain after the other."""
    made = []

    def begin():
        if made:
            made[-1].close()
        made.append(Mail(keeper, str(nexsock_home / "notify")))
        return made[-1]

    yield begin
    made[-1].close()


def say(path, word):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(word, path)


async def test_a_run_is_told_where_to_say_what_and_how_often(brain, service, run):
    variables = await brain().open(service(healthcheck=NOTIFY), run())
    assert set(variables) == {"NOTIFY_SOCKET", "WATCHDOG_USEC"}
    assert variables["WATCHDOG_USEC"] == "2500000"


@pytest.mark.parametrize("check", [None, Healthcheck(kind="tcp", port=80)])
async def test_others_are_told_nothing(brain, service, run, check):
    mail = brain()
    assert await mail.open(service(healthcheck=check), run()) == {}
    assert await mail.box(run(), lambda: ()) is None


async def test_the_next_brain_hears_what_was_said_meanwhile(brain, service, run):
    path = (await brain().open(service(healthcheck=NOTIFY), run()))["NOTIFY_SOCKET"]
    say(path, b"STATUS=nobody listens")
    box = await brain().box(run(), lambda: (os.getpid(),))
    assert await box.words(None) == [Word(status="nobody listens")]


async def test_nothing_is_left_of_a_run_that_was_dropped(brain, keeper, service, run):
    mail = brain()
    path = (await mail.open(service(healthcheck=NOTIFY), run()))["NOTIFY_SOCKET"]
    await mail.drop(run().instance)
    await mail.drop(run().instance)
    assert (keeper.vault, os.path.exists(path)) == ({}, False)


async def test_the_next_brain_can_drop_it_too(brain, keeper, service, run):
    path = (await brain().open(service(healthcheck=NOTIFY), run()))["NOTIFY_SOCKET"]
    await brain().drop(run().instance)
    assert (keeper.vault, os.path.exists(path)) == ({}, False)
