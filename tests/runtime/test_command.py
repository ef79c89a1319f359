"""Helper programs: their status, the end of their output, and the certainty that they end."""

import asyncio
import os
import signal
import time

import pytest

from nexsock.runtime import command

HOME = {"PATH": os.environ["PATH"]}


async def run(*argv: str, timeout_s: float = 30.0) -> command.Finished:
    return await command.run(argv, cwd="/", environment=HOME, timeout_s=timeout_s)


async def test_status_and_output_of_both_streams_are_told():
    ended = await run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ended.status, ended.output) == (3, "out\nerr")


async def test_death_by_a_signal_is_128_and_its_number():
    assert (await run("sh", "-c", "kill -TERM $$")).status == 143


async def test_the_time_limit_ends_it_and_what_it_started():
    began = time.monotonic()
    ended = await run("sh", "-c", "echo begun; sleep 60 & sleep 60", timeout_s=1.0)
    assert (ended.status, ended.output, time.monotonic() - began < 50) == (None, "begun", True)


async def test_a_helper_that_ended_while_we_stood_still_was_in_time():
    task = asyncio.create_task(run("sh", "-c", "exit 3", timeout_s=0.05))
    await asyncio.sleep(0)
    time.sleep(0.5)  # the loop stands still, as in a stopped process
    assert (await task).status == 3


async def test_only_the_end_of_a_flood_is_kept():
    ended = await run("sh", "-c", "yes 0123456789 | head -c 1000000; echo; echo last")
    assert (len(ended.output) <= command.OUTPUT_LIMIT, ended.output.endswith("last")) == (True, True)


async def test_a_child_that_keeps_the_output_open_does_not_hold_us():
    began = time.monotonic()
    pid = int((await run("sh", "-c", "setsid sleep 60 & echo $!")).output)
    waited_s = time.monotonic() - began
    os.kill(pid, signal.SIGKILL)
    assert waited_s < 50


async def test_a_cancelled_caller_leaves_nothing_behind(tmp_path):
    pid_file = tmp_path / "pid"
    task = asyncio.create_task(run("sh", "-c", f"echo $$ > {pid_file}; exec sleep 60"))
    async with asyncio.timeout(60):
        while not (pid_file.exists() and pid_file.read_text().strip()):
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not os.path.exists(f"/proc/{int(pid_file.read_text())}")


async def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(OSError, match="no-such-program"):
        await run("no-such-program")
