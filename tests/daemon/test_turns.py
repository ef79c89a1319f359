import asyncio

from nexsock.daemon.turns import Turns


async def rounds_of(turns: Turns, seen: list[tuple[str, int]], name: str, now: list[int]) -> None:
    for _ in range(2):
        await turns.mine()
        seen.append((name, now[0]))


async def test_one_goes_on_in_each_round_and_all_in_the_order_in_which_they_came():
    turns, seen, now = Turns(), [], [0]
    tasks = [asyncio.ensure_future(rounds_of(turns, seen, name, now)) for name in "abc"]
    while not all(task.done() for task in tasks):
        now[0] += 1
        await asyncio.sleep(0)
    assert [name for name, _ in seen] == list("abcabc")
    assert len({at for _, at in seen}) == len(seen)
    assert not turns.is_wanted


async def test_a_turn_that_was_given_up_holds_up_nobody():
    turns = Turns()
    first, second = (asyncio.ensure_future(turns.mine()) for _ in range(2))
    await asyncio.sleep(0)
    assert turns.is_wanted
    first.cancel()
    async with asyncio.timeout(20):
        await second
