"""Kill the manager with SIGKILL: do services live, do their logs go on, does a second `up` take them up again?"""

import signal
import time
from pathlib import Path

from bench import machine
from bench.options import Options, Record
from bench.tools.adapter import Service
from bench.trial import Trial

_EACH = 5
_TICK_S = 0.05


def measure(tool: str, options: Options) -> Record:
    """Kills `options.victim` (a name in the adapter's `victims`, "" for the first) under silent and writing services.

    `verdict` says what a second `up` did: adopted (the same processes), duplicates, started anew, or partly lost.
    """
    with Trial(tool, options) as trial:
        script = f"while :; do echo tick; sleep {_TICK_S}; done; : {trial.token}"
        writers = [Service(f"writer{index}", ("/bin/sh", "-c", script)) for index in range(_EACH)]
        trial.tool.keep_logs = True
        trial.tool.configure([*trial.sleepers(_EACH), *writers])
        trial.tool.prepare()
        trial.tool.up()
        if trial.events.wait_live(_EACH, options.limit_s) is None:
            return {"error": "not all services run"}
        time.sleep(3)
        silent, writing = set(trial.events.live()), _writing(trial)
        logs = [trial.tool.log_path(one.name) for one in writers]
        victim = options.victim or next(iter(trial.tool.victims()))
        for pid in trial.tool.victims()[victim]:
            machine.send(pid, signal.SIGKILL)
        time.sleep(2)
        record: Record = {
            "victim": victim,
            "silent_alive": sum(map(machine.alive, silent)),
            "writers_alive": sum(map(machine.alive, writing)),
            "logs_go_on": _growing(logs),
        }
        trial.tool.up()
        time.sleep(5)
        return record | {"verdict": _verdict(silent, set(trial.events.live()))}


def _writing(trial: Trial) -> list[int]:
    found = machine.marked(trial.tool.run_id)
    wanted = [b"/bin/sh", b"-c"]
    return [
        pid
        for pid in found
        if machine.command_line(pid)[:2] == wanted and trial.token in str(machine.command_line(pid))
    ]


def _growing(logs: list[Path]) -> int:
    """How many of the logs grow within a second."""
    before = [log.stat().st_size if log.exists() else 0 for log in logs]
    time.sleep(1)
    return sum(log.exists() and log.stat().st_size > size for log, size in zip(logs, before, strict=True))


def _verdict(before: set[int], after: set[int]) -> str:
    if after == before:
        return "adopted"
    if len(after) > len(before):
        return "duplicates"
    return "partly lost" if after & before or len(after) < len(before) else "started anew"
