"""A file system that fails where a test says, and a fresh folder for a store."""

import errno
from pathlib import Path

import pytest

from nexsock.store.files import Files


class FailingFiles(Files):
    """The real calls, until `fail(step, number)`: from then on that step raises, until `mend()`.

    A failing `write` writes half first, as a full disk does.
    """

    def __init__(self) -> None:
        self.failing: dict[str, int] = {}
        self.calls: list[str] = []

    def fail(self, step: str, number: int = errno.ENOSPC) -> None:
        self.failing[step] = number

    def mend(self) -> None:
        self.failing.clear()

    def _step(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise OSError(self.failing[name], "No space left on device")

    def create(self, path: str) -> int:
        self._step("create")
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        if "write" in self.failing:
            super().write(descriptor, data[: len(data) // 2])
        self._step("write")
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._step("sync")
        super().sync(descriptor)

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


@pytest.fixture
def failing() -> FailingFiles:
    return FailingFiles()


@pytest.fixture
def state_path(tmp_path: Path) -> str:
    return str(tmp_path / "state.json")


class Reports(list[str]):
    """What was reported, in order; call it to report."""

    def __call__(self, text: str) -> None:
        self.append(text)


@pytest.fixture
def reports() -> Reports:
    return Reports()
