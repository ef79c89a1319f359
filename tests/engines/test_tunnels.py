"""Routes become addresses; who could not be let through is told of."""

import errno
import os
import socket

import pytest

from nexsock import errors
from nexsock.engines.tunnels import Tunnels
from nexsock.model.service import Launch, Service, Tunnel
from nexsock.model.status import TunnelStatus
from nexsock.model.tunnel import Route

ROUTE = Route(service="web", name="db", listen=20311, targets=(("127.0.0.1", 5432),))
WEB = Service(name="web", launch=Launch(), tunnels={"db": Tunnel(on="db", port="main", listen=20311)})


class Relay:
    """Stands for the relay; `taken` are the ports that somebody else has."""

    def __init__(self):
        self.did = []
        self.taken = set()
        self.told = None
        self.known = {}

    def open(self, project, route, environment, told):
        if route.listen in self.taken:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self.did.append(("open", project, route.listen, route.passes, environment))
        self.told = told

    def close(self, listen):
        self.did.append(("close", listen))

    async def figures(self, listens):
        return {listen: self.known[listen] for listen in listens if listen in self.known}


@pytest.fixture
def relay():
    return Relay()


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def tunnels(relay, warnings):
    return Tunnels("shop-1", relay, lambda: {"HOME": "/home/ada"}, lambda *said: warnings.append(said))


def changed(**fields):
    return Route(service="web", name="db", listen=20311, targets=ROUTE.targets, **fields)


def test_only_what_has_changed_is_opened_anew_and_what_is_gone_is_closed(tunnels, relay):
    tunnels.follow({20311: ROUTE})
    tunnels.follow({20311: ROUTE})
    tunnels.follow({20311: changed(passes=False)})
    tunnels.follow({})
    assert relay.did == [
        ("open", "shop-1", 20311, True, {}),
        ("open", "shop-1", 20311, False, {}),
        ("close", 20311),
    ]


def test_ssh_is_run_with_the_variables_of_who_brought_it_up(tunnels, relay):
    tunnels.follow({20311: changed(ssh="ada@box")})
    assert relay.did == [("open", "shop-1", 20311, True, {"HOME": "/home/ada"})]


def test_a_service_whose_address_is_anothers_cannot_start(tunnels, relay):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        web = Service(name="web", launch=Launch(), tunnels={"db": Tunnel(on="db", port="main", listen=port)})
        relay.taken.add(port)
        tunnels.follow({port: Route(service="web", name="db", listen=port)})
        with pytest.raises(errors.PortBusy) as refused:
            tunnels.require(web)
        assert str(refused.value).startswith(f"port {port} (tunnel to db) is held by process {os.getpid()}")


def test_an_address_that_has_become_free_is_taken_at_the_next_start(tunnels, relay):
    relay.taken.add(20311)
    tunnels.follow({20311: ROUTE})
    relay.taken.clear()
    tunnels.require(WEB)
    assert relay.did == [("open", "shop-1", 20311, True, {})]


async def test_the_figures_of_a_service_are_those_of_its_tunnels(tunnels, relay):
    tunnels.follow({20311: ROUTE, 20312: Route(service="api", name="db", listen=20312)})
    relay.known[20311] = {"connections": 1, "waiting": 0, "bytes_in": 2, "bytes_out": 3, "error": ""}
    status = TunnelStatus(
        name="db",
        listen="127.0.0.1:20311",
        target="127.0.0.1:5432",
        connections=1,
        waiting=0,
        bytes_in=2,
        bytes_out=3,
    )
    assert await tunnels.figures("web") == (status,)


async def test_a_relay_that_does_not_answer_leaves_the_figures_out(tunnels, relay):
    tunnels.follow({20311: ROUTE})
    assert await tunnels.figures("web") == (TunnelStatus(name="db", listen="127.0.0.1:20311", target="127.0.0.1:5432"),)


def test_what_happens_at_a_tunnel_is_a_warning_about_its_service(tunnels, relay, warnings):
    tunnels.follow({20311: ROUTE})
    relay.told(ROUTE, {"event": "dropped", "reason": "too_long", "count": 1, "error": "Connection refused"})
    relay.told(changed(ssh="ada@box"), {"event": "ssh", "text": "Host key verification failed."})
    assert warnings == [
        ("web", "tunnel to db: a connection waited 1m and was closed; 127.0.0.1:5432: Connection refused"),
        ("web", "tunnel to db: ssh ada@box ended and is started anew: Host key verification failed."),
    ]
