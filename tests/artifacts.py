"""What is kept of a test that failed, for who looks at it later."""

import os
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "artifacts"
FAILED = pytest.StashKey[bool]()


def has_failed(test: pytest.Item) -> bool:
    """Whether it has, so far: at its teardown it has or it has not."""
    return test.stash.get(FAILED, False)


def name_of(test: pytest.Item) -> str:
    """The name of a folder for what is kept of it."""
    return test.name.replace("/", "-")


def keep(folder: Path, copy: Path) -> None:
    """Copy a folder to where nothing is now."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=_special_files)


def _special_files(folder: str, names: list[str]) -> list[str]:
    """FIFOs and sockets cannot be copied; links need not."""
    return [name for name in names if not os.path.isdir(path := f"{folder}/{name}") and not os.path.isfile(path)]
