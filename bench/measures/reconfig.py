"""Edit one of N services and apply the configuration: how long until it runs anew, and what else was touched?"""

import time

from bench import machine
from bench.options import Options, Record
from bench.trial import SLEEP_S, Trial, rounded

_EDITED = 7


def measure(tool: str, options: Options) -> Record:
    """Seconds from the edit to the exec of the new command, and how many of the N kept their process."""
    with Trial(tool, options) as trial:
        services = trial.sleepers(options.count)
        trial.begin(services)
        before = set(trial.events.live())
        position = _EDITED % options.count
        edited = services[position].running("sleep", f"{SLEEP_S + 1}.{trial.token}")
        services[position] = edited
        began = machine.now()
        if trial.tool.reloads:
            trial.tool.configure(services)
            trial.tool.reload()
        else:
            trial.tool.down()
            trial.tool.configure(services)
            trial.tool.up()
        applied = machine.now()
        machine.wait_for(lambda: _executed_at(trial, edited.argv[1], before), options.limit_s)
        executed = _executed_at(trial, edited.argv[1], before)
        time.sleep(2)
        after = set(trial.events.live())
        return {
            "edited_s": rounded(executed and executed - began, 4),
            "command_s": round(applied - began, 4),
            "kept": len(before & after),
            "restarted": len(after - before),
        }


def _executed_at(trial: Trial, argument: str, before: set[int]) -> float | None:
    fresh = trial.events.executed.keys() - before
    return next((trial.events.executed[pid] for pid in fresh if argument.encode() in machine.command_line(pid)), None)
