"""One local address: who comes in waits until the target may be passed to and takes the connection.

A target that refuses is tried again, for the first of those that wait, sooner or later; when it takes one, the others
follow at once. Nobody waits longer than `patience_s`, and no more than `limit` do: what is over is reset and told. A
burst that is larger, before a target that takes connections, stays in the kernel's backlog until there is room.
"""

import _socket
import os

from nexsock.relay import wire
from nexsock.relay.dial import Dial
from nexsock.relay.loop import ERRORS, Timer
from nexsock.relay.pair import RESET, Pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nexsock.keeper.wire import Message
    from nexsock.relay.loop import Loop
    from nexsock.relay.resolve import Resolver

ACCEPTS_A_TURN = 64
FIRST_DELAY_S = 0.01
LONGEST_DELAY_S = 0.5
"""Between two tries to reach a target that refuses; the delay doubles. A target that opens is reached within 0.5 s."""
SHORTAGE_S = 0.1
"""Pause before accepting again when descriptors are short: the rest waits in the backlog."""
TELL_EVERY_S = 5.0
"""Between two words about connections that were dropped: what happens meanwhile is counted."""


class _Waiting:
    """A client whose connection to the target has yet to come about."""

    __slots__ = ("client", "dial", "over")

    def __init__(self, client: _socket.socket, over: Timer) -> None:
        self.client = client
        self.over = over
        self.dial: Dial | None = None


