from nexsock.model.event import Event
from nexsock.views.progress import CLEAR_LINE, Progress


def phase(service: str, name: str, reason: str = "") -> Event:
    return Event(at=1.0, seq=1, project="shop", kind="phase", service=service, phase=name, reason=reason)


def test_a_pipe_gets_a_line_for_each_change():
    drawing = Progress(colour=False, columns=0)
    drawn = [drawing.draw(phase("api", "starting")), drawing.draw(phase("api", "ready", "healthy")), drawing.end()]
    assert "".join(drawn) == "api: starting\napi: ready (healthy)\n"


def test_a_terminal_gets_one_line_that_changes_and_is_gone_at_the_end():
    drawing = Progress(colour=True, columns=80)
    drawn = [drawing.draw(phase("api", "starting")), drawing.draw(phase("web", "blocked", "waits for api"))]
    assert drawn == [
        "0 of 1 service settled  api starting",
        CLEAR_LINE + "0 of 2 services settled  web blocked: waits for api",
    ]
    assert drawing.end() == CLEAR_LINE
    assert drawing.end() == ""


def test_the_line_never_reaches_the_edge_where_a_terminal_wraps():
    drawing = Progress(colour=True, columns=40)
    assert len(drawing.draw(phase("api", "blocked", "waits for " + "x" * 100))) <= 39


def test_what_a_hook_says_stays_above_the_line():
    drawing = Progress(colour=True, columns=80)
    drawing.draw(phase("api", "starting"))
    said = Event(at=1.0, seq=2, project="shop", kind="output", service="api", reason="seeding")
    assert drawing.draw(said) == CLEAR_LINE + "api: seeding\n"
