import asyncio
import errno
import os
import resource
import signal

import pytest

from nexsock.keeper import wire
from nexsock.runtime import clock
from nexsock.runtime.kept import Refused

USUAL_LIMIT, HARD_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)
USUAL_NICE = os.getpriority(os.PRIO_PROCESS, 0)
FREE_AND_LIMITED = [pytest.param({}, id="free"), pytest.param({"nofile": 100}, id="limited")]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.abort()", -6),
    ],
)
async def test_exit_codes_and_signals_are_known(world, code, status):
    assert (await world.run(world.python(code))).status == status


async def test_the_time_of_an_end_is_told_in_both_clocks(world):
    before = clock.monotonic(), clock.wall()
    ended = await world.run(world.launch("true"))
    assert before[0] < ended.monotonic < clock.monotonic()
    assert before[1] < ended.wall < clock.wall()


async def test_a_repeated_spawn_of_an_instance_is_answered_with_the_first(world):
    launch = world.launch("sleep", "60")
    first, second = await asyncio.gather(world.hands.spawn(launch), world.hands.spawn(launch))
    assert (second.pid, second.start_ticks, second.repeated) == (first.pid, first.start_ticks, True)
    await world.end(launch.instance)


async def test_the_environment_is_exactly_what_was_given(world):
    code = "import os; print(sorted(os.environb.items()), end='')"
    environment = {"EMPTY": "", "SPACED": " a  b\n", "BYTES": os.fsdecode(b"\xff\xfe"), "LC_ALL": "C.UTF-8"}
    launch = world.python(code, environment=environment)
    await world.run(launch)
    expected = sorted((os.fsencode(name), os.fsencode(value)) for name, value in environment.items())
    assert world.log(launch) == str(expected)


async def test_an_environment_larger_than_a_packet_arrives_whole(world):
    launch = world.python(
        "import os; print(sum(map(len, os.environ.values())))", env={f"V{n}": "x" * 9000 for n in range(50)}
    )
    await world.run(launch)
    assert int(world.log(launch)) >= 450_000


async def test_a_service_holds_three_descriptors_and_nothing_of_the_keeper(world):
    launch = world.launch("sh", "-c", "ls -l /proc/$$/fd", stdin="/dev/null")
    await world.run(launch)
    links = [line.split(" -> ")[-1] for line in world.log(launch).splitlines()[1:]]
    assert links == ["/dev/null", launch.files.stdout_fifo, launch.files.stderr_fifo]


@pytest.mark.parametrize("limits", FREE_AND_LIMITED)
async def test_a_service_begins_with_default_signals(world, limits):
    launch = world.launch("grep", "Sig[BI]", "/proc/self/status", limits=limits)
    await world.run(launch)
    blocked, ignored = (int(line.split()[1], 16) for line in world.log(launch).splitlines())
    reserved_by_glibc = 0b11 << 31
    assert (blocked, ignored & ~reserved_by_glibc) == (0, 0)


@pytest.mark.parametrize("limits", FREE_AND_LIMITED)
async def test_a_service_begins_in_its_own_session_and_folder(world, limits):
    launch = world.launch("sh", "-c", "cut -d' ' -f1,5,6 /proc/$$/stat; pwd", limits=limits)
    started = await world.hands.spawn(launch)
    await world.ended(launch.instance)
    numbers, folder = world.log(launch).splitlines()
    assert numbers.split() == [str(started.pid)] * 3
    assert folder == str(world.home)


