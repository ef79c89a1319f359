"""Real repositories for tests: a bare remote, and somebody else's clone that pushes to it."""

import os
import subprocess
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **IDENTITY}


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder."""
    ended = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=ENVIRON,
        check=True,
        capture_output=True,
        text=True,
    )
    return ended.stdout.strip()


class Remote:
    """A bare repository with one commit on `main`, and a clone by which it grows."""

    def __init__(self, folder: Path, name: str = "web") -> None:
        self.path = folder / f"{name}.git"
        self.seed = folder / f"{name}-seed"
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.path))
        git(folder, "clone", "-q", str(self.path), str(self.seed))
        git(self.seed, "switch", "-q", "-c", "main")
        self.push("app.txt", "first")

    def push(self, name: str, text: str, branch: str = "main", force: bool = False) -> str:
        """A commit that gives a file this text; its id."""
        if branch != git(self.seed, "branch", "--show-current"):
            git(self.seed, "switch", "-q", "-c", branch)
        (self.seed / name).parent.mkdir(parents=True, exist_ok=True)
        (self.seed / name).write_text(text)
        git(self.seed, "add", name)
        git(self.seed, "commit", "-q", "-m", f"{name}: {text}"[:60])
        git(self.seed, "push", "-q", *(["--force"] if force else []), "origin", branch)
        return git(self.seed, "rev-parse", "HEAD")


def commit(checkout: Path, name: str, text: str) -> None:
    """A commit of one's own in a checkout."""
    (checkout / name).write_text(text)
    git(checkout, "add", name)
    git(checkout, "commit", "-q", "-m", name)
