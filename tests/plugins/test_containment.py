"""Whatever a plugin does wrong, who asks is answered in time, the next one is asked, and the report says what it was.

What forks or loops here ends by itself after a minute at the latest.
"""

import asyncio
import os

import pytest

from nexsock.keeper import mark
from nexsock.runtime import identity
from tests.plugins.conftest import EXIT, START, UP

GENEROUS_S = 60.0
"""A promise of two seconds on a machine that is very busy."""

FAULTS = {
    "raises": ("raise ValueError('no such key')", "raised ValueError: no such key"),
    "raises-what-cannot-be-told": (
        "class Mute(Exception):\n        def __str__(self): raise KeyError\n    raise Mute",
        "raised Mute",
    ),
    "exits": ("raise SystemExit(3)", "raised SystemExit: 3"),
    "ends-its-process": ("import os; os._exit(3)", "ended with status 3 instead of answering"),
    "kills-itself": ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL instead of answering"),
    "hangs": ("import time; time.sleep(60)", "did not answer within 0.5s"),
    "loops": (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (60, 60))\n    while True: pass",
        "did not answer within 0.5s",
    ),
    "loops-deaf": (
        "import signal, time\n    for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n    time.sleep(60)",
        "did not answer within 0.5s",
    ),
    "floods": (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (60, 60))\n    while True: print('x' * 1000)",
        "did not answer within 0.5s",
    ),
    "leaks": ("return len(bytearray(2 * 1024**3))", "raised MemoryError"),
    "answers-too-much": ("return {'deny': 'x' * 2 * 1024**2}", "its answer has more than 1024 KiB"),
    "answers-a-function": ("return pre_command", "raised TypeError: Encoding objects of type function"),
    "answers-itself": ("a = {}; a['deny'] = a; return a", "raised RecursionError"),
    "answers-a-number": ("return 7", "pre_command answered 7; it can answer nothing or a table"),
    "answers-a-wrong-type": ("return {'deny': 7}", "pre_command answered 'deny' without the capability"),
    "closes-everything": ("import os; os.closerange(0, 1000)", "instead of answering"),
    "writes-where-it-should-not": (
        "import os, time\n    for n in range(3, 20):\n        try: os.write(n, b'garbage' * 10)\n"
        "        except OSError: pass\n    time.sleep(60)",
        "sent something that is no answer",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_told_and_the_next_plugin_is_asked(fault, folder, host):
    code, told = FAULTS[fault]
    folder.native("bad", f"def pre_command():\n    {code}", priority=10, timeout=0.5)
    folder.native("good", 'def pre_command(): return {"deny": "asked"}', capabilities=["deny"])
    async with asyncio.timeout(GENEROUS_S):
        denied = await host.pre_command(UP)
    bad = host.statuses()[0]
    assert (denied.plugin, bad.strikes) == ("good", 1)
    assert told in bad.last_fault


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise RuntimeError('at once')\ndef pre_command(): pass", "cannot be loaded: RuntimeError: at once"),
        ("import no_such_module\ndef pre_command(): pass", "cannot be loaded: ModuleNotFoundError"),
        ("def pre_command(comand): pass", "pre_command is not told 'comand'; it is told project, directory, command"),
        ("def pre_command(*all): pass", "pre_command is called with keywords only"),
        ("async def pre_command(): pass", "pre_command is async"),
        ("def pre_command(): pass\ndel pre_command", "it has no function pre_command"),
        ("import os; os._exit(0)\ndef pre_command(): pass", "ended with status 0 instead of answering"),
    ],
)
async def test_a_plugin_that_cannot_be_loaded_is_a_fault_and_stops_nothing(body, told, folder, host):
    folder.native("bad", body)
    assert await host.pre_command(UP) is None
    assert told in host.statuses()[0].last_fault


async def test_three_faults_set_a_plugin_aside_until_its_file_changes(folder, host):
    folder.native("bad", "def pre_command(): raise ValueError('again')")
    for _ in range(5):
        await host.pre_command(UP)
    aside = host.statuses()[0]
    folder.native("bad", "def pre_command(): return None  # mended")
    await host.pre_command(UP)
    mended = host.statuses()[0]
    assert (aside.state, aside.calls, mended.state, mended.calls) == ("set_aside", 3, "loaded", 1)


@pytest.mark.parametrize(
    ("said", "denied"),
    [({}, False), ({"on_failure": "closed"}, True), ({"capabilities": ["deny"]}, True)],
)
async def test_a_plugin_without_an_answer_is_open_or_closed_as_it_declares(said, denied, folder, host):
    folder.native("bad", "def pre_start(): raise ValueError('again')", **said)
    verdicts = [await host.pre_start(START) for _ in range(4)]
    assert [verdict.denied is not None for verdict in verdicts] == [denied] * 4
    if denied:
        assert str(verdicts[0].denied) == "plugin 'bad' has no answer: it raised ValueError: again"
        assert "is set aside after 3 faults, the last: raised ValueError" in str(verdicts[3].denied)