class Tunnel:
    """Owns `listener`; `tell` is called with events of `wire`, `idle` when nothing is left of a closed one.

    Args:
        route: has the ROUTE_FIELDS that concern a tunnel; `targets` are those that it goes to, through ssh or not.
    """

    def __init__(
        self,
        loop: "Loop",
        resolver: "Resolver",
        listener: _socket.socket,
        route: "Message",
        tell: "Callable[[Message], None]",
        idle: "Callable[[], None]",
    ) -> None:
        self.listener = listener
        self.route = route
        self._loop = loop
        self._resolver = resolver
        self._tell = tell
        self._idle = idle
        self._waiting: dict[_Waiting, None] = {}
        self._pairs: set[Pair] = set()
        self._open = True
        self._paused = False
        self._retry: Timer | None = None
        self._delay_s = 0.0
        self._accepted = self._dropped = self._untold = 0
        self._told: Timer | None = None
        self._moved_in = self._moved_out = 0
        self._error = ""
        loop.watch(listener.fileno(), self._accept)

    @property
    def is_over(self) -> bool:
        """Closed, with its last connection ended."""
        return not self._open and not self._pairs

    def change(self, route: "Message") -> None:
        """Lead elsewhere, or pass or hold from now on; what is being forwarded stays."""
        before, self.route = self.route, route
        if not route["passes"] or route["targets"] != before["targets"]:
            for waiting in self._waiting:
                _hang_up(waiting)
        if route["passes"]:
            self.try_now()
        self._resume()

    def try_now(self) -> None:
        """Whatever stood in the way may be gone."""
        self._delay_s = 0.0
        self._stop_retry()
        self._advance()

    def close(self) -> None:
        """Let nobody in, send away who waits; what is being forwarded goes on until it ends."""
        self._open = False
        self._loop.forget(self.listener.fileno())
        self.listener.close()
        self._stop_retry()
        for waiting in list(self._waiting):
            self._send_away(waiting)

    def figures(self) -> "Message":
        """The FIGURES."""
        return {
            "connections": len(self._pairs),
            "waiting": len(self._waiting),
            "accepted": self._accepted,
            "dropped": self._dropped,
            "bytes_in": self._moved_in + sum(pair.inward.moved for pair in self._pairs),
            "bytes_out": self._moved_out + sum(pair.outward.moved for pair in self._pairs),
            "error": self._error,
        }

    # -- coming in

    def _accept(self) -> None:
        for _ in range(ACCEPTS_A_TURN):
            if self._flows and len(self._waiting) >= self.route["limit"]:
                self._pause()
                break
            try:
                descriptor = accept(self.listener)
            except (BlockingIOError, ConnectionAbortedError):
                break
            except OSError:
                self._pause()
                self._loop.after(SHORTAGE_S, self._resume)
                break
            self._let_in(_socket.socket(fileno=descriptor))
        self._advance()

    @property
    def _flows(self) -> bool:
        """Who waits gets through in a moment, as far as is known."""
        return bool(self.route["passes"]) and not self._delay_s

    def _pause(self) -> None:
        """Leave who comes in the backlog."""
        self._paused = True
        self._loop.forget(self.listener.fileno())

    def _resume(self) -> None:
        if self._paused and self._open:
            self._paused = False
            self._loop.watch(self.listener.fileno(), self._accept)

    def _let_in(self, client: _socket.socket) -> None:
        self._accepted += 1
        client.setblocking(False)
        if len(self._waiting) >= self.route["limit"]:
            _reset(client)
            self._drop(wire.TOO_MANY)
            return
        waiting = _Waiting(client, self._loop.after(self.route["patience_s"], lambda: self._over(waiting)))
        self._waiting[waiting] = None
        self._loop.watch(client.fileno(), lambda: self._send_away(waiting), ERRORS)

    def _over(self, waiting: _Waiting) -> None:
        self._send_away(waiting)
        self._drop(wire.TOO_LONG)

    def _send_away(self, waiting: _Waiting) -> None:
        """It has waited too long, or has gone itself."""
        self._leave(waiting)
        self._loop.forget(waiting.client.fileno())
        _reset(waiting.client)
        self._advance()

    def _leave(self, waiting: _Waiting) -> None:
        """It waits no more."""
        _hang_up(waiting)
        waiting.over.cancel()
        del self._waiting[waiting]
        self._resume()

    def _drop(self, reason: str) -> None:
        self._dropped += 1
        self._untold += 1
        if self._told is None:
            self._tell_dropped(reason)

    def _tell_dropped(self, reason: str) -> None:
        self._told = None
        if not self._untold:
            return
        event = {"event": "dropped", "listen": self.route["listen"], "reason": reason, "count": self._untold}
        self._tell({**event, "error": self._error})
        self._untold = 0
        self._told = self._loop.after(TELL_EVERY_S, lambda: self._tell_dropped(reason))

    # -- getting through

    def _advance(self) -> None:
        """Try to reach the target for those that wait: for one, where the last try was in vain, else for all."""
        if not self._open or not self.route["passes"] or self._retry is not None:
            return
        for waiting in self._waiting:
            if waiting.dial is None:
                self._dial(waiting)
            if self._delay_s:
                return

    def _dial(self, waiting: _Waiting) -> None:
        def done(target: _socket.socket | None, reason: str) -> None:
            waiting.dial = None
            if target is None:
                self._in_vain(reason)
            else:
                self._through(waiting, target)

        waiting.dial = Dial(self._loop, self._resolver, self.route["targets"], done)

    def _in_vain(self, reason: str) -> None:
        self._error = reason
        if self._retry is None:
            self._delay_s = min(LONGEST_DELAY_S, self._delay_s * 2) or FIRST_DELAY_S
            self._retry = self._loop.after(self._delay_s, self._try_again)
        self._resume()

    def _try_again(self) -> None:
        self._retry = None
        self._advance()

    def _through(self, waiting: _Waiting, target: _socket.socket) -> None:
        self._error = ""
        self._delay_s = 0.0
        self._leave(waiting)
        for one in (waiting.client, target):
            if one.family != _socket.AF_UNIX:
                one.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
                one.setsockopt(_socket.SOL_SOCKET, _socket.SO_KEEPALIVE, 1)
        pair = Pair(self._loop, waiting.client, target, self._ended)
        self._pairs.add(pair)
        self._stop_retry()
        self._advance()

    def _stop_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _ended(self, pair: Pair) -> None:
        self._pairs.discard(pair)
        self._moved_in += pair.inward.moved
        self._moved_out += pair.outward.moved
        if self.is_over:
            self._idle()


def accept(listener: _socket.socket) -> int:
    """The descriptor of the next connection, not inherited.

    Raises:
        BlockingIOError: there is none.
    """
    descriptor: int = listener._accept()[0]  # type: ignore[attr-defined] # what `socket.accept` is made of
    return descriptor


def _hang_up(waiting: _Waiting) -> None:
    if waiting.dial is not None:
        waiting.dial.cancel()
        waiting.dial = None


def _reset(client: _socket.socket) -> None:
    """End a connection so that its other end sees that it did not come about."""
    client.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, RESET)
    client.close()


def listening(descriptor: int) -> _socket.socket:
    """The listening socket behind a descriptor, which it owns from now on."""
    listener = _socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)
    listener.setblocking(False)
    return listener
