"""Start N services that do nothing, look at the manager while they idle, stop them."""

import time

from bench import machine
from bench.options import Options, Record
from bench.trial import Trial, median, rounded


def measure(tool: str, options: Options) -> Record:
    """Seconds from the command to the last exec (`up_s`) and to the command's own end, and from `down` to the last
    exit. In the first repetition also the manager's memory, what it does while idle, and how long its status takes.
    """
    with Trial(tool, options) as trial:
        adapter, events = trial.tool, trial.events
        adapter.configure(trial.sleepers(options.count))
        adapter.prepare()
        events.forget()
        began = machine.now()
        adapter.up()
        returned = machine.now()
        all_up = events.wait_live(options.count, options.limit_s)
        record: Record = {
            "up_s": rounded(all_up and all_up - began, 4),
            "up_command_s": rounded(returned - began, 4),
        }
        if options.repetition == 0:
            record |= _resting(trial)
        time.sleep(options.settle_s)
        began = machine.now()
        adapter.down()
        returned = machine.now()
        all_gone = events.wait_gone(min(options.limit_s, 30.0))
        record["down_s"] = rounded(all_gone and all_gone - began, 4)
        record["down_command_s"] = rounded(returned - began, 4)
        if unwanted := sum(at < began for at in events.ended.values()):
            record["ended_early"] = unwanted
        if all_gone is None:
            record["left_running"] = len(events.live())
        if events.dropped:
            record["events_dropped"] = events.dropped
        return record


def _resting(trial: Trial) -> Record:
    options, record = trial.options, Record()
    if options.calls and (argv := trial.tool.status_argv()):
        record["status_ms"] = rounded(_command_ms(trial, argv), 1)
    if options.idle_s:
        record["pss_warm_mib"] = round(machine.memory(trial.manager_pids()).pss, 1)
        time.sleep(options.rest_s)
        memory = machine.memory(trial.manager_pids())
        idling = machine.idling(trial.manager_pids(), options.idle_s)
        record |= {
            "pss_mib": round(memory.pss, 1),
            "rss_mib": round(memory.rss, 1),
            "processes": memory.processes,
            "idle_cpu_percent": round(idling.cpu_percent, 4),
            "wakeups_per_s": round(idling.wakeups_per_s, 2) if idling.settled else None,
        }
    return record


def _command_ms(trial: Trial, argv: list[str]) -> float | None:
    times = []
    for _ in range(trial.options.calls):
        began = machine.now()
        trial.tool.run(argv)
        times.append((machine.now() - began) * 1000)
    return median(times)