async def test_what_a_plugin_started_ends_with_it(folder, host, tmp_path):
    """Children of children, in sessions of their own and without the environment of their parents."""
    pids = tmp_path / "pids"
    body = f"""
import os, resource, time
def pre_command():
    for _ in range(8):
        if os.fork() == 0:
            os.setsid()
            os.fork()
            with open({str(pids)!r}, "a") as file:
                file.write(f"{{os.getpid()}}\\n")
            os.execve("/bin/sleep", ["sleep", "60"], {{}})
    time.sleep(60)
"""
    folder.native("forks", body, timeout=3.0)
    await host.pre_command(UP)
    started = [int(line) for line in pids.read_text().split()]
    assert len(started) > 0
    assert [pid for pid in started if is_sleeping(pid)] == []


def is_sleeping(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return "(sleep)" in (text := stat.read()) and text.rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


async def test_the_next_daemon_ends_what_was_left_behind(folder, host, tmp_path):
    folder.native("noop", "def pre_command(): pass")
    instance = f"plugin {tmp_path / 'state'} noop"
    before = mark.put(mark.of_run(instance))
    try:
        left = await asyncio.create_subprocess_exec("/bin/sleep", "60", start_new_session=True)
    finally:
        mark.put(before)
    await host.pre_command(UP)
    async with asyncio.timeout(GENEROUS_S):
        assert await left.wait() == -9


async def test_after_a_fault_a_plugin_begins_anew(folder, host):
    body = """
calls = []
def pre_command():
    calls.append(1)
    if len(calls) > 1:
        raise MemoryError
    return {"deny": str(len(calls))}
"""
    folder.native("grows", body, capabilities=["deny"], on_failure="open")
    said = [await host.pre_command(UP) for _ in range(3)]
    assert [denied and denied.reason for denied in said] == ["1", None, "1"]


async def test_who_goes_on_working_between_two_calls_is_ended_after_a_minute_of_it(folder, host):
    body = """
import resource
def pre_command():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"deny": str(resource.getrlimit(resource.RLIMIT_CPU)[0] - used.ru_utime - used.ru_stime)}
"""
    folder.native("spins", body, capabilities=["deny"])
    left = [float((await host.pre_command(UP)).reason) for _ in range(2)]
    assert all(55 < seconds <= 60 for seconds in left)


async def test_many_questions_to_a_plugin_that_hangs_are_all_answered(folder, host):
    folder.native("bad", "import time\ndef pre_start(): time.sleep(60)", timeout=0.2)
    async with asyncio.timeout(GENEROUS_S):
        verdicts = await asyncio.gather(*(host.pre_start(START) for _ in range(200)))
    assert (len(verdicts), host.statuses()[0].calls) == (200, 3)


async def test_a_slow_listener_does_not_keep_who_asks(folder, host):
    body = "import time\ndef on_exit(): time.sleep(0.2)\ndef pre_command(): return {'deny': 'asked'}"
    folder.native("slow", body, capabilities=["deny"], timeout=20.0)
    for _ in range(500):
        host.tell(EXIT)
    async with asyncio.timeout(GENEROUS_S):
        denied = await host.pre_command(UP)
    assert (denied.reason, host.statuses()[0].calls < 100) == ("asked", True)


async def test_what_a_plugin_prints_is_in_its_log_and_nowhere_else(folder, host, capfd):
    folder.native("chatty", "def pre_command(nexsock):\n    print('to you', flush=True)\n    nexsock.log('and to me')")
    await host.pre_command(UP)
    with open(host.statuses()[0].log) as log:
        assert log.read() == "to you\nand to me\n"
    assert capfd.readouterr() == ("", "")


async def test_a_plugin_cannot_read_the_daemons_commands(folder, host):
    folder.native(
        "reader", "import sys\ndef pre_command(): return {'deny': repr(sys.stdin.read())}", capabilities=["deny"]
    )
    assert (await host.pre_command(UP)).reason == "''"


async def test_a_plugin_does_not_count_as_a_service(folder, host, monkeypatch):
    monkeypatch.setenv(identity.INSTANCE, "run-of-somebody")
    folder.native(
        "noop",
        "import os\ndef pre_command(): return {'deny': str('NEXSOCK_INSTANCE' in os.environ)}",
        capabilities=["deny"],
    )
    assert (await host.pre_command(UP)).reason == "False"


async def test_closing_the_host_ends_every_process(folder, make_host):
    host = make_host()
    folder.native("noop", "import os\ndef pre_command(): return {'deny': str(os.getpid())}", capabilities=["deny"])
    pid = int((await host.pre_command(UP)).reason)
    await host.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
