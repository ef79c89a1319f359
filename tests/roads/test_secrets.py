"""Secrets reach the services that are given them, and nobody else: not a file, not an argument, not a word."""

import os
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

NAMES = (
    *("secret_file", "secret_variable", "secret_command", "secret_as_file", "secret_of_oneshot", "literal", "shell"),
    *("dotenv", "env_file", "top_level", "url", "url_in_command", "url_of_probe", "header", "hook", "config", "label"),
    *("inherited", "for_one_run", "argument", "wrong_place"),
)

SHOP = """
    environment: {{TOP_TOKEN: "{top_level}"}}
    secrets:
      db_password: {{file: db.txt}}
      api_key: {{environment: API_KEY_VALUE}}
      vault: {{command: cat vault.txt}}
      admin: {{file: admin.txt}}
      job: {{command: "cat job.txt >&2; cat job.txt"}}
    configs:
      app: {{target: out/app.json, values: {{password: "{config}"}}}}
    services:
      web:
        command: "env; cat $$DB_PASSWORD_FILE; echo postgres://u:{url_in_command}@db {argument}; exec sleep 1000"
        stop_grace_period: 300ms
        secrets:
          - db_password
          - {{source: api_key, env: API_KEY}}
          - {{source: vault, env: VAULT}}
          - {{source: admin, env: ADMIN}}
        env_file: web.env
        configs: [app]
        labels: {{deploy_token: "{label}"}}
        environment:
          DB_PASSWORD: "{literal}"
          ARGUMENT_SECRET: "{argument}"
          SHELL_TOKEN: "${{SHELL_TOKEN_VALUE}}"
          DOTENV_TOKEN: "${{DOTENV_TOKEN}}"
          DATABASE_URL: "postgres://app:{url}@db:5432/x"
        hooks:
          post_start:
            - command: "echo $$VAULT $$HOOK_TOKEN; cat $$DB_PASSWORD_FILE; exit 3"
              environment: {{HOOK_TOKEN: "{hook}"}}
        healthcheck: {{test: "echo $$API_KEY $$ADMIN; exit 1", interval: 50ms, start_period: 0s, retries: 1}}
      door:
        external: {{tcp: "127.0.0.1:9"}}
        healthcheck:
          http: {{url: "http://u:{url_of_probe}@127.0.0.1:9/", headers: {{Authorization: "Bearer {header}"}}}}
          start_period: 0s
          retries: 1
      job:
        command: "echo $$JOB $$ONE_RUN_TOKEN; exit 4"
        oneshot: true
        restart: "no"
        secrets: [{{source: job, env: JOB}}]
"""

COMMANDS = (
    *("ps -a", "status web", "status door", "why web", "why job", "why door", "logs", "logs --grep entinel", "events"),
    *(
        "history web",
        "history job",
        "diff web",
        "timings",
        "config get web",
        "env web",
        "env job",
        "config --origins",
        "graph",
        "validate",
        "plan",
        "doctor",
    ),
    *("exec job -- true", "restart job -e ONE_RUN_TOKEN={for_one_run}", "daemon status", "daemon logs"),
)

NOT_OURS = {"logs/web.log", "logs/job.log", "project.msgpack"}
"""What services wrote, and what the next brain starts them with (docs/reference.md, "A secret")"""


@pytest.fixture
def sentinels():
    return {name: f"S3ntinel-{name}-{uuid4().hex[:8]}" for name in NAMES}


def found_in(text, sentinels):
    """The sentinels that a text shows, line breaks and all."""
    return {name for name, value in sentinels.items() if value in text}


def written(road, sentinels):
    """Every file below the daemon's home with the sentinels in it."""
    home = road.home.folder
    files = [path for path in home.rglob("*") if path.is_file() and "/secrets/" not in str(path)]
    found = {str(path): found_in(path.read_bytes().decode(errors="replace"), sentinels) for path in files}
    return {path: names for path, names in found.items() if names and not path.endswith(tuple(NOT_OURS))}


