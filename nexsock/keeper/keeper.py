"""The keeper's table and what it does on each verb of wire. It decides nothing: see there for who may ask what."""

import errno
import os

from nexsock.keeper import holder, linux, spawn, wire
from nexsock.keeper.brain import Brain, say
from nexsock.keeper.kept import Kept
from nexsock.keeper.linux import signal
from nexsock.keeper.logfile import LogFile
from nexsock.keeper.loop import READABLE, WRITABLE, Loop, Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nexsock.keeper.channel import Channel
    from nexsock.keeper.pump import Stream
    from nexsock.keeper.terminal import Terminal

REQUESTS_A_TURN = 32
"""Requests served before the streams have their turn again."""


class Keeper:
    """Keeps services for the brain that `argv` starts, while `lock` is held.

    `ending` are the signals that ask for an end; `descriptors` the soft limit of services, 0 for our own; `folder` is
    where the holder of terminals has its socket.
    """

    def __init__(self, argv: list[str], lock: int, ending: tuple[int, ...], descriptors: int, folder: str) -> None:
        self._kept: dict[str, Kept] = {}
        self._children: dict[int, Kept] = {}
        self._holder = holder.Holder(folder)
        self._vault = self._holder.left()
        self._dirty: set[LogFile] = set()
        self._noticed: dict[LogFile, str] = {}
        self._boot_id = linux.boot_id()
        self._limit = spawn.Descriptors(descriptors)
        self._loop = Loop(self._write_indexes)
        self._channel: Channel | None = None
        self._greeted = False
        self.brain = Brain(argv, lock, self._loop, self._limit, self._connected, self._hopeless)
        self._signals = Signals((signal.SIGCHLD, *ending))
        self._loop.watch(self._signals.descriptor, self._on_signals)
        self._verbs: dict[str, Callable[[wire.Message, list[int]], wire.Message]] = {
            "hello": self._hello,
            "spawn": self._spawn,
            "adopt": self._adopt,
            "signal": self._signal,
            "list": self._list,
            "acknowledge": self._acknowledge,
            "flush": self._flush,
            "notice": self._notice,
            "rotate": self._rotate,
            "retain": self._retain,
            "close": self._close,
            "store": self._store,
            "fetch": self._fetch,
            "drop": self._drop,
            "stored": self._stored,
            "serving": self._serving,
            "stop": self._stop,
        }

    def run(self) -> None:
        """Serve until the brain says stop."""
        self._loop.run()
        for kept in self._kept.values():
            kept.drain()

    # ---------------------------------------------------------------------------------- what comes by itself

    def _mover(self, source: "Stream | Terminal") -> "Callable[[], int]":
        def move() -> int:
            self._dirty.add(source.log)
            return source.move()

        return move

    def _write_indexes(self) -> None:
        for log in self._dirty:
            log.flush()
            if instance := self._noticed.pop(log, None):
                self._tell({"event": "grew", "instance": instance})
        self._dirty.clear()

    def _on_signals(self) -> None:
        arrived = self._signals.arrived()
        if signal.SIGCHLD in arrived:
            self._reap()
        if arrived - {signal.SIGCHLD}:
            self._asked_to_end()

    def _reap(self) -> None:
        """Collect every ended child; orphans that were given to us are only freed."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            if kept := self._children.pop(pid, None):
                self._tell_exit(kept, code)
            elif pid == self.brain.pid:
                self.brain.ended(code)
            elif pid == self._holder.pid:
                self._holder.ended()

    def _adopted_ended(self, kept: Kept) -> None:
        self._loop.forget(kept.pidfd)
        status = linux.exit_of_stranger(kept.pid, kept.pidfd, kept.start_ticks)
        os.close(kept.pidfd)
        self._tell_exit(kept, status)

    def _tell_exit(self, kept: Kept, status: int | None) -> None:
        self._tell({"event": "exited", **kept.ended(status)})

    def _asked_to_end(self) -> None:
        if self._greeted:
            self._tell({"event": "terminate"})
        else:
            self._loop.stop()

    def _hopeless(self) -> None:
        """No brain comes up: end, so that the lock is free, unless there are services to keep."""
        if not self._kept:
            say("no daemon comes up and no service is kept")
            self._loop.stop()

    # --------------------------------------------------------------------------------------- the channel

    def _connected(self, channel: "Channel") -> None:
        self._disconnect()
        self._channel = channel
        self._loop.watch(channel.fileno(), self._on_channel)

    def _disconnect(self) -> None:
        self._greeted = False
        if self._channel:
            self._loop.forget(self._channel.fileno())
            self._channel.close()
            self._channel = None

    def _on_channel(self) -> None:
        try:
            self._receive()
        except EOFError:
            self._disconnect()
            self.brain.kill()

    def _receive(self) -> None:
        channel = self._channel
        if channel is None:
            return
        channel.flush()
        for _ in range(REQUESTS_A_TURN):
            try:
                received = channel.receive()
            except wire.WireError as error:
                say(f"the daemon sent {error}")
                continue
            if received is None:
                break
            self._serve(*received)
        self._watch_channel(channel)

    def _watch_channel(self, channel: "Channel") -> None:
        self._loop.watch(channel.fileno(), self._on_channel, READABLE | WRITABLE if channel.pending else READABLE)

    def _tell(self, event: "wire.Message") -> None:
        """Send an event to a brain that has said hello; what happens before is told then."""
        if self._channel is None or not self._greeted:
            return
        try:
            self._channel.send(event)
        except EOFError:
            return  # seen and handled when the loop reads it
        if self._channel.pending:
            self._watch_channel(self._channel)

    def _serve(self, request: "wire.Message", descriptors: list[int]) -> None:
        """Do what is asked and answer; a request that cannot be done changes nothing."""
        try:
            answer = {"ok": True, **self._verb(request)(request, descriptors)}
        except wire.Refusal as refusal:
            answer = _refused(refusal)
        except OSError as error:
            answer = _refused(wire.Refusal(wire.OTHER, error.errno or 0, str(error.filename or "")))
        except (KeyError, TypeError, ValueError) as error:
            answer = _refused(wire.Refusal(wire.REQUEST, errno.EINVAL, repr(error)))
        for descriptor in descriptors:
            os.close(descriptor)
        going = answer.pop("descriptors", ())
        if self._channel:
            self._channel.send({"id": request.get("id"), **answer}, going)

    def _verb(self, request: "wire.Message") -> "Callable[[wire.Message, list[int]], wire.Message]":
        verb = self._verbs.get(str(request.get("verb")))
        if verb is None:
            raise wire.Refusal(wire.REQUEST, errno.ENOSYS, str(request.get("verb")))
        return verb

    # ------------------------------------------------------------------------------------------- the verbs

    def _hello(self, _request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        self._greeted = True
        for kept in self._kept.values():
            if kept.exit and not kept.acknowledged:
                self._tell({"event": "exited", **kept.exit})
        return {"version": wire.VERSION, "pid": os.getpid()}

    def _spawn(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        kept = self._kept.get(request["instance"])
        repeated = kept is not None
        if kept is None:
            kept = self._made(request)
            try:
                kept.start(request, self._limit)
            except BaseException:
                kept.discard()
                raise
            self._children[kept.pid] = kept
            self._keep(kept)
        return {
            "pid": kept.pid,
            "start_ticks": kept.facts["start_ticks"],
            "boot_id": self._boot_id,
            "repeated": repeated,
        }

    def _made(self, facts: "wire.Message") -> Kept:
        return Kept(facts, self._vault.get(str(facts["terminal"])))

    def _keep(self, kept: Kept) -> None:
        self._kept[kept.instance] = kept
        self._dirty.add(kept.log)
        for source in kept.sources:
            self._loop.watch_stream(source.fileno(), self._mover(source))
        if kept.terminal:
            self._holder.hold(str(kept.facts["terminal"]), kept.terminal.fileno())

    def _adopt(self, request: "wire.Message", descriptors: list[int]) -> "wire.Message":
        kept = self._kept.get(request["instance"])
        if kept is None:
            kept = self._made(request)
            self._keep(kept)
            if kept.exit is None:
                self._watch_adopted(kept, descriptors.pop() if descriptors else None)
        return {"watched": kept.exit is None}

    def _watch_adopted(self, kept: Kept, pidfd: int | None) -> None:
        if kept.hold(pidfd):
            self._loop.watch(kept.pidfd, lambda: self._adopted_ended(kept))
        else:
            self._tell_exit(kept, None)

    def _signal(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        return {"delivered": self._find(request).signal(int(request["signal"]), bool(request["group"]))}

    def _list(self, _request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        return {"kept": [kept.row() for kept in self._kept.values()]}

    def _acknowledge(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        if kept := self._ended(request):
            kept.acknowledged = True
            self._forget_if_done(kept)
        return {}

    def _flush(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        return {"size": self._find(request).drain()}

    def _notice(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        kept = self._find(request)
        self._noticed[kept.log] = kept.instance
        return {}

    def _rotate(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        kept = self._find(request)
        if kept.open:
            kept.log.rotate()
            self._dirty.add(kept.log)
        return {}

    def _retain(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        self._find(request).retain(int(request["max_size"]), int(request["max_files"]))
        return {}

    def _close(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        kept = self._ended(request)
        if kept and kept.open:
            for source in kept.sources:
                self._loop.forget_stream(source.fileno())
            self._dirty.discard(kept.log)
            self._noticed.pop(kept.log, None)
            self._holder.drop(str(kept.facts["terminal"]))
            kept.close()
        if kept:
            self._forget_if_done(kept)
        return {}

    def _find(self, request: "wire.Message") -> Kept:
        kept = self._kept.get(request["instance"])
        if kept is None:
            raise wire.Refusal(wire.UNKNOWN_INSTANCE, errno.ESRCH, str(request["instance"]))
        return kept

    def _ended(self, request: "wire.Message") -> Kept | None:
        """The run that has ended; None if it is forgotten already, because its name came a second time."""
        kept = self._kept.get(request["instance"])
        if kept and kept.exit is None:
            raise wire.Refusal(wire.REQUEST, errno.EBUSY, kept.instance)
        return kept

    def _forget_if_done(self, kept: Kept) -> None:
        if kept.acknowledged and not kept.open:
            del self._kept[kept.instance]

    def _store(self, request: "wire.Message", descriptors: list[int]) -> "wire.Message":
        name = str(request["name"])
        if not descriptors:
            raise wire.Refusal(wire.REQUEST, errno.EBADF, name)
        self._drop(request, [])
        self._vault[name] = descriptors.pop()
        return {}

    def _fetch(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        name = str(request["name"])
        if name not in self._vault:
            raise wire.Refusal(wire.UNKNOWN_INSTANCE, errno.ENOENT, name)
        return {"descriptors": [self._vault[name]]}

    def _drop(self, request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        descriptor = self._vault.pop(str(request["name"]), None)
        if descriptor is not None:
            os.close(descriptor)
        return {}

    def _stored(self, _request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        return {"names": list(self._vault)}

    def _serving(self, _request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        self.brain.came_up()
        return {}

    def _stop(self, _request: "wire.Message", _descriptors: list[int]) -> "wire.Message":
        self._loop.stop()
        return {}


def _refused(refusal: wire.Refusal) -> "wire.Message":
    return {"ok": False, "kind": refusal.kind, "errno": refusal.number, "subject": refusal.subject}
