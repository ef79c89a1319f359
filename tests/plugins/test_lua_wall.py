"""Behind the wall there is nothing but memory, processor time and what is open already, and little of the first two."""

import signal
import subprocess
import sys

import pytest

BEFORE = """
import ctypes, os, resource, signal, socket, subprocess, sys, threading, time
from nexsock.plugins import lua_wall
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
lua_wall.put_up()
NO = (OSError, RuntimeError, MemoryError, ValueError)
"""

REFUSED = {
    "reading a file": "os.open('/etc/hostname', os.O_RDONLY)",
    "writing a file": "os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)",
    "making a file": "os.open(sys.argv[1] + '.new', os.O_WRONLY | os.O_CREAT)",
    "a file without a name": "os.memfd_create('x')",
    "removing a file": "os.unlink(sys.argv[1])",
    "looking into a folder": "os.listdir('/')",
    "looking at a file": "os.stat('/')",
    "a socket": "socket.socket()",
    "a pair of sockets": "socket.socketpair()",
    "a pipe": "os.pipe()",
    "a process": "os.fork()",
    "another program": "os.execv('/bin/true', ['true'])",
    "a program": "subprocess.Popen(['/bin/true'])",
    "a signal": "os.kill(os.getppid(), 0)",
    "another user": "os.setuid(65534)",
    "higher limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))",
    "a thread": "threading.Thread(target=print).start()",
    "a namespace": "ctypes.CDLL(None).unshare(0x10000000) and (_ for _ in ()).throw(OSError)",
    "tracing": "ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) and (_ for _ in ()).throw(OSError)",
    "much memory": "bytearray(200 * 1024 ** 2)",
}


def behind_the_wall(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEFORE + code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("attempt", REFUSED)
def test_behind_the_wall_is_no(attempt, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("sings")
    ran = behind_the_wall(f"try: {REFUSED[attempt]}\nexcept NO as error: print('refused')", str(canary))
    assert (ran.stdout, canary.read_text(), len(list(tmp_path.iterdir()))) == ("refused\n", "sings", 1), ran.stderr


def test_behind_the_wall_no_variable_is_left():
    assert behind_the_wall("print(dict(os.environ))").stdout == "{}\n"


def test_a_call_that_works_for_long_ends_the_process():
    ran = behind_the_wall("with lua_wall.one_call(0.05):\n while True: pass")
    assert ran.returncode == -signal.SIGPROF


def test_a_call_that_was_short_leaves_no_end_behind():
    ran = behind_the_wall(
        "with lua_wall.one_call(0.05): pass\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    )
    assert ran.returncode == 0
