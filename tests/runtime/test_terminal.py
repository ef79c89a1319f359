"""Services on a terminal: it is all theirs, and what they write there reaches the log whoever is killed."""

import os
import signal

import pytest

from nexsock.runtime import identity, terminal
from nexsock.runtime.kept import Files, Refused, launched

FREE_AND_LIMITED = [pytest.param({}, id="free"), pytest.param({"nofile": 100}, id="limited")]


@pytest.fixture
async def on_terminal(world):
    """`on_terminal(argv...)`: a launch with a stored terminal; `.master` of the function is that of the last one."""
    masters: list[int] = []

    async def launch(*argv, **other):
        masters.append(terminal.make(terminal.Size(40, 132)))
        launch.master = masters[-1]
        name = f"terminal {len(masters)}"
        await world.hands.store(name, masters[-1])
        base = str(world.home / name.replace(" ", "-"))
        files = Files(
            stdout_fifo=base + ".out",
            stderr_fifo=base + ".out",
            log_path=base + ".log",
            index_path=base + ".idx",
            terminal=name,
            max_size=0,
        )
        return world.launch(*argv, files=files, **other)

    launch.masters = masters
    yield launch
    for master in masters:
        os.close(master)


@pytest.mark.parametrize("limits", FREE_AND_LIMITED)
async def test_it_leads_a_session_in_the_foreground_of_a_terminal_of_that_size(world, on_terminal, limits):
    code = (
        "test -t 0 && test -t 1 && test -t 2; echo $?; stty size; ps -o pid=,sid=,tpgid= -p $$; echo hello > /dev/tty"
    )
    launch = await on_terminal("sh", "-c", code, limits=limits)
    started = await world.hands.spawn(launch)
    await world.ended(launch.instance)
    yes, size, numbers, hello = world.log(launch).splitlines()
    assert (yes, size, numbers.split(), hello) == ("0", "40 132", [str(started.pid)] * 3, "hello")


async def test_nothing_of_the_keeper_is_open_in_it(world, on_terminal):
    launch = await on_terminal("sh", "-c", "ls -l /proc/$$/fd")
    await world.run(launch)
    links = [line.split(" -> ")[-1] for line in world.log(launch).splitlines()[1:]]
    assert len(links) == 3
    assert len(set(links)) == 1


async def test_all_that_it_writes_is_in_the_log_when_its_end_is_told(world, on_terminal):
    launch = await on_terminal("seq", "100000")
    await world.run(launch)
    assert world.log(launch).split() == [str(number) for number in range(1, 100_001)]


async def test_what_is_typed_reaches_it(world, on_terminal):
    launch = await on_terminal("sh", "-c", "stty -echo; read line; echo got $line; exec sleep 60")
    await world.hands.spawn(launch)
    assert terminal.type_on(on_terminal.master, b"a word\n") == 7
    await world.until(lambda: "got a word" in world.log(launch), "it has read the line")
    terminal.type_on(on_terminal.master, b"\x03")
    assert (await world.ended(launch.instance)).status == -2


async def test_it_is_told_of_another_size(world, on_terminal):
    launch = await on_terminal("sh", "-c", "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.01; done")
    await world.hands.spawn(launch)
    await world.until(lambda: "up" in world.log(launch), "it listens")
    terminal.resize(on_terminal.master, terminal.Size(50, 100))
    await world.ended(launch.instance)
    assert world.log(launch).split() == ["up", "50", "100"]


async def test_who_does_not_read_is_typed_no_more_than_the_terminal_holds(world, on_terminal):
    launch = await on_terminal("sh", "-c", "stty raw -echo; echo up; exec sleep 60")
    await world.hands.spawn(launch)
    await world.until(lambda: "up" in world.log(launch), "it does not read")
    typed = 0
    while taken := terminal.type_on(on_terminal.master, b"x" * 1024):
        typed += taken
    assert 0 < typed < 1 << 20
    await world.end(launch.instance)


async def test_no_line_is_lost_when_the_keeper_is_killed_under_load(world, on_terminal):
    lines, kills = 200_000, 0
    launch = await on_terminal("seq", str(lines))
    await world.hands.spawn(launch)
    while launch.instance not in world.ends:
        size = _size(launch)
        await world.until(lambda size=size: _size(launch) > size or launch.instance in world.ends, "it writes on")
        await world.kill_keeper()
        kills += 1
    assert world.ends[launch.instance][0].status == 0
    assert world.log(launch).split() == [str(number) for number in range(1, lines + 1)]
    assert kills >= 2


