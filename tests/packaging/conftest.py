"""The wheel, built from this tree and installed where there is nothing else but what it needs."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("nexsock", "schemas", "examples", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of this tree, as a fresh clone with some use behind it would give."""
    tree = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".shop"))
        else:
            shutil.copy(source, tree / name)
    (tree / "examples" / ".shop").mkdir()
    (tree / "examples" / ".shop" / "shop.db").write_text("left by a run")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"], cwd=tree, check=True)
    return next((tree / "dist").glob("nexsock-*.whl"))


@pytest.fixture(scope="session")
def packed(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it and nothing else; a path file lends it what the wheel depends on."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "lent.pth").write_text(_lent(tmp_path_factory.mktemp("lent")))
    return folder


def _lent(folder: Path) -> str:
    """A folder that links to every installed package but nexsock."""
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if "nexsock" not in package.name and package.suffix != ".pth":
            (folder / package.name).symlink_to(package)
    return str(folder)


@pytest.fixture
def installed(
    environment: Path, tmp_path: Path, nexsock_home: Path
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`installed("nexsock", "version")`: run a program of the environment in an empty folder."""

    def run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(environment / "bin" / program), *arguments],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "NEXSOCK_HOME": str(nexsock_home)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
