from nexsock.model.log import LogLine
from nexsock.views.logs import Lines


def line(service: str, text: str, **changes) -> LogLine:
    return LogLine(**{"at": 1_795_428_000.5, "service": service, "run": 1, "stream": "stdout", "text": text, **changes})


def test_names_are_aligned():
    lines = Lines(["api", "worker"], colour=False)
    assert lines.draw(line("api", "a")) + lines.draw(line("worker", "b")) == "api    | a\nworker | b\n"


def test_timestamps_stand_behind_the_name():
    assert Lines(["api"], colour=False, timestamps=True).draw(line("api", "a")) == "api | 2026-11-23T10:00:00.500Z a\n"


def test_without_prefix_only_the_text_is_left():
    assert Lines(["api"], colour=False, prefix=False).draw(line("api", "a")) == "a\n"


def test_neighbours_have_different_colours_and_a_stranger_gets_its_own():
    lines = Lines(["api", "web"], colour=True)
    heads = [lines.draw(line(name, "")).split("m")[0] for name in ("api", "web", "new")]
    assert len(set(heads)) == 3


def test_pieces_of_a_long_line_are_joined():
    lines = Lines(["api"], colour=False)
    drawn = [
        lines.draw(line("api", text, partial=partial)) for text, partial in (("ab", True), ("cd", False), ("e", False))
    ]
    assert "".join(drawn) == "api | abcd\napi | e\n"


def test_another_service_may_speak_between_the_pieces_of_a_line():
    lines = Lines(["api", "web"], colour=False)
    drawn = [lines.draw(line("api", "ab", partial=True)), lines.draw(line("web", "x")), lines.draw(line("api", "cd"))]
    assert "".join(drawn) == "api | ab\nweb | x\napi | cd\n"


def test_separators_of_nexsock_are_marked():
    assert Lines(["api"], colour=False).draw(line("api", "run 2", stream="nexsock")) == "api | ── run 2 ──\n"


def test_an_escape_sequence_in_a_log_never_reaches_a_pipe():
    assert "\x1b" not in Lines(["api"], colour=False).draw(line("api", "\x1b[31mred\x1b[0m\x1b[2J"))
