"""Take from this process, for good, all that running a script does not need.

The second wall: the first is that nothing in the interpreter leads out (lua_sandbox). Behind this one a script that had
got out would find no file, process or network, and an end after a second of work. Linux; elsewhere, and on processors
that are not in the table below, the limits hold and the kernel's filter is missing.
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
from collections.abc import Iterator

MEMORY_BYTES = 96 * 1024**2
"""that may come on top of what the process has: an interpreter, answers, and room"""
CALL_CPU_S = 1.0
"""of processor time for one call"""

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
LOAD, EQUALS, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
NUMBER_AT, ARCHITECTURE_AT = 0, 4  # struct seccomp_data

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # linux/audit.h
CALLS = {  # what an interpreter at work, and a socket that is open already, need: asm/unistd_64.h, asm-generic/unistd.h
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "poll": (7, 73),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "exit": (60, 93),
    "gettid": (186, 178),
    "futex": (202, 98),
    "clock_gettime": (228, 113),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
}


def put_up() -> None:
    """Put up the wall. What has not been imported and opened by now never will be."""
    for name, value in {"AS": _memory() + MEMORY_BYTES, "CORE": 0, "FSIZE": 0, "NPROC": 0, "NOFILE": 0}.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    os.environ.clear()
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, PR_SET_NO_NEW_PRIVS, 1)
    if (machine := os.uname().machine) in ARCHITECTURES:
        _filter(libc, *ARCHITECTURES[machine])


@contextlib.contextmanager
def one_call(cpu_s: float = CALL_CPU_S) -> Iterator[None]:
    """What is done meanwhile may take so much processor time; then SIGPROF ends the process, whatever it is in."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _memory() -> int:
    """The address space that this process takes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _filter(libc: ctypes.CDLL, column: int, architecture: int) -> None:
    """Have the kernel refuse every call but those of the table."""
    numbers = [call[column] for call in CALLS.values()]
    program = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUALS, 1, 0, architecture),
        (RETURN, 0, 0, REFUSE),
        (LOAD, 0, 0, NUMBER_AT),
        *((EQUALS, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    _prctl(libc, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(head))


def _prctl(libc: ctypes.CDLL, option: int, value: int, pointer: object = 0) -> None:
    if libc.prctl(option, ctypes.c_ulong(value), pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
