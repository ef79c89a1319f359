"""The relay's loop: callbacks, timers, and work that goes on."""

import os

import pytest

from nexsock.relay.loop import READABLE, Loop


@pytest.fixture
def loop():
    made = Loop()
    made.after(60, made.stop)
    return made


def a_pipe_with_something_in_it():
    reading, writing = os.pipe()
    os.write(writing, b".")
    os.close(writing)
    return reading


def test_an_event_of_a_closed_descriptor_is_not_given_to_the_next_one_of_its_number(loop):
    """Both are ready in one turn; the first closes the second, whose number is given to another at once."""
    heard = []
    pipes = [a_pipe_with_something_in_it(), a_pipe_with_something_in_it()]
    silent, other = os.pipe()

    def close_the_other(own, its):
        def act():
            heard.append("first")
            for one in (own, its):
                loop.forget(one)
            os.dup2(silent, its)
            loop.watch(its, lambda: heard.append("stranger"), READABLE)
            loop.after(0.05, loop.stop)

        return act

    loop.watch(pipes[0], close_the_other(*pipes))
    loop.watch(pipes[1], close_the_other(*reversed(pipes)))
    loop.run()
    for one in (*pipes, silent, other):
        os.close(one)
    assert heard == ["first"]


def test_timers_go_off_in_their_order_and_not_when_cancelled(loop):
    heard = []
    loop.after(0.02, loop.stop)
    loop.after(0.01, lambda: heard.append("second"))
    loop.after(0, lambda: heard.append("first"))
    loop.after(0, lambda: heard.append("never")).cancel()
    loop.run()
    assert heard == ["first", "second"]


def test_what_goes_on_is_done_once_in_the_next_turn(loop):
    heard = []

    def again():
        heard.append(len(heard))
        (loop.soon if len(heard) < 3 else lambda _again: loop.stop())(again)

    loop.soon(again)
    loop.soon(again)
    loop.run()
    assert heard == [0, 1, 2]
