import subprocess

import pytest

from nexsock.cli import catalogue, completion


def complete(shell, words: list[str], services: str = "api web") -> list[str]:
    """What bash offers for the last of the words, with a `nexsock` that knows some services."""
    script = "\n".join(
        [
            f"nexsock() {{ printf '%s\\n' {services}; }}",
            completion.script(completion.Shell.BASH),
            f"COMP_WORDS=({' '.join(repr(word) for word in words)})",
            f"COMP_CWORD={len(words) - 1}",
            "_nexsock",
            'printf "%s\\n" "${COMPREPLY[@]}"',
        ]
    )
    ended = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60, cwd=shell.folder
    )
    return ended.stdout.split()


def test_commands_are_completed(shell):
    assert complete(shell, ["nexsock", "sta"]) == ["status", "start"]


@pytest.mark.parametrize("words", [["logs", "w"], ["-f", "up", "logs", "w"], ["--json", "restart", "api", "w"]])
def test_services_are_completed_behind_a_command_that_takes_them(shell, words):
    assert complete(shell, ["nexsock", *words]) == ["web"]


def test_services_are_those_of_the_project_that_the_line_names(shell):
    script = f"""
        nexsock() {{ printf '<%s>' "$@" >&2; }}
        {completion.script(completion.Shell.BASH)}
        COMP_WORDS=(nexsock --json -f "'my shop.yaml'" -p two logs w); COMP_CWORD=7; _nexsock 2> asked
    """
    subprocess.run(["bash", "--norc", "-c", script.replace("2>/dev/null", "")], cwd=shell.folder, check=False)
    with open(f"{shell.folder}/asked") as asked:
        assert asked.read() == "<-f><my shop.yaml><-p><two><__complete><services>"


def test_the_commands_below_daemon_are_completed(shell):
    assert complete(shell, ["nexsock", "daemon", "st"]) == ["start", "stop", "status"]


@pytest.mark.parametrize("name", completion.Shell)
def test_every_script_knows_every_command(shell, name):
    ended = shell.run("completion", name)
    assert ended.status == 0
    assert [command for command in catalogue.COMMANDS if command not in ended.out] == []
    assert "@" not in ended.out.replace("$@", "").replace("[@]", "")


def test_every_command_that_takes_services_exists():
    assert set(completion.TAKE_SERVICES) <= set(catalogue.COMMANDS)


def test_without_a_daemon_the_names_come_from_the_file(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services:\n  web: {command: serve}\n  api: {command: serve}\n")
    assert sorted(shell.run("__complete", "services").out.split()) == ["api", "web"]


def test_a_broken_file_completes_nothing_and_says_nothing(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services: [")
    assert shell.run("__complete", "services") == (0, "", "")
