"""The terminal is as it was, however it is left."""

import os
import pty
import signal
import termios

import pytest

from nexsock.cli.own_terminal import Ended, Heard, OwnTerminal


@pytest.fixture
def window():
    """Both sides of a terminal: the person's, and the one that a program has."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


def test_keys_come_one_by_one_and_then_the_terminal_is_as_it_was(window):
    person, program = window
    before = termios.tcgetattr(program)
    own = OwnTerminal(program, program)
    with own.raw():
        os.write(person, b"a")
        assert own.wait(60) == Heard(keys=b"a")
        os.write(person, b"\x03")
        assert own.wait(60) == Heard(keys=b"\x03")
    assert termios.tcgetattr(program) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_processes_is_told_and_leaves_all_as_it_was(window, number):
    _, program = window
    before, handler = termios.tcgetattr(program), signal.getsignal(number)
    own = OwnTerminal(program, program)
    with pytest.raises(Ended) as caught, own.raw():
        signal.raise_signal(number)
    assert caught.value.exit_status == 128 + number
    assert (termios.tcgetattr(program), signal.getsignal(number)) == (before, handler)


def test_another_size_is_heard_and_a_wake_up_is_nothing(window):
    _, program = window
    own = OwnTerminal(program, program)
    with own.raw():
        signal.raise_signal(signal.SIGWINCH)
        assert own.wait(60) == Heard(resized=True)
        own.wake()
        assert own.wait(60) == Heard()
        assert own.wait(0) == Heard()


def test_a_terminal_that_is_gone_ends_what_is_typed_and_takes_what_is_drawn():
    person, program = pty.openpty()
    own = OwnTerminal(program, program)
    with own.raw():
        os.close(person)
        assert own.wait(60).closed
        own.draw(b"to nobody")
    os.close(program)


def test_a_terminal_that_does_not_say_has_the_usual_size(window):
    _, program = window
    assert OwnTerminal(program, program).size() == (24, 80)
    termios.tcsetwinsize(program, (30, 90))
    assert OwnTerminal(program, program).size() == (30, 90)
