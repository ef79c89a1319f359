"""The least useful supervisor that Python can be: what others are measured against.

    floor_supervisor.py CONFIG LOGS SOCKET MODE

CONFIG is JSON, name to argv; LOGS an existing folder; SOCKET a path that does not exist yet.

One thread, one epoll: services are started with posix_spawn in sessions of their own, their ends come through
pidfds, one that ends by itself is started again at once. A Unix socket answers `status` with a prepared text and
`reload` by restarting the services whose arguments changed. SIGTERM ends all of them, then itself.

A yardstick and no product: no backoff, no health, no dependencies, no memory. MODE says how logs are kept:

    direct    the service gets the file itself
    read      a pipe of 1 MiB; read and write here
    splice    a pipe; the kernel moves the bytes
"""

import fcntl
import json
import os
import select
import signal
import socket
import sys

SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, fcntl(2)
PIPE_BYTES = 1 << 20


class Service:
    """One service, its log, and its process while it runs."""

    def __init__(self, name, argv, log):
        self.name = name
        self.argv = argv
        self.log = log
        self.pid = None
        self.restarts = 0


class Supervisor:
    def __init__(self, config, logs, address, mode):
        self.config = config
        self.logs = logs
        self.address = address
        self.mode = mode
        self.services = {}
        self.handlers = {}
        self.waiting = select.epoll()
        self.environment = dict(os.environ)
        self.null = os.open(os.devnull, os.O_RDWR)
        self.programs = {}
        self.answer = None
        self.stopping = False

    def run(self):
        self._take_signals()
        self._listen()
        for name, argv in self._configured().items():
            self._add(name, argv)
        while not self.stopping or any(service.pid for service in self.services.values()):
            for descriptor, _ in self.waiting.poll():
                handler, argument = self.handlers[descriptor]
                handler(descriptor, argument)

    def _on(self, descriptor, handler, argument=None):
        self.handlers[descriptor] = (handler, argument)
        self.waiting.register(descriptor, select.EPOLLIN)

    def _forget(self, descriptor):
        self.waiting.unregister(descriptor)
        del self.handlers[descriptor]
        os.close(descriptor)

    def _take_signals(self):
        self.wake, woken = socket.socketpair()
        woken.setblocking(False)
        signal.set_wakeup_fd(woken.detach())
        signal.signal(signal.SIGTERM, lambda *_: None)
        self._on(self.wake.fileno(), self._stop_all)

    def _listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.address)
        self.listener.listen(64)
        self._on(self.listener.fileno(), self._serve)

    def _configured(self):
        with open(self.config) as file:
            return json.load(file)

    def _add(self, name, argv):
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if self.mode == "direct" else 0)
        log = os.open(f"{self.logs}/{name}.log", flags, 0o644)
        self.services[name] = Service(name, argv, log)
        self._start(self.services[name])

    def _start(self, service):
        output = service.log if self.mode == "direct" else self._pipe(service)
        program = service.argv[0]
        if program not in self.programs:
            self.programs[program] = find(program, self.environment["PATH"])
        service.pid = os.posix_spawn(
            self.programs[program],
            service.argv,
            self.environment,
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
            file_actions=[(os.POSIX_SPAWN_DUP2, *pair) for pair in ((self.null, 0), (output, 1), (output, 2))],
        )
        if output != service.log:
            os.close(output)
        self._on(os.pidfd_open(service.pid), self._ended, service)

    def _pipe(self, service):
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(writer, True)
        if self.mode == "read":
            try:
                fcntl.fcntl(reader, SET_PIPE_SIZE, PIPE_BYTES)
            except OSError:
                pass  # the user's share of pipe pages is used up (pipe(7)): a small pipe works, too
        self._on(reader, self._move, service)
        return writer

    def _move(self, reader, service):
        if self.mode == "splice":
            moved = os.splice(reader, service.log, PIPE_BYTES)
        else:
            moved = os.write(service.log, data) if (data := os.read(reader, PIPE_BYTES)) else 0
        if not moved:
            self._forget(reader)

    def _ended(self, descriptor, service):
        self._forget(descriptor)
        os.waitpid(service.pid, 0)
        service.pid = None
        self.answer = None
        if not self.stopping:
            service.restarts += 1
            self._start(service)

    def _serve(self, *_):
        connection, _ = self.listener.accept()
        if connection.recv(4096).strip() == b"reload":
            self._reload()
        if self.answer is None:
            table = [{"name": one.name, "pid": one.pid, "restarts": one.restarts} for one in self.services.values()]
            self.answer = json.dumps(table).encode() + b"\n"
        connection.sendall(self.answer)
        connection.close()

    def _reload(self):
        self.answer = None
        for name, argv in self._configured().items():
            if name not in self.services:
                self._add(name, argv)
            elif self.services[name].argv != argv:
                self.services[name].argv = argv
                os.killpg(self.services[name].pid, signal.SIGTERM)

    def _stop_all(self, *_):
        self.wake.recv(64)
        self.stopping = True
        for service in self.services.values():
            if service.pid:
                os.killpg(service.pid, signal.SIGTERM)


def find(program, path):
    folders = [""] if "/" in program else [folder + "/" for folder in path.split(":")]
    return next(folder + program for folder in folders if os.access(folder + program, os.X_OK))


Supervisor(*sys.argv[1:]).run()
