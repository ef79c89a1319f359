"""Supervisors with one manager process and a client that talks to it: supervisor, circus, pm2."""

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from bench.tools.adapter import Adapter, binary


class Supervisor(Adapter):
    name = "supervisor"
    program = "supervisord"
    has_commands = True

    def write(self) -> None:
        head = f"""[unix_http_server]
file={self.work}/s.sock
[supervisord]
logfile={self.work}/supervisord.log
pidfile={self.work}/supervisord.pid
minfds=8192
minprocs=200
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{self.work}/s.sock
"""
        programs = [
            f"""[program:{one.name}]
command={one.shell}
autorestart=true
redirect_stderr=true
stdout_logfile={self.log_path(one.name)}
stdout_logfile_maxbytes=0
"""
            for one in self.services
        ]
        (self.work / "s.conf").write_text(head + "".join(programs))

    def up(self) -> None:
        self.start([binary("supervisord"), "-n", "-c", "s.conf"])

    def status_argv(self) -> list[str]:
        return self._control("status")

    def commands(self, name: str) -> Mapping[str, list[str]]:
        verbs = ("stop", "start", "restart")
        return {"status": self.status_argv(), **{verb: self._control(verb, name) for verb in verbs}}

    def reload(self) -> None:
        self.run(self._control("update"))

    def _control(self, *words: str) -> list[str]:
        return [binary("supervisorctl"), "-c", str(self.work / "s.conf"), *words]


class Circus(Adapter):
    """Looks after its services every 5 seconds, its default."""

    name = "circus"
    program = "circusd"
    watches = True

    def write(self) -> None:
        if any(one.watch for one in self.services):
            self._watch_programs()
        endpoint, events = self._sockets()
        head = f"""[circus]
endpoint = ipc://{endpoint}
pubsub_endpoint = ipc://{events}
[plugin:reloader]
use = circus.plugins.command_reloader.CommandReloader
loop_rate = 1
"""
        watchers = [
            f"""[watcher:{one.name}]
cmd = {one.argv[0]}
args = {shlex.join(one.argv[1:])}
copy_env = True
stdout_stream.class = FileStream
stdout_stream.filename = {self.log_path(one.name)}
stderr_stream.class = FileStream
stderr_stream.filename = {self.log_path(one.name)}
"""
            for one in self.services
        ]
        if not any(one.watch for one in self.services):
            head = head.partition("[plugin")[0]
        (self.work / "c.ini").write_text(head + "".join(watchers))

    def up(self) -> None:
        self.start([binary("circusd"), "c.ini"])

    def status_argv(self) -> list[str]:
        return self._control("status")

    def reload(self) -> None:
        self.run(self._control("reloadconfig"))

    def change_source(self, _number: int) -> None:
        os.utime(self.services[0].argv[0])

    def clean_up(self) -> None:
        super().clean_up()
        for path in self._sockets():
            path.unlink(missing_ok=True)

    def _watch_programs(self) -> None:
        """Its reloader follows the program of a service only: give each a program inside the watched folder."""
        for index, one in enumerate(self.services):
            copy = Path(one.watch) / Path(one.argv[0]).name
            if not copy.exists():
                shutil.copy(shutil.which(one.argv[0]) or one.argv[0], copy)
            self.services[index] = one.running(str(copy), *one.argv[1:])

    def _sockets(self) -> tuple[Path, Path]:
        """Outside `work`: an ipc address has 107 bytes at most."""
        return Path(f"/tmp/nxb-{self.run_id}-e"), Path(f"/tmp/nxb-{self.run_id}-p")

    def _control(self, *words: str) -> list[str]:
        return [binary("circusctl"), "--endpoint", f"ipc://{self._sockets()[0]}", *words]


class Pm2(Adapter):
    """Its client starts its daemon by itself."""

    name = program = "pm2"
    watches = has_commands = True

    def __init__(self, work: Path, run_id: str) -> None:
        super().__init__(work, run_id)
        self.home = work / "pm2home"
        self.environment |= {"PM2_HOME": str(self.home), "PM2_DISABLE_VERSION_CHECK": "true"}
        self.environment |= {"PM2_PROGRAMMATIC": "true", "PM2_DISCRETE_MODE": "true", "CI": "1"}

    def write(self) -> None:
        (self.work / "e.json").write_text(json.dumps({"apps": [self._app(one.name) for one in self.services]}))

    def _app(self, name: str) -> dict[str, object]:
        one = next(service for service in self.services if service.name == name)
        log = str(self.log_path(name))
        return {
            "name": name,
            "script": shutil.which(one.argv[0]),
            "args": list(one.argv[1:]),
            "interpreter": "none",
            "exec_mode": "fork",
            "autorestart": True,
            "max_restarts": 1_000_000,
            "min_uptime": 0,
            "out_file": log,
            "error_file": log,
            "merge_logs": True,
            **({"watch": [one.watch], "watch_delay": 0} if one.watch else {}),
        }

    def up(self) -> None:
        self.must([binary("pm2"), "start", "e.json"])

    def down(self) -> None:
        self.must([binary("pm2"), "kill"])

    def status_argv(self) -> list[str]:
        return [binary("pm2"), "jlist"]

    def commands(self, name: str) -> Mapping[str, list[str]]:
        verbs = ("stop", "start", "restart")
        return {"status": self.status_argv(), **{verb: [binary("pm2"), verb, name] for verb in verbs}}

    def reload(self) -> None:
        self.run([binary("pm2"), "startOrRestart", "e.json"])

    def victims(self) -> Mapping[str, list[int]]:
        return {"manager": [int((self.home / "pm2.pid").read_text())]}
