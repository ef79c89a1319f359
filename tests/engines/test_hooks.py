"""Hooks run one after the other, where the service runs, until one fails."""

import os

import pytest

from nexsock.engines import hooks
from nexsock.model.service import Hook

ENVIRONMENT = {"PATH": os.environ["PATH"], "SHOP": "open"}


def shell(text, **fields):
    return Hook(command=("/bin/sh", "-c", text), **fields)


async def run(folder, *wanted):
    await hooks.run("pre_start", wanted, ENVIRONMENT, str(folder))


async def test_hooks_run_in_order_in_the_folder_of_the_service(tmp_path):
    await run(tmp_path, shell("echo one >> said"), shell("echo two >> said"))
    assert (tmp_path / "said").read_text() == "one\ntwo\n"


async def test_a_hook_adds_its_variables_to_those_of_the_run(tmp_path):
    await run(tmp_path, shell('echo "$SHOP $DOOR" > said', environment={"DOOR": "left"}))
    assert (tmp_path / "said").read_text() == "open left\n"


async def test_a_hook_may_name_a_folder_of_its_own(tmp_path):
    await run("/", shell("touch here", working_dir=str(tmp_path)))
    assert os.listdir(tmp_path) == ["here"]


async def test_a_failed_hook_is_named_with_its_last_lines_and_ends_the_row(tmp_path):
    with pytest.raises(hooks.HookFailed) as failed:
        await run(tmp_path, shell("seq 9; exit 3"), shell("touch after"))
    assert (str(failed.value), os.listdir(tmp_path)) == (
        "pre_start hook 'seq 9; exit 3' exited with 3:\n5\n6\n7\n8\n9",
        [],
    )


async def test_a_hook_that_takes_too_long_is_ended_and_told_with_its_limit(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(hooks.HookFailed, match=r"hook 'read line < fifo' took longer than 0.05s"):
        await run(tmp_path, shell("read line < fifo", timeout_s=0.05))


async def test_a_program_that_does_not_exist_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        await run(tmp_path, Hook(command=("/nowhere/program",)))