@pytest.mark.parametrize(
    ("limits", "soft", "hard", "nice", "memory"),
    [
        ({}, USUAL_LIMIT, HARD_LIMIT, USUAL_NICE, resource.RLIM_INFINITY),
        ({"nofile": 100}, 100, 100, USUAL_NICE, resource.RLIM_INFINITY),
        ({"nice": 19, "memory": 64 << 20}, USUAL_LIMIT, HARD_LIMIT, 19, 64 << 20),
    ],
)
async def test_a_service_has_the_limits_that_it_declares_and_the_usual_ones(world, limits, soft, hard, nice, memory):
    code = """
import os, resource
files, data = resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_DATA)
print(*files, os.getpriority(os.PRIO_PROCESS, 0), *data)
"""
    launch = world.python(code, limits=limits)
    await world.run(launch)
    assert [*map(int, world.log(launch).split())] == [soft, hard, nice, memory, memory]


async def test_who_takes_more_memory_than_the_limit_is_refused_it(world):
    code = """
print(len(bytearray(1 << 25)))
try:
    bytearray(1 << 28)
except MemoryError:
    print("refused")
"""
    await world.run(launch := world.python(code, limits={"memory": 1 << 27}))
    assert world.log(launch).split() == [str(1 << 25), "refused"]


async def test_a_limit_that_cannot_be_set_is_an_error_that_names_it(world):
    launch = world.launch("true", limits={"nofile": 1 << 40})
    with pytest.raises(Refused, match=r"limits\.nofile of 1099511627776 cannot be set: Operation not perm"):
        await world.hands.spawn(launch)
    assert not world.there(launch.files.stdout_fifo)


@pytest.mark.parametrize("limits", FREE_AND_LIMITED)
@pytest.mark.parametrize(
    ("argv", "kind", "words"),
    [
        (("no-such-program",), wire.PROGRAM_MISSING, "program 'no-such-program' is in no folder of PATH; install it"),
        (("./missing",), wire.PROGRAM_MISSING, "program './missing' does not exist; install it, or correct 'command'"),
        (("./plain",), wire.PERMISSION, "'./plain' may not be executed; run 'chmod +x ./plain'"),
        (("./garbage",), wire.NOT_EXECUTABLE, "'./garbage' is not a program for this machine; begin a script with #!"),
        (("./lost",), wire.INTERPRETER_MISSING, "'./lost' names an interpreter that does not exist; correct its first"),
    ],
)
async def test_a_program_that_cannot_be_executed_is_an_error_that_says_why(world, argv, kind, words, limits):
    for name, mode, text in (("plain", 0o600, "x"), ("garbage", 0o700, "\1\2"), ("lost", 0o700, "#!/no/such\n")):
        (world.home / name).write_text(text)
        (world.home / name).chmod(mode)
    with pytest.raises(Refused) as caught:
        await world.hands.spawn(world.launch(*argv, limits=limits))
    assert caught.value.kind == kind
    assert str(caught.value).startswith(words)
    assert await world.hands.kept() == []


async def test_a_missing_folder_is_an_error_that_names_it(world):
    with pytest.raises(Refused, match=r"working_dir '/no/such' does not exist; make it, or correct 'working_dir'"):
        await world.hands.spawn(world.launch("true", cwd="/no/such"))


async def test_a_refused_start_leaves_no_fifo_behind(world):
    with pytest.raises(Refused):
        await world.hands.spawn(launch := world.launch("true", cwd="/no/such"))
    assert not world.there(launch.files.stdout_fifo)


@pytest.mark.parametrize("limits", FREE_AND_LIMITED)
async def test_an_environment_that_cannot_be_is_refused(world, limits):
    with pytest.raises(Refused) as caught:
        await world.hands.spawn(world.launch("true", environment={"A=B": "c", "NUL": "a\0b"}, limits=limits))
    assert (caught.value.kind, caught.value.errno) == (wire.REQUEST, errno.EINVAL)


async def test_a_signal_reaches_the_whole_group(world):
    launch = world.launch("sh", "-c", "sleep 60 & wait")
    await world.hands.spawn(launch)
    assert await world.hands.signal(launch.instance, signal.SIGTERM)
    assert (await world.ended(launch.instance)).status == -signal.SIGTERM
    assert not await world.hands.signal(launch.instance, signal.SIGTERM)


