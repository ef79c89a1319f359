import pytest

from nexsock.model.state import ALIVE, SETTLED
from nexsock.views import style


def test_nothing_is_painted_without_colour():
    assert style.paint("web", "red", False) == "web"
    assert style.phase("failed", False) == "failed"


def test_every_phase_has_a_look():
    assert set(style.PHASES) == {*ALIVE, *SETTLED, "blocked", "backoff"}


def test_a_phase_of_a_newer_daemon_is_drawn_as_it_is():
    assert style.phase("hibernating", False) == "hibernating"


@pytest.mark.parametrize(
    ("text", "columns"), [("web", 3), ("日本", 4), ("e\u0301", 1), ("\x1b[31mred\x1b[0m", 3), ("", 0)]
)
def test_width_counts_what_a_terminal_shows(text, columns):
    assert style.width(text) == columns


@pytest.mark.parametrize(("text", "cut"), [("abcdef", "abc…"), ("abcd", "abcd"), ("日本語", "日…")])
def test_clipped_text_fits_and_says_that_it_was_cut(text, cut):
    assert style.clip(text, 4) == cut
    assert style.width(cut) <= 4


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("hello", "hello"),
        ("\x1b[32mok\x1b[0m", "ok"),
        ("\x1b]0;title\x07text", "text"),
        ("10%\r50%\r100%", "100%"),
        ("windows line\r", "windows line"),
        ("bell\x07 and \x1bM reverse index", "bell and  reverse index"),
        ("tab\tstays", "tab\tstays"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
    ],
)
def test_a_line_without_colour_has_no_escape_sequence_left(written, plain):
    assert style.output(written, False) == plain


def test_colours_of_a_line_stay_on_a_terminal_and_end_with_it():
    assert style.output("\x1b[2J\x1b[32mok", True) == "\x1b[32mok\x1b[0m"


@pytest.mark.parametrize(("count", "words"), [(0, "0 services"), (1, "1 service"), (2, "2 services")])
def test_plural_agrees_with_the_number(count, words):
    assert style.plural(count, "service") == words
