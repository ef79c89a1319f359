"""Who waits for a log is woken once, in time, and not for ever when the keeper is lost."""

import asyncio

from nexsock.engines.growth import Growth
from nexsock.keeper import wire
from nexsock.runtime.kept import Refused


class Keeper:
    """Remembers what it was asked; knows no run that is in `unknown`."""

    def __init__(self) -> None:
        self.noticed: list[str] = []
        self.unknown = {"ended"}

    async def notice(self, instance: str) -> None:
        if instance in self.unknown:
            raise Refused(wire.UNKNOWN_INSTANCE, 3, instance)
        self.noticed.append(instance)


async def test_everyone_who_waits_for_a_run_is_woken_and_the_keeper_is_asked_once():
    keeper = Keeper()
    growth, first, second = Growth(keeper), asyncio.Event(), asyncio.Event()
    await growth.begin(["a"], first)
    await growth.begin(["a"], second)
    growth.tell("a")
    assert (first.is_set(), second.is_set(), keeper.noticed) == (True, True, ["a"])


async def test_a_wait_is_asked_for_anew_after_it_was_told():
    keeper = Keeper()
    growth, grown = Growth(keeper), asyncio.Event()
    await growth.begin(["a"], grown)
    growth.tell("a")
    await growth.begin(["a"], grown)
    assert keeper.noticed == ["a", "a"]


async def test_a_run_that_has_ended_is_no_error():
    growth, grown = Growth(Keeper()), asyncio.Event()
    await growth.begin(["ended", "a"], grown)
    growth.tell("a")
    assert grown.is_set()


async def test_a_run_that_was_asked_for_too_early_is_asked_for_again():
    keeper = Keeper()
    keeper.unknown.add("a")
    growth, grown = Growth(keeper), asyncio.Event()
    await growth.begin(["a"], grown)
    keeper.unknown.clear()
    await growth.begin(["a"], grown)
    growth.tell("a")
    assert (keeper.noticed, grown.is_set()) == (["a"], True)


async def test_who_left_is_not_woken():
    growth, grown = Growth(Keeper()), asyncio.Event()
    await growth.begin(["a"], grown)
    growth.leave(grown)
    growth.tell("a")
    assert not grown.is_set()


async def test_a_lost_keeper_wakes_everyone_to_look():
    growth, grown = Growth(Keeper()), asyncio.Event()
    await growth.begin(["a", "b"], grown)
    growth.lost()
    assert grown.is_set()