def arguments(sentinels, own=()):
    """The sentinels in the arguments of any process, but those that the file itself put there."""
    found = set()
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            found |= found_in(Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace"), sentinels)
        except OSError:
            continue
    return found - set(own)


def test_twenty_planted_secrets_are_nowhere_in_what_nexsock_writes_or_shows(project, sentinels):
    road = project(SHOP.format(**sentinels))
    files = {"db": "secret_file", "vault": "secret_command", "admin": "secret_as_file", "job": "secret_of_oneshot"}
    for file, name in files.items():
        road.edit(sentinels[name] + "\n", f"{file}.txt")
    road.edit(f"DOTENV_TOKEN={sentinels['dotenv']}\n", ".env")
    road.edit(f"WEB_PASSWORD={sentinels['env_file']}\n", "web.env")
    road.environ = {
        "API_KEY_VALUE": sentinels["secret_variable"],
        "SHELL_TOKEN_VALUE": sentinels["shell"],
        "SOME_SECRET": sentinels["inherited"],
    }
    shown = {"up": road.run("up", "-d")}
    road.wait_until(lambda: b"S3ntinel-argument" in road.log("web"), "the service shows all that it has")
    own = ("url_in_command", "argument")
    assert arguments(sentinels, own) == set()

    for command in COMMANDS:
        words = command.format(**sentinels).split()
        shown[command] = road.run(*words)
        shown[command + " --json"] = road.run("--json", *words)
    road.edit(SHOP.format(**{name: value + "-2" for name, value in sentinels.items()}))
    shown |= {"a changed plan": road.run("plan"), "a changed plan --json": road.run("--json", "plan")}
    shown["a change"] = road.run("up", "-d")
    mistake = f"  oops: {{stop_grace_period: '${{DOTENV_TOKEN}}', WRONG_TOKEN: {sentinels['wrong_place']}}}\n"
    road.edit(dedent(SHOP.format(**sentinels)) + mistake)
    shown |= {"mistakes": road.run("validate"), "mistakes --json": road.run("--json", "validate")}
    assert "oops" in shown["mistakes"].out

    told = {command: found_in(ended.out + ended.err, sentinels) for command, ended in shown.items()}
    assert {command: names for command, names in told.items() if names} == {}
    assert written(road, sentinels) == {}
    assert arguments(sentinels, own) == set()

    reached = found_in((road.log("web") + road.log("job")).decode(), sentinels)
    assert {*NAMES} - reached == {"hook", "url_of_probe", "header", "config", "label", "wrong_place"}
    assert "••••••" in shown["logs"].out, "the lines are shown, with a mask in them"


def test_the_search_for_sentinels_finds_what_is_planted(project, sentinels):
    """Were it blind, the promise above would mean nothing."""
    command = f"echo {sentinels['argument']}; sleep 1000; true"
    road = project(f"services: {{web: {{command: {command}, stop_grace_period: 300ms}}}}")
    road.up()
    assert arguments(sentinels) == {"argument"}
    road.wait_until(lambda: b"S3ntinel" in road.log("web"), "it is written")
    assert found_in(road.done("logs"), sentinels) == {"argument"}
    planted = road.state / "planted"
    planted.write_text(f"x{sentinels['literal']}y")
    assert written(road, sentinels)[str(planted)] == {"literal"}


def test_a_secret_that_cannot_be_had_fails_the_start_and_the_next_up_tries_again(project):
    road = project("""
        secrets: {key: {command: "echo hunter2; cat key.txt"}, other: {file: other.txt}}
        services:
          web: {command: exec sleep 1000, secrets: [key], stop_grace_period: 300ms}
          mail: {command: exec sleep 1000, secrets: [other], stop_grace_period: 300ms}
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "the command of secret 'key' exited with 1" in ended.err
    assert "secret 'other': " in ended.err
    assert "hunter2\n" not in ended.err + road.done("events")
    road.edit("k\n", "key.txt")
    road.edit("o\n", "other.txt")
    road.up()
    assert set(road.phases().values()) == {"running"}


def test_a_new_value_restarts_what_has_it_and_old_files_go(project):
    road = project("""
        secrets: {key: {file: key.txt}}
        services:
          web: {command: "cat $$KEY_FILE >> trace; exec sleep 1000", secrets: [key], stop_grace_period: 300ms}
          mail: {command: exec sleep 1000, stop_grace_period: 300ms}
    """)
    road.edit("one\n", "key.txt")
    road.up()
    before = road.pids()
    road.wait_until(lambda: road.words() == ["one"], "it has the first value")
    road.edit("two\n", "key.txt")
    assert [step["reason"] for step in road.json("plan")["steps"]] == ["secret key changed"]
    road.up()
    road.wait_until(lambda: road.words() == ["one", "two"], "it has the second value")
    assert road.pid("mail") == before["mail"]
    folder = road.home.folder / "run" / "projects" / road.id / "secrets"
    assert len(list(folder.iterdir())) == 1
    road.done("down")
    assert list(folder.iterdir()) == []


def test_a_new_value_is_applied_at_once_while_watching(project):
    road = project("""
        secrets: {key: {file: key.txt}}
        services:
          web:
            command: "echo $$KEY >> trace; exec sleep 1000"
            secrets: [{source: key, env: KEY}]
            stop_grace_period: 300ms
    """)
    road.edit("one\n", "key.txt")
    road.up("--watch")
    road.wait_until(lambda: road.words() == ["one"], "it has the first value")
    road.edit("two\n", "key.txt")
    road.wait_until(lambda: road.words() == ["one", "two"], "it has the second value")


def test_run_and_exec_have_the_secrets_until_they_end(project):
    road = project("""
        secrets: {key: {command: echo value-of-key}}
        services: {web: {command: "echo $$KEY $$(cat $$KEY_FILE)", secrets: [key, {source: key, env: KEY}]}}
    """)
    assert road.done("run", "web") == "value-of-key value-of-key\n"
    assert road.done("exec", "web", "--", "sh", "-c", "cat $KEY_FILE") == "value-of-key"
    folder = road.home.folder / "run" / "projects" / road.id / "secrets"
    road.wait_until(lambda: list(folder.iterdir()) == [], "what was lent is taken back")
