"""Branch and commit from git's files; the files are git's own, made by git."""

import subprocess
from pathlib import Path

import pytest

from nexsock import checkout


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "feature/x")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def read(path: str) -> str | None:
    try:
        return Path(path).read_text()
    except OSError:
        return None


def asked(folder: Path) -> tuple[str | None, str | None]:
    found = checkout.Checkout(str(folder), read, lambda _path: None)
    return found.branch(), found.sha()


def test_branch_and_commit_are_what_git_says(repository: Path) -> None:
    assert asked(repository) == ("feature/x", git(repository, "rev-parse", "HEAD"))


def test_a_folder_within_a_checkout_belongs_to_it(repository: Path) -> None:
    (repository / "sub").mkdir()
    assert asked(repository / "sub") == asked(repository)


def test_packed_refs_are_read(repository: Path) -> None:
    before = asked(repository)
    git(repository, "pack-refs", "--all")
    assert asked(repository) == before


def test_a_detached_head_has_a_commit_and_no_branch(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    assert asked(repository) == (None, git(repository, "rev-parse", "HEAD"))


@pytest.mark.parametrize(
    "head", ["ref: ../../secret", "ref: refs/../../../secret", "ref: refs/heads/link", "ref: /etc/passwd"]
)
def test_a_head_that_leads_elsewhere_names_no_commit(repository: Path, head: str) -> None:
    (repository.parent / "secret").write_text("not for showing")
    (repository / ".git" / "refs" / "heads" / "link").symlink_to(repository.parent / "secret")
    (repository / ".git" / "HEAD").write_text(head)
    assert asked(repository)[1] is None


def test_a_linked_worktree_has_its_own_branch(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    assert asked(tmp_path / "tree") == ("other", git(repository, "rev-parse", "HEAD"))


def test_before_the_first_commit_there_is_a_branch_only(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    assert asked(tmp_path) == ("main", None)


def test_outside_a_checkout_there_is_nothing() -> None:
    assert asked(Path("/proc/self/fdinfo")) == (None, None)


def test_the_files_that_the_answer_came_from_are_told(repository: Path) -> None:
    used: list[str] = []
    checkout.Checkout(str(repository), read, used.append).sha()
    assert used == [f"{repository}/.git/HEAD"] * (len(used) - 1) + [f"{repository}/.git/refs/heads/feature/x"]
