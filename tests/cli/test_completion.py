import shutil
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


@pytest.mark.parametrize(
    "words", [["git", "pull"], ["git", "pull", "--all"], ["config", "get"], ["dependency", "add"], ["git", "log", "-n"]]
)
def test_services_are_completed_behind_a_command_below_another(shell, words):
    assert complete(shell, ["nexsock", *words, "w"]) == ["web"]


def test_below_a_command_without_services_nothing_is_offered(shell):
    assert complete(shell, ["nexsock", "daemon", "logs", "w"]) == []


def offered_by_fish(shell, line: str) -> list[str]:
    script = f"""
        function nexsock; printf '%s\\n' api web; end
        {completion.script(completion.Shell.FISH)}
        complete --do-complete '{line}'
    """
    ended = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=60, cwd=shell.folder, check=True
    )
    return [offered.split("\t")[0] for offered in ended.stdout.splitlines()]


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
@pytest.mark.parametrize(
    ("line", "offered"),
    [("nexsock sta", ["start", "status"]), ("nexsock git pu", ["pull"]), ("nexsock git pull w", ["web"]),
     ("nexsock -f up logs -f w", ["web"]), ("nexsock config get ", ["api", "web"]), ("nexsock daemon logs w", [])],
)  # fmt: skip
def test_fish_offers_commands_and_services_where_they_belong(shell, line, offered):
    assert sorted(offered_by_fish(shell, line)) == offered


def offered_by_zsh(shell, words: list[str]) -> list[str]:
    """What zsh is given to offer; its own functions for that are told on."""
    script = f"""
        nexsock() {{ printf '%s\\n' api web; }}
        compdef() {{ : }}
        compadd() {{ [[ $1 == -- ]] && shift; print -l -- "$@"; }}
        _describe() {{ print -l -- "${{(@)${{(P@)2}}%%:*}}"; }}
        _files() {{ : }}
        {completion.script(completion.Shell.ZSH)}
        words=({" ".join(repr(word) for word in words)} ''); CURRENT={len(words) + 1}; _nexsock
    """
    ended = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, timeout=60, cwd=shell.folder)
    assert ended.stderr == ""
    return ended.stdout.split()


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
@pytest.mark.parametrize(
    ("words", "offered"),
    [(["nexsock"], list(catalogue.COMMANDS)), (["nexsock", "git"], completion.BELOW["git"].split()),
     (["nexsock", "git", "pull"], ["api", "web"]), (["nexsock", "-f", "up", "logs", "-f"], ["api", "web"]),
     (["nexsock", "daemon", "logs"], [])],
)  # fmt: skip
def test_zsh_offers_commands_and_services_where_they_belong(shell, words, offered):
    assert offered_by_zsh(shell, words) == offered


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
    assert set(completion.GROUPS_TAKE_SERVICES) <= set(completion.BELOW)


def test_without_a_daemon_the_names_come_from_the_file(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services:\n  web: {command: serve}\n  api: {command: serve}\n")
    assert sorted(shell.run("__complete", "services").out.split()) == ["api", "web"]


def test_a_broken_file_completes_nothing_and_says_nothing(shell, tmp_path):
    (tmp_path / "nexsock.yaml").write_text("services: [")
    assert shell.run("__complete", "services") == (0, "", "")
