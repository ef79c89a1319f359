"""What the keeper needs of Linux and `os` does not offer. Private modules of the standard library, on purpose.

`_signal` and `_ctypes` stand in for `signal` and `ctypes`, whose enums and classes would cost the keeper 1 MiB.
"""

import _ctypes
import errno
import fcntl
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal

__all__ = ["signal"]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
_PIDFD_GET_INFO = 3 << 30 | 64 << 16 | 0xFF << 8 | 11
"""_IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info) of linux/pidfd.h, first version (64 bytes)."""
_PIDFD_INFO_EXIT = 1 << 3
_EXIT_CODE_OFFSET = 60
_EXITING = 0x4
"""PF_EXITING of the flags in /proc/PID/stat (include/linux/sched.h)."""

ALL_SIGNALS = tuple(number for number in range(1, 65) if number not in (9, 19, 32, 33))
"""What can be set back to its default: not KILL and STOP, nor the two that glibc keeps for itself."""


def become_subreaper() -> None:
    """Orphans among the descendants become children of this process instead of init's (prctl(2))."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int, number: int = signal.SIGTERM) -> None:
    """Have this process sent a signal when the thread of `parent` that forked it ends (prctl(2)).

    Raises:
        ProcessLookupError: it has ended already.
    """
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))


def gain_no_rights() -> None:
    """Neither this process nor what it starts can become another user by executing something (prctl(2))."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> None:
    whole_program = _ctypes.dlopen(None, 0)  # type: ignore[arg-type] # None is dlopen's NULL
    prctl = _ctypes.dlsym(whole_program, "prctl")
    if _ctypes.call_function(prctl, (option, int(value), 0, 0, 0)) != 0:
        raise OSError(f"prctl({option}) was refused")


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id") as source:
        return source.read().strip()


def stat_fields(pid: int) -> list[str]:
    """Fields 3 and on of /proc/PID/stat: [0] state, [17] threads, [19] start time in ticks, [49] a zombie's status.

    Raises:
        ProcessLookupError: there is no such process.
    """
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH)) from error
    try:
        text = os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
    return text[text.rindex(b")") + 2 :].decode("ascii").split()


def is_ending(fields: list[str]) -> bool:
    """By its stat_fields: it has ended, or is about to and executes nothing any more."""
    return has_ended(fields) or bool(int(fields[6]) & _EXITING and int(fields[17]) <= 1)


def has_ended(fields: list[str]) -> bool:
    """By its stat_fields. A zombie whose other threads run has not: they work, and hold its files and locks."""
    return fields[0] in "ZX" and int(fields[17]) <= 1


def start_ticks(pid: int) -> int:
    """Field 22: when the process began, in clock ticks since the boot."""
    return int(stat_fields(pid)[19])


def pidfd_of(pid: int, began: int) -> int | None:
    """A pidfd of the process that began then, alive or a zombie; None if it is gone.

    The start time is compared after the pidfd is open, so it is this process for ever and no other.
    """
    if pid <= 1:
        return None
    try:
        opened = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    try:
        if start_ticks(pid) == began:
            return opened
    except ProcessLookupError:
        pass
    os.close(opened)
    return None


def exit_of_stranger(pid: int, pidfd: int, began: int) -> int | None:
    """Exit code, or minus the signal, of an ended process that is not our child; None: nobody can know.

    While it is a zombie field 52 of its stat holds the wait status; once its parent has reaped it, the kernel
    remembers it behind the pidfd (PIDFD_GET_INFO, since 6.15).
    """
    try:
        fields = stat_fields(pid)
        if fields[0] == "Z" and int(fields[19]) == began:
            return os.waitstatus_to_exitcode(int(fields[49]))
    except ProcessLookupError:
        pass
    return _exit_behind_pidfd(pidfd)


def _exit_behind_pidfd(pidfd: int) -> int | None:
    info = bytearray(64)
    struct.pack_into("<Q", info, 0, _PIDFD_INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, info)
    except OSError:
        return None
    (mask,) = struct.unpack_from("<Q", info, 0)
    if not mask & _PIDFD_INFO_EXIT:
        return None
    (status,) = struct.unpack_from("<i", info, _EXIT_CODE_OFFSET)
    return os.waitstatus_to_exitcode(status)
