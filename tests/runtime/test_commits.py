"""The commit of a folder, of a checkout that git made."""

import os
import subprocess

from nexsock.runtime import commits


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_folder_within_a_checkout_has_its_commit(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    (tmp_path / "below").mkdir()
    assert commits.commit_of(str(tmp_path / "below")) == git(tmp_path, "rev-parse", "HEAD").strip()


def test_outside_a_checkout_there_is_no_commit():
    assert commits.commit_of("/proc/self/fdinfo") is None


def test_files_that_are_no_files_are_not_read(tmp_path):
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".git" / "HEAD")
    assert commits.commit_of(str(tmp_path)) is None
