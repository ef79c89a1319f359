"""A run of tests that leaves a process fails, and one that is told to end tears down what it has set up."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import left

ROOT = Path(__file__).parent.parent
BOUND_S = 60
"""What is begun here ends by itself after that, whatever becomes of the test."""

LEAVING = f"""
import subprocess, sys
CHAIN = '''
import os, time
end = time.monotonic() + {BOUND_S}
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
'''
def test_leaves():
    for words in (["sleep", "{BOUND_S}"], [sys.executable, "-c", CHAIN]):
        subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""
HELD = f"""
import pathlib, time, pytest
@pytest.fixture
def held():
    pathlib.Path("begun").touch()
    yield
    pathlib.Path("torn_down").touch()
def test_goes_on(held):
    time.sleep({BOUND_S})
"""


@pytest.fixture
def begin_tests(tmp_path):
    """`begin_tests(text, *options)`: a run of pytest over a file with this text, with the fixtures of all."""
    begun = []

    def begin(text, *options):
        (tmp_path / "test_it.py").write_text(text)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
        command = (sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", *options)
        with (tmp_path / "said").open("wb") as said:
            begun.append(subprocess.Popen([*command, "test_it.py"], cwd=tmp_path, stdout=said, stderr=said))
        return begun[-1]

    yield begin
    for run in begun:
        run.kill()
        run.wait()


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "beside others"])
def test_a_run_that_leaves_processes_fails_and_they_are_ended(tmp_path, begin_tests, options, monkeypatch):
    monkeypatch.setenv("LEFT_BY", str(tmp_path))
    exit_status = begin_tests(LEAVING, *options).wait()
    said = (tmp_path / "said").read_text()
    named = [word in said for word in ("survive the tests", "sleep", "os.fork()")]
    assert (exit_status, named, left.found(f"LEFT_BY={tmp_path}")) == (1, [True] * 3, {}), said


def test_a_run_that_is_told_to_end_tears_down_what_it_has_set_up(tmp_path, begin_tests, until):
    run = begin_tests(HELD)
    until((tmp_path / "begun").exists, "the test has begun")
    run.send_signal(signal.SIGTERM)
    run.wait()
    assert (tmp_path / "torn_down").exists(), (tmp_path / "said").read_text()
