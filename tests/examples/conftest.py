"""The shop's programs as they are, each in a folder of the test, on a port that is free."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


class Program:
    """A running program of the shop; `lines()` is what it has said so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def shop_variables(tmp_path: Path) -> dict[str, str]:
    """The variables that nexsock gives to the shop's programs."""
    return {**os.environ, "PYTHONPATH": str(EXAMPLES), "SHOP_DATABASE": str(tmp_path / "shop.db")}


@pytest.fixture
def run(shop_variables: dict[str, str]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`run("migrate", NAME="value")`: run one program to its end."""

    def to_its_end(program: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", f"shop.{program}"],
            env={**shop_variables, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return to_its_end


@pytest.fixture
def start(
    shop_variables: dict[str, str], tmp_path: Path, until: Callable[..., None]
) -> Iterator[Callable[..., Program]]:
    """`start("api", "listening", PORT="1234")`: start one program and wait until it has said a text."""
    started: list[Program] = []

    def until_it_says(program: str, text: str, **variables: str) -> Program:
        log = tmp_path / f"{program}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"shop.{program}"],
                env={**shop_variables, **variables},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started.append(Program(process, log))
        until(lambda: text in log.read_text(), f"{program} says {text!r}; it says {log.read_text()!r}")
        return started[-1]

    yield until_it_says
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def port(new_port: Callable[[], int]) -> int:
    """A port on which nobody listens."""
    return new_port()


@pytest.fixture
def other_port(new_port: Callable[[], int]) -> int:
    """Another one."""
    return new_port()
