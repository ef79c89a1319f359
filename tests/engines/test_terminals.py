"""Terminals that are made for runs, kept for the next brain, and given up."""

import os

import pytest
from msgspec.structs import replace

from nexsock.engines.terminals import Terminals, name_of
from nexsock.runtime import terminal
from nexsock.runtime.terminal import Size


@pytest.fixture
def brain(keeper):
    """Makes the Terminals of one brain after the other."""
    made = []

    def begin():
        if made:
            made[-1].close()
        made.append(Terminals(keeper))
        return made[-1]

    yield begin
    made[-1].close()


@pytest.fixture
def console(service):
    web = service("console")
    return replace(web, launch=replace(web.launch, tty=True))


def size(keeper, run):
    return terminal.size_of(keeper.vault[name_of(run.instance)])


async def test_only_a_service_that_asks_for_one_gets_a_terminal(brain, keeper, service, console, run):
    terminals = brain()
    await terminals.open(service("web"), run(1))
    await terminals.open(console, run(2))
    assert [*keeper.vault] == [name_of("i2")]
    assert size(keeper, run(2)) == terminal.USUAL


async def test_the_next_run_has_the_size_of_the_last(brain, keeper, console, run):
    terminals = brain()
    await terminals.open(console, run(1))
    await terminals.resize("console", run(1), Size(50, 120))
    await terminals.open(console, run(2))
    assert size(keeper, run(1)) == size(keeper, run(2)) == Size(50, 120)


async def test_the_next_brain_can_type_on_it_and_give_it_another_size(brain, keeper, console, run):
    await brain().open(console, run())
    terminals = brain()
    await terminals.resize("console", run(), Size(50, 120))
    assert await terminals.type(run(), b"ls\n") == 3
    assert size(keeper, run()) == Size(50, 120)


async def test_what_is_typed_between_two_runs_is_dropped(brain, run):
    assert await brain().type(run(), b"ls\n") == 3


async def test_nothing_is_left_of_a_run_that_was_dropped(brain, keeper, console, run):
    terminals = brain()
    before = len(os.listdir("/proc/self/fd"))
    await terminals.open(console, run())
    await terminals.drop("i1")
    await terminals.drop("i1")
    assert (keeper.vault, len(os.listdir("/proc/self/fd"))) == ({}, before)