async def test_the_next_brain_and_the_next_keeper_go_on_with_the_terminal(world, on_terminal):
    launch = await on_terminal("sh", "-c", "stty -echo; echo up; while read line; do echo got $line; done")
    await world.hands.spawn(launch)
    await world.until(lambda: "up" in world.log(launch), "it listens")
    world.hands.let_go()
    await world.next_brain()
    await world.kill_keeper()
    master = await world.hands.fetch(launch.files.terminal)
    terminal.type_on(master, b"one\n")
    await world.until(lambda: "got one" in world.log(launch), "it goes on")
    os.close(master)
    await world.end(launch.instance)


async def test_it_outlives_keeper_and_brain_together(world, on_terminal):
    launch = await on_terminal("sh", "-c", "stty -echo; echo up; while read line; do echo got $line; done")
    started = await world.hands.spawn(launch)
    await world.until(lambda: "up" in world.log(launch), "it listens")
    os.close(on_terminal.masters.pop())
    await world.stop()
    world.reopen()
    await world.start()
    assert await world.hands.adopt(launched(launch, started))
    master = await world.hands.fetch(launch.files.terminal)
    terminal.type_on(master, b"one\n")
    await world.until(lambda: "got one" in world.log(launch), "it goes on")
    os.close(master)
    await world.end(launch.instance)


@pytest.mark.parametrize("then", ["close", "stop"])
async def test_who_holds_terminals_is_there_as_long_as_they_are_and_no_longer(world, on_terminal, then):
    assert _holders(world) == []
    launch = await on_terminal("sleep", "60")
    await world.hands.spawn(launch)
    (holder,) = _holders(world)
    os.kill(holder, signal.SIGKILL)
    await world.until(lambda: _holders(world) not in ([], [holder]), "another is there")
    await world.end(launch.instance)
    if then == "close":
        await world.hands.drop(launch.files.terminal)
        await world.hands.close(launch.instance)
    else:
        os.close(on_terminal.masters.pop())
        await world.stop()
    await world.until(lambda: not _holders(world), "nothing is left")
    if then == "stop":
        world.reopen()
        await world.start()


async def test_the_end_of_one_is_not_that_of_the_others(world, on_terminal):
    first, second = [await on_terminal("sleep", "60") for _ in range(2)]
    await world.hands.spawn(first)
    await world.hands.spawn(second)
    (holder,) = _holders(world)
    os.kill(holder, signal.SIGSTOP)
    await world.end(first.instance)
    await world.hands.drop(first.files.terminal)
    os.close(on_terminal.masters.pop(0))
    await world.hands.close(first.instance)
    os.kill(holder, signal.SIGCONT)
    await world.until(lambda: len(_terminals(holder)) == 1, "it has let go of one")
    assert _holders(world) == [holder]
    await world.end(second.instance)
    await world.hands.close(second.instance)


async def test_closing_it_for_a_moment_ends_nothing_and_keeps_nobody_busy(world, on_terminal):
    launch = await on_terminal("sh", "-c", "exec 0<&- 1>&- 2>&-; sleep 0.3; exec > /dev/tty; echo back")
    await world.hands.spawn(launch)
    before = _cpu_ticks(world.hands.keeper_pid)
    await world.ended(launch.instance)
    assert world.log(launch).strip() == "back"
    assert _cpu_ticks(world.hands.keeper_pid) - before < 10, "the keeper was busy with nothing"


async def test_without_its_terminal_it_is_not_started(world, on_terminal):
    launch = await on_terminal("true")
    await world.hands.drop(launch.files.terminal)
    with pytest.raises(Refused):
        await world.hands.spawn(launch)
    assert not world.there(launch.files.stdout_fifo)


def _size(launch):
    try:
        return os.stat(launch.files.log_path).st_size
    except FileNotFoundError:
        return 0


def _holders(world):
    """The processes that a keeper of this home has forked: they have its command line."""
    lock = f"lock={world.home}/daemon.lock".encode()
    return [pid for pid in identity.pids() if pid != world.hands.keeper_pid and lock in _arguments(pid)]


def _terminals(pid):
    links = [_link(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    return [link for link in links if link.endswith("/ptmx")]


def _link(path):
    """Where a link leads; nowhere when it went away since it was listed."""
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""


def _arguments(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as found:
            return found.read().split(b"\0")
    except OSError:
        return []


def _cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as found:
        return sum(map(int, found.read().rsplit(")", 1)[1].split()[11:13]))
