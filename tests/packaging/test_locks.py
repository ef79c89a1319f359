"""The two lock files agree, and hold what the project says that it needs."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def locked(name: str) -> set[tuple[str, str]]:
    """(package, version) of each entry of a lock file; a package may have a version for each range of Pythons."""
    text = (ROOT / "tests" / name).read_text()
    return set(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE))


def names(lock: set[tuple[str, str]]) -> set[str]:
    return {package for package, _ in lock}


def packages(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9-]", requirement)[0] for requirement in requirements}


def test_what_runs_is_what_is_tested():
    assert locked("requirements-run.lock") <= locked("requirements.lock")


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = packages(project["project"]["dependencies"])
    assert needed <= names(locked("requirements-run.lock"))
    assert needed | packages(project["dependency-groups"]["dev"]) <= names(locked("requirements.lock"))


def test_no_lock_says_where_packages_come_from():
    for lock in (ROOT / "tests").glob("*.lock"):
        assert "://" not in lock.read_text()
