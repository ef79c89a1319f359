"""A disk that refuses, or a crash, at any step of a write of the state file; what was finished stays readable."""

import errno
import os
import random
import tempfile
from dataclasses import replace

from nexsock import errors
from nexsock.store.files import Files
from nexsock.store.storage import SafeStorage, seal
from tests.reliability.harness import Harness, Measured

QUICK, FULL, BROKEN = 500, 10_000, 100
STEPS = ("create", "write", "sync", "close", "link", "rename", "remove", "sync_folder")
REFUSALS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES)
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""In memory: what is measured is the order of the steps, not the disk."""


class Crash(BaseException):
    """The process ends here."""


class FaultyFiles(Files):
    """The real calls, of which one, after `steps` others, raises `fault`; a write has written a part by then."""

    def __init__(self) -> None:
        self.steps = -1
        self.fault: BaseException = Crash()
        self.taken = ""

    def _step(self, name: str) -> None:
        if self.steps == 0:
            self.taken = name
        self.steps -= 1
        if self.steps == -1:
            raise self.fault

    def create(self, path: str) -> int:
        self._step("create")
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        try:
            self._step("write")
        except BaseException:
            super().write(descriptor, data[: len(data) // 2])
            raise
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._step("sync")
        super().sync(descriptor)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        self._step("close")

    def link(self, path: str, name: str) -> None:
        self._step("link")
        super().link(path, name)

    def rename(self, path: str, name: str) -> None:
        self._step("rename")
        super().rename(path, name)

    def remove(self, path: str) -> None:
        self._step("remove")
        super().remove(path)

    def sync_folder(self, path: str) -> None:
        self._step("sync_folder")
        super().sync_folder(path)


class Overwriting(SafeStorage):
    """Writes over its only copy, as storages do that have not met a full disk."""

    def replace(self, body: bytes) -> None:
        with self._told():
            self._write_file(self.path, seal(body, self.generation + 1))
            self.body, self.generation = body, self.generation + 1


def written(seed: int, writes: int, make: type[SafeStorage]) -> Measured:
    """Write numbers, many of which meet a fault, and look after each fault at what a new process would find."""
    chance, files, taken = random.Random(seed), FaultyFiles(), set[str]()
    unreadable = lost = finished = 0
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        path = f"{folder}/state.json"
        storage = make(path, report=lambda text: None, files=files)
        for number in range(1, writes + 1):
            files.steps = chance.randrange(2 * len(STEPS))
            files.fault = Crash() if chance.random() < 0.3 else OSError(chance.choice(REFUSALS), "refused")
            try:
                storage.write({"meta": {"1": {"number": number, "text": "x" * chance.randrange(2000)}}})
                finished = number
            except (errors.StateError, Crash):
                taken.add(files.taken)
                files.steps = -1
                storage.close()
                storage = make(path, report=lambda text: None, files=files)
                found = (storage.read() or {}).get("meta", {}).get("1", {}).get("number")
                unreadable += found is None and finished > 0
                lost += found is not None and found < finished
        storage.close()
    return Measured(
        kept=unreadable == lost == 0,
        text=f"{unreadable} unreadable, {lost} lost in {writes} writes, faults at {len(taken)} of {len(STEPS)} steps",
        figures={"writes": writes, "unreadable": unreadable, "lost": lost, "steps": " ".join(sorted(taken))},
    )


def measure(seed: int, full: bool) -> Measured:
    found = written(seed, FULL if full else QUICK, SafeStorage)
    return replace(found, kept=found.kept and found.figures["steps"] == " ".join(sorted(STEPS)))


def broken(seed: int) -> Measured:
    """A storage that writes over its only copy."""
    return written(seed, BROKEN, Overwriting)


HARNESS = Harness(
    name="state_faults",
    target="0 unreadable, 0 finished writes lost, a fault at every step",
    measure=measure,
    broken=broken,
)
