import pytest

from nexsock.views.screen import USUAL, WHOLE, Modes, screenful

FULL_SCREEN = b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[>4;2m\x1b[>5u"


def modes_after(*pieces):
    modes = Modes()
    for piece in pieces:
        modes.feed(piece)
    return modes


def test_a_terminal_that_was_told_nothing_needs_nothing():
    modes = modes_after(b"plain \x1b[31mred\x1b[0m \x1b[?12h \x1b[2J \x1b[?1u \x1b[>c \x1b[<u \x1b[>4;0m")
    assert (modes.entering(), modes.leaving(), modes.on_other_screen) == (b"", USUAL + WHOLE, False)


@pytest.mark.parametrize("cut", range(len(FULL_SCREEN)))
def test_what_a_program_asked_for_is_known_wherever_its_output_is_cut(cut):
    modes = modes_after(FULL_SCREEN[:cut], FULL_SCREEN[cut:])
    assert modes.entering() == b"\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[>4;2m\x1b[>5u"
    undone = b"\x1b[<1u\x1b[>4m\x1b[?1006l\x1b[?1000l\x1b[?25h\x1b[?1049l"
    assert modes.leaving() == USUAL + undone + WHOLE
    assert modes.on_other_screen


@pytest.mark.parametrize("end", [b"\x1b[<u\x1b[>4m\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?1049l", b"\x1bc"])
def test_what_a_program_has_taken_back_needs_no_undoing(end):
    assert modes_after(FULL_SCREEN, end).leaving() == USUAL + WHOLE


def test_a_terminal_that_was_entered_and_left_is_a_fresh_one():
    modes = modes_after(FULL_SCREEN)
    assert modes_after(modes.entering(), modes.leaving()).entering() == b""


def test_what_was_begun_and_never_ended_holds_nothing_up():
    assert modes_after(b"\x1b[?" + b"1;" * 100, b"h", FULL_SCREEN).on_other_screen


@pytest.mark.parametrize(
    ("output", "rows", "shown"),
    [
        (b"", 3, b""),
        (b"one\ntwo\nthree\n", 2, b"three\n"),
        (b"one\ntwo\nthree", 2, b"two\nthree"),
        (b"one\ntwo\n", 9, b"one\ntwo\n"),
    ],
)
def test_a_screenful_is_the_last_lines(output, rows, shown):
    assert screenful(output, rows) == shown
