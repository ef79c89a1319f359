"""nexsock, three times: with its daemon running, with everything warm, and with no daemon at all."""

import json
from collections.abc import Mapping
from pathlib import Path

from bench import machine
from bench.tools.adapter import Adapter, Service, binary


class Nexsock(Adapter):
    """The daemon runs; it has not seen the project yet."""

    name = program = "nexsock"
    watches = orders = has_commands = True

    def __init__(self, work: Path, run_id: str) -> None:
        super().__init__(work, run_id)
        self.home = work / "home"
        self.environment["NEXSOCK_HOME"] = str(self.home)

    def write(self) -> None:
        services = {one.name: _fields(one) for one in self.services}
        # JSON is YAML. The mark is in the file as well: a daemon that outlives a crash starts with another's variables.
        document = {"environment": {machine.MARK: self.run_id}, "services": services}
        (self.work / "nexsock.yaml").write_text(json.dumps(document, indent=1))

    def prepare(self) -> None:
        self.must(self._command("daemon", "start"))

    def up(self) -> None:
        watching = ["--watch"] if any(one.watch for one in self.services) else []
        self.must(self._command("up", "-d", *watching))

    def down(self) -> None:
        self.must(self._command("down"))

    def status_argv(self) -> list[str]:
        return self._command("ps")

    def commands(self, name: str) -> Mapping[str, list[str]]:
        return {
            "ps": self._command("ps"),
            "ps --json": self._command("ps", "--json"),
            "status": self._command("status", name),
            "logs": self._command("logs", "-n", "20", name),
            "stop": self._command("stop", name),
            "start": self._command("start", name),
            "restart": self._command("restart", name),
        }

    def reload(self) -> None:
        self.up()

    def log_path(self, name: str) -> Path:
        (logs,) = self.home.glob("state/projects/*/logs")
        return logs / f"{name}.log"

    def victims(self) -> Mapping[str, list[int]]:
        told = json.loads(self.must(self._command("daemon", "status", "--json")))
        brain, keeper = told["pid"], told["keeper_pid"]
        return {"brain": [brain], "keeper": [keeper], "both": [keeper, brain]}

    def clean_up(self) -> None:
        """The keeper first: it would replace a brain that is killed."""
        self.run(self._command("daemon", "stop"))
        super().clean_up()

    def _command(self, *words: str) -> list[str]:
        return [binary("nexsock"), *words]


class NexsockAgain(Nexsock):
    """The second `up` of a working day: the daemon has loaded the project, its services were stopped."""

    name = "nexsock-again"

    def prepare(self) -> None:
        super().prepare()
        self.up()
        self.down()


class NexsockCold(Nexsock):
    """No daemon: the first command starts it."""

    name = "nexsock-cold"

    def prepare(self) -> None:
        """Leave everything to `up`."""


def _fields(one: Service) -> dict[str, object]:
    """A service of nexsock.yaml that starts again at once and keeps its whole log, as those of the other tools do."""
    fields: dict[str, object] = {
        "command": list(one.argv),
        "restart": "always",
        "restart_policy": {"delay": "0s", "max_in_window": 1000},
        "logging": {"max_size": "16GiB"},
    }
    if one.watch:
        fields["watch"] = [{"path": one.watch}]
    if one.ready:
        kind, _, port = one.ready.partition(":")
        fields["healthcheck"] = {"tcp": int(port)} if kind == "tcp" else {"log": "ready"}
    if one.needs:
        fields["depends_on"] = [one.needs]
    return fields
