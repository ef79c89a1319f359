"""A stand-in for the daemon at the other end of a Lua plugin's process."""

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

from nexsock.model import packed
from nexsock.plugins.wire import LENGTH, Call, Load, Ready, Returned

LIMIT_S = 60.0


class LuaProcess:
    """One process of a Lua plugin. `end` it; then `log` is what it has written."""

    def __init__(self) -> None:
        self.log = ""
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(LIMIT_S)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nexsock.plugins.lua_body"],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        theirs.close()
        self._reader = threading.Thread(target=self._read_log)
        self._reader.start()

    def load(self, script: bytes, **more: Any) -> Ready | None:
        """What it says of a script; None if it ended over it."""
        order = Load(
            name="bad", path="/plugins/lua/bad.lua", source=script, parent=os.getpid(), mark=1 << 62 | 7, **more
        )
        return self._exchange(order, Ready)

    def ask(self, hook: str, arguments: dict[str, Any], services: tuple[dict[str, Any], ...] = ()) -> Returned | None:
        """What it answers; None if it ended over that."""
        return self._exchange(Call(number=1, hook=hook, arguments=arguments, services=services), Returned)

    def _exchange(self, frame: Load | Call, kind: type[Any]) -> Any:
        try:
            self._socket.sendall(LENGTH.pack(len(body := packed.encode(frame))) + body)
            head = self._socket.recv(LENGTH.size, socket.MSG_WAITALL)
            if len(head) < LENGTH.size:
                return None
            return packed.decode(self._socket.recv(*LENGTH.unpack(head), socket.MSG_WAITALL), kind)
        except ConnectionError:
            return None

    def end(self) -> int:
        """End it, if it has not ended; its exit code, or minus the signal."""
        self._socket.close()
        try:
            return self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            return self.process.wait()
        finally:
            self._reader.join()

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as written:
            self.log = written.read().decode(errors="replace")
