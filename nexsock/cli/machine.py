"""What this machine can do for nexsock, and what it cannot: the first part of `doctor`."""

import os
import platform
import resource
import sys
from typing import Literal, NamedTuple

import nexsock

Verdict = Literal["ok", "note", "problem"]

LEAST_WATCHES = 65_536
"""inotify watches below which a larger source tree is noticed too late: a watch for each folder (inotify(7)); kernels
since 5.11 give up to 1,048,576 by memory, older ones 8,192."""
LEAST_DESCRIPTORS = 4096
"""Descriptors of one process that 1,000 services take: two FIFOs and a pidfd each, and some."""


class Finding(NamedTuple):
    """One line of the report. A note costs something but works; a problem needs doing."""

    name: str
    verdict: Verdict
    text: str
    advice: str = ""


def findings() -> list[Finding]:
    """Everything about the machine, in the order in which it is shown."""
    linux = sys.platform == "linux"
    return [
        Finding("nexsock", "ok", f"{nexsock.__version__}, Python {platform.python_version()} ({sys.executable})"),
        Finding("kernel", "ok", f"{platform.system()} {platform.release()}"),
        feature("pidfd", hasattr(os, "pidfd_open"), "processes are identified for certain", "Linux 5.3"),
        feature("splice", hasattr(os, "splice"), "log bytes move without being copied", "Linux 2.6.17"),
        feature("subreaper", linux, "what a service leaves behind stays known", "Linux 3.4"),
        inotify("/proc/sys/fs/inotify/max_user_watches"),
        descriptors(*resource.getrlimit(resource.RLIMIT_NOFILE)),
        cgroup("/proc/self/cgroup", "/sys/fs/cgroup"),
    ]


def feature(name: str, present: bool, use: str, since: str) -> Finding:
    """Something of the kernel that is there or not."""
    if present:
        return Finding(name, "ok", use)
    return Finding(name, "note", f"missing ({since} has it): a slower way is used")


def inotify(path: str) -> Finding:
    """How many folders may be watched for changes."""
    try:
        with open(path, encoding="ascii") as file:
            watches = int(file.read())
    except (OSError, ValueError):
        return Finding("inotify", "note", "missing: changed files are not noticed by themselves")
    if watches >= LEAST_WATCHES:
        return Finding("inotify", "ok", f"{watches:,} folders may be watched")
    advice = f"run 'sudo sysctl fs.inotify.max_user_watches={LEAST_WATCHES * 8}'"
    return Finding("inotify", "note", f"{watches:,} folders may be watched: large source trees need more", advice)


def descriptors(soft: int, hard: int) -> Finding:
    """How many files one process may have open; the daemon raises its own limit to the hard one."""
    if hard == resource.RLIM_INFINITY or hard >= LEAST_DESCRIPTORS:
        allowed = "without limit" if hard == resource.RLIM_INFINITY else f"{hard:,}"
        return Finding("open files", "ok", f"{allowed} for the daemon, {soft:,} for others")
    text = f"{hard:,} at most: enough for about {hard // 4} services"
    return Finding("open files", "note", text, "raise 'nofile' in /etc/security/limits.conf")


def cgroup(membership: str, root: str) -> Finding:
    """Whether a cgroup of version 2 is delegated to this user, so that a service can be ended with all it started."""
    try:
        with open(membership, encoding="utf-8") as file:
            own = next((line[3:].strip() for line in file if line.startswith("0::")), None)
    except OSError:
        own = None
    if own is not None and os.access(f"{root}{own}/cgroup.procs", os.W_OK):
        return Finding("cgroup", "ok", f"delegated: {own}")
    return Finding("cgroup", "note", "none is delegated: what a service started is found by its environment instead")
