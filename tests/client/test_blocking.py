import pytest

from nexsock.client import locate
from nexsock.errors import ProtocolError, Unreachable
from nexsock.model.event import Event
from nexsock.protocol import conversation
from nexsock.protocol.api import EventsRequest, Nothing
from nexsock.testing.scripted import ScriptedApi

FOLLOW = EventsRequest(follow=True)


def event(seq: int) -> Event:
    return Event(at=1.0, seq=seq, project="shop", kind="phase")


@pytest.fixture
def served(serve):
    """An Api behind a socket in another thread, and a client of it."""
    api = ScriptedApi()
    client = locate.connect(start=False, places=serve(api))
    yield api, client
    client.close()


def test_a_call_gives_its_reply(served):
    _, client = served
    assert client.call("ping", Nothing()) == Nothing()


def test_the_daemon_says_who_it_is(served):
    _, client = served
    assert client.welcome.daemon.startswith("nexsock ")


def test_an_error_is_raised_and_the_next_call_goes_on(served):
    api, client = served
    api.answers["ping"] = ProtocolError("no")
    with pytest.raises(ProtocolError, match="no"):
        client.call("ping", Nothing())
    api.answers["ping"] = Nothing()
    assert client.call("ping", Nothing()) == Nothing()


def test_a_stream_gives_its_items_many_times_the_window(served):
    api, client = served
    count = conversation.WINDOW * 4
    api.answers["events"] = [event(number) for number in range(count)]
    assert [found.seq for found in client.stream("events", FOLLOW)] == list(range(count))


def test_leaving_a_stream_cancels_it_and_the_connection_can_be_used(served):
    api, client = served
    closed = []

    async def endless(request):
        number = 0
        try:
            while True:
                number += 1
                yield event(number)
        finally:
            closed.append(True)

    api.answers["events"] = endless
    items = client.stream("events", FOLLOW)
    assert next(items).seq == 1
    items.close()
    assert client.call("ping", Nothing()) == Nothing()
    assert closed == [True]


def test_a_call_within_a_stream_does_not_lose_its_items(served):
    api, client = served
    api.answers["events"] = [event(1), event(2)]
    items = client.stream("events", FOLLOW)
    assert next(items).seq == 1
    assert client.call("ping", Nothing()) == Nothing()
    assert [found.seq for found in items] == [2]


def test_a_request_of_a_wrong_kind_is_told_by_the_daemon(served):
    _, client = served
    with pytest.raises(ProtocolError, match="missing required field `project`"):
        client.call("plan", Nothing())


def test_a_daemon_that_ends_in_the_middle_is_unreachable(serve):
    places = serve(ScriptedApi())
    client = locate.connect(start=False, places=places)
    serve.end()
    with pytest.raises(Unreachable, match="ended the conversation before it answered 'ping'; run the command again"):
        client.call("ping", Nothing())
    client.close()
