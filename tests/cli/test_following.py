"""Logs through a change of the daemon: what was shown, what is asked then, and what of the answer is new."""

from nexsock.cli import following
from nexsock.errors import Unreachable
from nexsock.model.log import LogLine, LogQuery
from nexsock.model.project import ProjectRef
from nexsock.protocol.api import LogsRequest

GONE = Unreachable("nexsockd ended the conversation")


def line(at: float, text: str, service: str = "web") -> LogLine:
    return LogLine(at=at, service=service, run=1, stream="stdout", text=text)


class Session:
    """Daemons one after the other; each gives its lines and is gone, or, the last one, ends the stream."""

    def __init__(self, *daemons: list[LogLine]) -> None:
        self.daemons = list(daemons)
        self.asked: list[LogsRequest] = []

    def now(self) -> float:
        return 50.0

    def stream(self, _operation, request):
        self.asked.append(request)
        yield from self.daemons.pop(0)
        if self.daemons:
            raise GONE

    def close(self) -> None: ...

    def connect_only(self) -> None: ...


def texts(session: Session, *, follow: bool = True, last_lines: int | None = None) -> list[str]:
    query = LogQuery(services=("web",), last_lines=last_lines)
    request = LogsRequest(project=ProjectRef(), query=query, follow=follow)
    return [line.text for line in following.lines(session, request)]


def test_lines_of_the_same_time_are_told_apart_by_their_number():
    piece = [line(10.0, "a"), line(20.0, "b"), line(20.0, "c"), line(20.0, "d")]
    assert texts(Session(piece[:3], piece[1:])) == ["a", "b", "c", "d"]


def test_each_service_is_taken_up_where_it_was_left():
    before = [line(10.0, "a"), line(12.0, "x", "db")]
    session = Session(before, [*before, line(13.0, "b"), line(13.0, "y", "db")])
    assert texts(session) == ["a", "x", "b", "y"]
    assert session.asked[1].query.since == 10.0


def test_after_the_last_few_lines_everything_new_is_asked_for():
    session = Session([line(10.0, "a")], [line(10.0, "a"), line(11.0, "b"), line(12.0, "c")])
    assert texts(session, last_lines=1) == ["a", "b", "c"]
    assert session.asked[1].query.last_lines is None


def test_where_no_line_was_to_be_shown_it_goes_on_from_when_it_began():
    session = Session([], [line(60.0, "a")])
    assert texts(session, last_lines=0) == ["a"]
    assert session.asked[1].query.since == 50.0


def test_a_daemon_may_be_replaced_again_and_again():
    all_of_them = [line(float(number), str(number)) for number in range(1, 6)]
    session = Session(*(all_of_them[: count + 1] for count in range(5)))
    assert texts(session) == ["1", "2", "3", "4", "5"]
