"""The drawings: every service in its place, whatever was answered."""

from nexsock.model.status import Graph, GraphEdge, GraphNode, ProjectInfo, ProjectStatus, Timing, Timings
from nexsock.web.api import gather
from nexsock.web.frame import Frame
from nexsock.web.pages import pictures

FRAME = Frame(now=1.0, path="/graph")
STATUS = ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=())


def test_what_is_needed_stands_left_of_who_needs_it():
    graph = Graph(
        nodes=(GraphNode(name="db", phase="ready"), GraphNode(name="web", phase="failed")),
        edges=(GraphEdge(from_="web", to="db", condition="healthy"),),
        order=(("db",), ("web",)),
    )
    shown = pictures.show_graph(FRAME, gather.Picture(status=STATUS, graph=graph))
    db, web = shown["boxes"]
    assert db["x"] + db["width"] < web["x"]
    assert (db["kind"], web["kind"], len(shown["curves"])) == ("good", "bad", 1)


def test_bars_begin_where_holding_ends():
    timings = Timings(
        services=(
            Timing(name="db", held_s=0.0, starting_s=1.0, ready_at_s=1.0, on_critical_path=True),
            Timing(name="web", held_s=1.0, starting_s=1.0, ready_at_s=None, phase="failed"),
        ),
        up_at=0.5,
    )
    shown = pictures.show_timings(FRAME, gather.Picture(status=STATUS, timings=timings))
    db, web = shown["bars"]
    assert (db["kind"], web["kind"]) == ("critical", "failing")
    assert db["x"] + db["width"] == web["x"]
    assert shown["pending"] == ["web"]


def test_what_never_gets_ready_leaves_the_rest_to_be_seen():
    timings = Timings(
        services=(
            Timing(name="db", held_s=0.0, starting_s=1.0, ready_at_s=1.0),
            Timing(name="mail", held_s=0.0, starting_s=600.0, phase="unhealthy"),
            Timing(name="web", held_s=600.0, starting_s=0.0, phase="blocked"),
        ),
        up_at=0.5,
    )
    db, mail, web = pictures.show_timings(FRAME, gather.Picture(status=STATUS, timings=timings))["bars"]
    assert (db["width"], mail["width"]) == (80.0, 100.0)
    assert (web["x"], web["width"]) == (100.0, 0.0)


def test_a_scale_has_a_few_round_moments():
    for span_s in (0.004, 0.9, 1.3, 59.0, 4000.0):
        timings = Timings(services=(Timing(name="db", held_s=0.0, starting_s=span_s),), up_at=0.5)
        ticks = pictures.show_timings(FRAME, gather.Picture(status=STATUS, timings=timings))["ticks"]
        assert 3 <= len(ticks) <= 8


def test_no_start_up_is_no_bar():
    assert pictures.show_timings(FRAME, gather.Picture(status=STATUS, timings=Timings()))["bars"] == []