async def test_two_hundred_ends_at_once_are_all_told(world):
    launches = [world.launch("sleep", "60") for _ in range(200)]
    started = await asyncio.gather(*map(world.hands.spawn, launches))
    before = clock.monotonic()
    for one in started:
        os.kill(one.pid, signal.SIGKILL)
    for launch in launches:
        assert (await world.ended(launch.instance)).status == -signal.SIGKILL
    assert clock.monotonic() - before < 50


async def test_flush_leaves_nothing_in_the_fifo(world):
    launch = world.launch("sh", "-c", "echo one; echo two >&2; exec sleep 60")
    await world.hands.spawn(launch)
    await world.until(lambda: len(world.log(launch)) == 8, "both lines are in the file")
    assert await world.hands.flush(launch.instance) == 8
    assert world.log(launch) == "one\ntwo\n"
    await world.end(launch.instance)


async def test_rotation_under_a_fast_writer_loses_no_line(world):
    code = "import os\nfor number in range(100_000): os.write(1 + number % 2, b'%d\\n' % number)"
    launch = world.python(code, files=world.files("turning", max_size=64 * 1024, max_files=100))
    await world.run(launch)
    logs = list(world.home.glob("turning.log*"))
    lines = sorted(int(line) for log in logs for line in log.read_text().split())
    assert lines == list(range(100_000))
    assert len(logs) > 3


async def test_how_much_of_a_log_is_kept_can_be_changed_and_the_next_keeper_knows(world):
    launch = world.launch("sh", "-c", "while read line; do echo $line; done", stdin=f"{world.home}/in")
    os.mkfifo(f"{world.home}/in")
    writing = os.open(f"{world.home}/in", os.O_RDWR)
    await world.hands.spawn(launch)
    await world.hands.retain(launch.instance, 4, 2)
    await world.kill_keeper()
    for line in (b"one\n", b"two\n"):
        os.write(writing, line)
        await world.until(lambda line=line: world.log(launch).encode() == line, "it is in a file of its own")
    kept = (await world.hands.kept())[0].files
    assert (kept.max_size, kept.max_files) == (4, 2)
    await world.end(launch.instance)
    os.close(writing)


async def test_close_removes_the_fifos_and_acknowledge_the_memory(world):
    launch = world.launch("true")
    await world.run(launch)
    await world.hands.close(launch.instance)
    assert not world.there(launch.files.stdout_fifo)
    assert [(kept.instance, kept.end.status) for kept in await world.hands.kept()] == [(launch.instance, 0)]
    await world.hands.acknowledge(launch.instance)
    assert await world.hands.kept() == []


async def test_what_lives_cannot_be_closed(world):
    launch = world.launch("sleep", "60")
    await world.hands.spawn(launch)
    with pytest.raises(Refused):
        await world.hands.close(launch.instance)
    await world.end(launch.instance)


async def test_a_stored_descriptor_comes_back(world):
    (world.home / "text").write_text("kept")
    source = os.open(world.home / "text", os.O_RDONLY)
    await world.hands.store("text", source)
    os.close(source)
    assert await world.hands.stored() == ["text"]
    fetched = await world.hands.fetch("text")
    assert os.read(fetched, 10) == b"kept"
    os.close(fetched)
    await world.hands.drop("text")
    assert await world.hands.fetch("text") is None


async def test_growth_is_told_once_after_it_was_asked_for(world):
    os.mkfifo(world.home / "go")
    launch = world.launch("sh", "-c", "read line < go; echo one; echo two; exec sleep 60")
    await world.hands.spawn(launch)
    await world.hands.notice(launch.instance)
    await asyncio.to_thread((world.home / "go").write_text, "now\n")
    await world.until(lambda: world.grown, "the growth of the log is told")
    await world.hands.flush(launch.instance)
    await world.end(launch.instance)
    assert world.grown == [launch.instance]
