"""Files that mean harm or are plainly wrong: a sentence with its place, never a crash, and soon."""

import time
from pathlib import Path

import pytest

from nexsock.config import load
from nexsock.model.project import ProjectRef

WEB = "services:\n  web:\n    command: sleep 1\n"


def faults(folder: Path, text: str) -> list[str]:
    (folder / "nexsock.yaml").write_text(text)
    return [problem.message for problem in load.problems(ProjectRef(directory=str(folder)))]


@pytest.mark.parametrize(
    "text",
    [
        'services: {web: {command: "a\\0b"}}',
        'services: {web: {command: [sleep, "1\\x00"]}}',
        'services: {web: {command: a, environment: {A: "x\\u0000y"}}}',
        'services: {web: {command: a, hooks: {pre_start: [{command: "a\\0b"}]}}}',
        'configs: {c: {target: "a\\0b", format: env, values: {A: 1}}}\n' + WEB,
        'name: "a\\0b"\n' + WEB,
    ],
)
def test_a_nul_character_is_refused_where_the_system_would_refuse_it(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == ["a NUL character ends every text given to the system"]


@pytest.mark.parametrize("text", ['include: ["x\\0y"]\n' + WEB, WEB + '    env_file: "x\\0y"\n'])
def test_a_file_with_a_nul_character_in_its_name_cannot_be_read(tmp_path: Path, text: str) -> None:
    assert any("has a NUL character in its name" in fault for fault in faults(tmp_path, text))


def test_a_config_may_hold_what_its_format_can(tmp_path: Path) -> None:
    assert faults(tmp_path, 'configs: {c: {target: c.json, values: {A: "x\\0y"}}}\n' + WEB) == []


def test_a_regular_expression_that_goes_too_deep_is_refused(tmp_path: Path) -> None:
    deep = "(" * 5000 + "a" + ")" * 5000
    assert faults(tmp_path, f"{WEB}    healthcheck: {{log: '{deep}'}}\n") == [
        "the regular expression, of 10001 characters, goes too deep"
    ]


@pytest.mark.parametrize("file", ["nexsock.yaml", "./nexsock.yaml", ".env", "more.yaml"])
def test_a_config_writes_over_no_file_that_the_project_is_read_from(tmp_path: Path, file: str) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / "more.yaml").write_text("services: {more: {command: sleep 1}}\n")
    text = f"include: [more.yaml]\nconfigs: {{c: {{target: {file}, format: env, values: {{A: 1}}}}}}\n{WEB}"
    assert faults(tmp_path, text) == [f"the target {file} is a file that the project is read from"]


def test_two_configs_cannot_write_different_things_to_one_file(tmp_path: Path) -> None:
    text = "configs:\n  c: {target: a.env, values: {A: 1}}\n  d: {target: ./a.env, values: {A: 2}}\n" + WEB
    assert faults(tmp_path, text) == ["the target ./a.env is also that of config 'c'"]


def test_probes_without_a_pause_are_refused(tmp_path: Path) -> None:
    text = WEB + "    healthcheck: {test: 'true', interval: 0s, start_interval: 1us, timeout: 0}\n"
    assert sorted(faults(tmp_path, text)) == [
        f"{name} is shorter than 10ms" for name in ("interval", "start_interval", "timeout")
    ]


@pytest.mark.parametrize("number", ["9" * 30, "9" * 400])
def test_durations_and_sizes_that_no_clock_or_disk_can_hold_are_refused(tmp_path: Path, number: str) -> None:
    text = f'{WEB}    stop_grace_period: "{number}d"\n    logging: {{max_size: "{number}GB"}}\n'
    assert faults(tmp_path, text) == [
        "stop_grace_period: a duration ends at 3650d",
        "max_size: a size ends at 4,000,000 TB",
    ]


def test_thousands_of_mistakes_are_told_soon(tmp_path: Path) -> None:
    text = "services:\n" + "".join(f"  s{number}: {{comand: x}}\n" for number in range(2000))
    began = time.process_time()
    assert len(faults(tmp_path, text)) == 2000
    assert time.process_time() - began < 20
