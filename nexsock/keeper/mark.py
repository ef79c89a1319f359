"""The mark of a run that its processes do not lose: a number in a resource limit that binds none of them.

A program can clear its environment, leave its session and group, be orphaned and close what it was given. Resource
limits go through fork and execve all the same (setrlimit(2)), and anybody may read them. RLIMIT_RTTIME is how long a
realtime process may compute without a pause; a soft limit of 2**62 microseconds, 146,000 years, is none. What lies
above that is the number of the run, and the hard limit stays without end. Where somebody has set a hard limit there is
no mark, and a program that sets a limit of its own, as sound servers do, takes it off.
"""

import resource

_LEAST = 1 << 62
_FNV_BASIS, _FNV_PRIME, _64_BITS = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1
"""FNV-1a for 64 bits (isthe.com/chongo/tech/comp/fnv): a few microseconds, where `hashlib` costs it 5 ms."""


def of_run(instance: str) -> int:
    """The number, 2**62 or more, that marks the processes of a run."""
    number = _FNV_BASIS
    for byte in instance.encode(errors="surrogateescape"):
        number = (number ^ byte) * _FNV_PRIME & _64_BITS
    return _LEAST | number & _LEAST - 1


def put(mark: int) -> int:
    """Have what this process starts from now on carry the mark; what is to be `put` back afterwards."""
    before, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_RTTIME, (mark, hard))
    return before


def of_process(pid: int) -> int | None:
    """The mark that a process carries, if any.

    Raises:
        ProcessLookupError: there is no such process.
    """
    try:
        soft, _ = resource.prlimit(pid, resource.RLIMIT_RTTIME)
    except PermissionError:  # it has the rights of another user or group, as ssh-agent does, but may be seen
        soft = _seen(pid)
    return soft if soft >= _LEAST else None


def _seen(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/limits") as limits:
            line = next(line for line in limits if line.startswith("Max realtime timeout"))
    except (OSError, StopIteration) as error:
        raise ProcessLookupError(f"no process {pid} that we may see") from error
    soft = line.split()[3]
    return int(soft) if soft.isdecimal() else resource.RLIM_INFINITY
