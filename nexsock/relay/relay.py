"""The relay's table of tunnels, and what it does on each verb of wire for the one brain that is connected."""

import _socket
import errno
import os

from nexsock.keeper import channel, files
from nexsock.keeper.wire import OTHER, REQUEST, UNKNOWN_INSTANCE, Refusal, WireError
from nexsock.relay import wire
from nexsock.relay.launch import CONTROL
from nexsock.relay.loop import READABLE, WRITABLE, Loop
from nexsock.relay.resolve import Resolver
from nexsock.relay.ssh import Ssh
from nexsock.relay.tunnel import Tunnel, accept, listening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nexsock.keeper.wire import Message

ALONE_S = 10.0
"""How long to wait for a first tunnel, or the next brain, with nothing to do."""
REQUESTS_A_TURN = 64


class Relay:
    """Serves brains that come in at `control`, a listening SEQPACKET socket; `folder` is where its name stands."""

    def __init__(self, control: _socket.socket, folder: str) -> None:
        self._loop = Loop()
        self._folder = folder
        self._control = control
        self._resolver = Resolver(self._loop)
        self._tunnels: dict[int, Tunnel] = {}
        self._leaving: list[Tunnel] = []
        self._programs: dict[int, Ssh] = {}
        self._channel: channel.Channel | None = None
        self._verbs: dict[str, Callable[[Message, list[int]], Message]] = {
            "hello": self._hello,
            "open": self._open,
            "close": self._close,
            "fetch": self._fetch,
            "figures": self._figures,
            "retire": self._retire,
        }
        self._loop.watch(control.fileno(), self._connected)
        self._loop.after(ALONE_S, self._end_when_over)

    def run(self) -> None:
        """Serve until there is nothing to serve."""
        self._loop.run()
        for program in self._programs.values():
            program.close()

    # -- brains

    def _connected(self) -> None:
        """A brain comes in; an earlier one has ended, or is about to."""
        descriptor = accept(self._control)
        self._disconnect()
        self._channel = channel.Channel(descriptor)
        self._loop.watch(descriptor, self._receive)

    def _disconnect(self) -> None:
        if self._channel is not None:
            self._loop.forget(self._channel.fileno())
            self._channel.close()
            self._channel = None

    def _receive(self) -> None:
        try:
            self._receive_some()
        except EOFError:
            self._disconnect()
            self._be_found()
            self._end_when_over()

    def _receive_some(self) -> None:
        for _ in range(REQUESTS_A_TURN):
            if self._channel is None:
                return
            self._channel.flush()
            try:
                received = self._channel.receive()
            except WireError:
                continue
            if received is None:
                break
            self._serve(*received)
        if self._channel is not None:
            events = READABLE | WRITABLE if self._channel.pending else READABLE
            self._loop.watch(self._channel.fileno(), self._receive, events)

    def _be_found(self) -> None:
        """The next brain looks for us by name: make it anew, if somebody has cleared it away."""
        if os.path.exists(f"{self._folder}/{CONTROL}"):
            return
        try:
            files.make_folders(self._folder)
            os.chdir(self._folder)
            control = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET | _socket.SOCK_CLOEXEC)
            control.bind(CONTROL)
            control.listen(8)
        except OSError:
            return  # it will start another, which takes the listening sockets over
        self._loop.forget(self._control.fileno())
        self._control.close()
        self._control = control
        self._loop.watch(control.fileno(), self._connected)

    def _tell(self, event: "Message") -> None:
        """Send an event to the brain, if there is one."""
        if self._channel is None:
            return
        try:
            self._channel.send(event)
        except EOFError:
            return  # seen when the loop reads it

    def _serve(self, request: "Message", descriptors: list[int]) -> None:
        """Do what is asked and answer; a request that cannot be done changes nothing."""
        try:
            answer = {"ok": True, **self._verbs[request["verb"]](request, descriptors)}
        except Refusal as refusal:
            answer = _refused(refusal.kind, refusal.number, refusal.subject)
        except OSError as error:
            answer = _refused(OTHER, error.errno or 0, str(error.filename or ""))
        except (LookupError, TypeError, ValueError) as error:
            answer = _refused(REQUEST, errno.EINVAL, repr(error))
        for descriptor in descriptors:
            os.close(descriptor)
        going = answer.pop("descriptors", ())
        if self._channel is not None:
            self._channel.send({"id": request.get("id"), **answer}, going)

    # -- the verbs

    def _hello(self, _request: "Message", _descriptors: list[int]) -> "Message":
        return {"version": wire.VERSION, "pid": os.getpid(), "listens": self._listens()}

    def _listens(self) -> "list[list[object]]":
        return [[tunnel.route["project"], listen] for listen, tunnel in self._tunnels.items()]

    def _open(self, request: "Message", descriptors: list[int]) -> "Message":
        route = {name: request[name] for name in wire.ROUTE_FIELDS}
        listen = route["listen"]
        known = self._tunnels.get(listen)
        if known is None and not descriptors:
            raise Refusal(REQUEST, errno.EBADF, str(listen))
        route["targets"] = [(str(host), int(port)) for host, port in self._targets(route)]
        if known is not None:
            known.change(route)
            return {}
        listener = listening(descriptors.pop())
        self._tunnels[listen] = Tunnel(self._loop, self._resolver, listener, route, self._tell, self._end_when_over)
        return {}

    def _targets(self, route: "Message") -> "list[tuple[str, int]]":
        """Where the tunnel itself goes: to the socket of its ssh program, where it has one."""
        listen = route["listen"]
        program = self._programs.get(listen)
        through = (route["ssh"], *route["targets"][-1]) if route["ssh"] else None
        if program is not None and program.through != through:
            program.close()
            del self._programs[listen]
            program = None
        if through is None:
            return [*map(tuple, route["targets"])]
        if program is None:
            program = self._programs[listen] = Ssh(self._loop, route, lambda text: self._ssh_ended(listen, text))
        return [(program.path, 0)]

    def _ssh_ended(self, listen: int, text: str) -> None:
        self._tell({"event": "ssh", "listen": listen, "text": text})

    def _close(self, request: "Message", _descriptors: list[int]) -> "Message":
        listen = request["listen"]
        program = self._programs.pop(listen, None)
        if program is not None:
            program.close()
        tunnel = self._tunnels.pop(listen, None)
        if tunnel is not None:
            self._leaving = [one for one in self._leaving if not one.is_over]
            self._leaving.append(tunnel)
            tunnel.close()
            self._loop.soon(self._end_when_over)
        return {}

    def _fetch(self, request: "Message", _descriptors: list[int]) -> "Message":
        return {"descriptors": [self._find(request["listen"]).listener.fileno()]}

    def _figures(self, request: "Message", _descriptors: list[int]) -> "Message":
        known = (listen for listen in request["listens"] if listen in self._tunnels)
        return {"figures": {listen: self._tunnels[listen].figures() for listen in known}}

    def _retire(self, _request: "Message", _descriptors: list[int]) -> "Message":
        for listen in list(self._tunnels):
            self._close({"listen": listen}, [])
        return {}

    def _find(self, listen: int) -> Tunnel:
        tunnel = self._tunnels.get(listen)
        if tunnel is None:
            raise Refusal(UNKNOWN_INSTANCE, errno.ENOENT, str(listen))
        return tunnel

    def _end_when_over(self) -> None:
        self._leaving = [one for one in self._leaving if not one.is_over]
        if not self._tunnels and not self._leaving:
            self._loop.stop()


def _refused(kind: str, number: int, subject: str) -> "Message":
    return {"ok": False, "kind": kind, "errno": number, "subject": subject}
