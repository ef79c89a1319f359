"""Lines as they are shown: their colours as classes, and nothing else of what steers a terminal."""

import pytest

from nexsock.model.log import LogLine
from nexsock.web.pages import log_lines


def test_a_line_cannot_steer_the_page():
    line = LogLine(at=1.0, service="web", run=1, stream="stdout", text="50%\r\x1b[2K\x1b[31m100%\x1b[0m\x07")
    assert log_lines.shown(line)["pieces"] == [("a1", "100%")]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain", [("", "plain")]),
        ("", []),
        ("\x1b[32mINFO\x1b[0m up", [("a2", "INFO"), ("", " up")]),
        ("\x1b[1;31mERROR\x1b[22m soft\x1b[m.", [("ab a1", "ERROR"), ("a1", " soft"), ("", ".")]),
        ("\x1b[2mold\x1b[1mnew", [("ad", "old"), ("ab", "new")]),
        ("\x1b[93mbright\x1b[39m.", [("a3", "bright"), ("", ".")]),
        ("\x1b[48;5;12;34mon blue", [("a4", "on blue")]),
        ("\x1b[38;5;9mred\x1b[38;5;46mgreen\x1b[38;5;240mgrey", [("a1", "red"), ("a2", "green"), ("a0", "grey")]),
        ("\x1b[38;2;20;200;210mcyan\x1b[38:2:255:0:0mred", [("a6", "cyan"), ("a1", "red")]),
        ("\x1b[38;5mcut short\x1b[38m", [("a0", "cut short")]),
        ("\x1b[7;4;5;53munknown", [("", "unknown")]),
    ],
)
def test_each_stretch_has_the_look_that_was_last_asked_for(text, pieces):
    assert log_lines.pieces(text) == pieces
