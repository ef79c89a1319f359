"""A daemon that is left alone does nothing, one that is kept busy takes no more, and it answers whatever goes on."""

import json
import time
from pathlib import Path

SECOND_S = 1.0
"""The stretch of time in which nothing is to happen; nothing is awaited by it."""


def effort(pid: int) -> tuple[int, ...]:
    """How often a process was woken, how much processor it took, how often it wrote."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    io = dict(line.split(":") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(status["voluntary_ctxt_switches"]), int(stat[11]) + int(stat[12]), int(io["syscw"])


def halves(road) -> list[int]:
    """Keeper and brain; the process that loads files for them ends by itself when it has had nothing to do."""
    status = road.json("daemon", "status")
    return [status["keeper_pid"], status["pid"]]


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def memory_kib(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4


def test_fifty_idle_services_wake_nobody_and_write_nothing(project):
    road = project("services:\n" + "".join(f"  s{n}: {{command: exec sleep 1000}}\n" for n in range(50)))
    road.up()

    daemon = halves(road)

    def nothing_happens() -> bool:
        before = [effort(pid) for pid in daemon]
        time.sleep(SECOND_S)
        return [effort(pid) for pid in daemon] == before

    road.wait_until(nothing_happens, "a second in which neither process of the daemon does anything")
    assert all(road.pids().values())


def test_services_that_crash_again_and_again_cost_no_descriptor_and_no_memory(project):
    policy = "restart: always, restart_policy: {delay: 1ms, factor: 1, max_in_window: 0}"
    names = [f"s{n}" for n in range(4)]
    loops = "".join(f"  {name}: {{command: [/bin/false], {policy}}}\n" for name in names)
    road = project(f"services:\n{loops}  calm: {{command: exec sleep 1000}}\n")

    road.up("calm")
    daemon = halves(road)
    files = [open_files(pid) for pid in daemon]

    def memory_after(count: int) -> list[int]:
        """Of keeper and brain, when so many runs have ended and no other has begun; no more is open than before."""
        road.begin("start", *names)
        road.wait_until(
            lambda: sum(road.service(name).get("run", 0) for name in names) > count, f"{count} runs", limit_s=600
        )
        road.done("stop", *names)
        road.wait_until(
            lambda: all(open_files(pid) <= before for pid, before in zip(daemon, files, strict=True)),
            "everything of the ended runs is closed",
        )
        return [memory_kib(pid) for pid in daemon]

    early, late = memory_after(100), memory_after(400)
    for before, after in zip(early, late, strict=True):
        assert after <= before + 2048
    assert road.phase("calm") == "running"


def test_questions_are_answered_each_with_its_own_answer_while_a_slow_stop_goes_on(project):
    names = [f"s{n}" for n in range(8)]
    plain = "".join(f"  {name}: {{command: exec sleep 1000}}\n" for name in names)
    road = project(f"""
        services:
          slow:
            command: trap '' TERM; echo up; while :; do sleep 0.1; done
            stop_grace_period: 10m
            healthcheck: {{log: up}}
        {plain.replace(chr(10), chr(10) + "        ")}""")
    road.up()
    stop = road.begin("stop", "slow")
    road.wait_until(lambda: road.phase("slow") == "stopping", "the stop has begun")
    asked = {name: road.begin("--json", "status", name) for name in names}
    told = {name: json.loads(answer.end().out)["name"] for name, answer in asked.items()}
    assert told == {name: name for name in names}
    assert stop.process.poll() is None
    road.done("kill", "slow")
    assert stop.end().exit == 0
