"""Whole loads as cases in files: `tests/cases/config/NAME/` has the files and what must come of them.

`expect.json` is the project without what is at its default; `problems.txt` is every problem, with its line and a
caret. `request.json`, if there is one, has what differs from a plain request: environ, profiles, files.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nexsock import errors
from nexsock.config import load
from nexsock.model.problem import Problem
from nexsock.model.project import Project, ProjectRef

CASES = Path(__file__).parent.parent / "cases" / "config"


def request(case: Path) -> ProjectRef:
    given = json.loads((case / "request.json").read_text()) if (case / "request.json").exists() else {}
    return ProjectRef(
        directory=str(case),
        files=tuple(str(case / name) for name in given.get("files", ())),
        profiles=tuple(given.get("profiles", ())),
        environ=given.get("environ", {}),
    )


def drawn(problem: Problem) -> str:
    line = f"\n    {problem.source_line}\n    {' ' * (problem.column - 1)}^" if problem.source_line is not None else ""
    return f"{problem.severity}: {problem}{line}\n"


def sparse(value: Any, default: Any = msgspec.NODEFAULT) -> Any:
    """Plain values without the fields that have their default."""
    if isinstance(value, msgspec.Struct):
        fields = {field.name: field for field in msgspec.structs.fields(value)}
        found = {name: getattr(value, name) for name in fields}
        return {name: sparse(item) for name, item in found.items() if item != _default(fields[name])}
    if isinstance(value, dict):
        return {key: sparse(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [sparse(item) for item in value]
    return value


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default


def described(project: Project) -> str:
    """The project as its `expect.json`."""
    plain = sparse(project)
    sections = ("name", "services", "layers", "configs", "profiles", "plugins")
    shown = {key: plain[key] for key in sections if key in plain}
    for service in shown["services"].values():
        del service["name"]
    shown["watched"] = plain["watched"]
    if project.warnings:
        shown["warnings"] = [str(problem) for problem in project.warnings]
    return json.dumps(shown, indent=2).replace(project.directory, "$PROJECT") + "\n"


def outcome(case: Path) -> tuple[str, str]:
    """Name and content of the file that says what came of a case."""
    try:
        return "expect.json", described(load.load(request(case)))
    except errors.ConfigError as error:
        problems = [problem for problem in error.problems if isinstance(problem, Problem)]
        return "problems.txt", "".join(map(drawn, problems)).replace(str(case), "$PROJECT")


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_case_gives_what_its_file_says(case: Path) -> None:
    name, text = outcome(case)
    assert (case / name).read_text() == text


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


WEB = "services: {web: {command: x, environment: {A: '${A:-none}'}}}\n"


def value_of_a(given: ProjectRef) -> str:
    return load.load(given).services["web"].launch.environment["A"]


def test_two_loads_of_unchanged_files_are_equal() -> None:
    given = request(CASES / "override-file")
    assert load.load(given) == load.load(given)


def test_the_file_is_looked_for_upward(tmp_path: Path) -> None:
    written(tmp_path, nexsock_yaml=WEB)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert load.load(ProjectRef(directory=str(tmp_path / "a" / "b"), environ={})).directory == str(tmp_path)


def test_a_link_to_a_folder_is_the_same_project(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    written(tmp_path / "real", nexsock_yaml=WEB)
    (tmp_path / "link").symlink_to("real")
    ids = {load.load(ProjectRef(directory=str(tmp_path / name), environ={})).id for name in ("real", "link")}
    assert len(ids) == 1


def test_two_folders_are_two_projects(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, nexsock_yaml=WEB)
    ids = {load.load(ProjectRef(directory=str(tmp_path / name), environ={})).id for name in ("one", "two")}
    assert len(ids) == 2


def test_the_callers_environment_wins_over_dotenv(tmp_path: Path) -> None:
    folder = written(tmp_path, nexsock_yaml=WEB, _env="A=dotenv\n")
    assert value_of_a(ProjectRef(directory=str(folder), environ={})) == "dotenv"
    assert value_of_a(ProjectRef(directory=str(folder), environ={"A": "caller"})) == "caller"


def test_named_env_files_replace_dotenv_and_a_later_one_wins(tmp_path: Path) -> None:
    folder = written(tmp_path, nexsock_yaml=WEB, _env="A=dotenv\n", one_env="A=one\n", two_env="A=two\n")
    files = (str(folder / "one.env"), str(folder / "two.env"))
    assert value_of_a(ProjectRef(directory=str(folder), env_files=files, environ={})) == "two"


def test_a_named_env_file_that_is_missing_is_a_problem(tmp_path: Path) -> None:
    folder = written(tmp_path, nexsock_yaml=WEB)
    (problem,) = load.problems(ProjectRef(directory=str(folder), env_files=(str(folder / "no.env"),), environ={}))
    assert str(problem) == "no.env:1:1: no.env does not exist"


def test_a_named_project_has_that_name(tmp_path: Path) -> None:
    written(tmp_path, nexsock_yaml="name: written\n" + WEB)
    assert load.load(ProjectRef(directory=str(tmp_path), files=(str(tmp_path / "nexsock.yaml"),), environ={})).name == (
        "written"
    )
    named = ProjectRef(directory=str(tmp_path), files=(str(tmp_path / "nexsock.yaml"),), name="given", environ={})
    assert load.load(named).name == "given"


def test_a_folder_without_a_project_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match="nexsock init"):
        load.load(ProjectRef(directory=str(tmp_path), environ={}))


def test_problems_come_sorted_by_place_with_a_summary_of_one_line() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        load.load(request(CASES / "two-broken-files"))
    places = [problem.place for problem in caught.value.problems if isinstance(problem, Problem)]
    assert places == sorted(places)
    assert caught.value.message == "2 problems in nexsock.override.yaml, nexsock.yaml"


def test_warnings_do_not_stop_a_project() -> None:
    assert [problem.severity for problem in load.problems(request(CASES / "warnings-only"))] == ["warning", "warning"]


def test_the_resolved_document_is_merged_filled_in_and_has_places() -> None:
    document = load.resolved(request(CASES / "references"))
    command = document.mapping["services"].mapping["web"].mapping["command"]
    assert (command.value, str(command.origin), command.via) == (
        "web --db 127.0.0.1:5432",
        "nexsock.yaml:5:14",
        "reference my_db.host, my_db.port",
    )


def test_origins_name_files_relative_to_the_project() -> None:
    project = load.load(request(CASES / "include"))
    assert project.origin("services.db.command") == "shared/nexsock.yaml:2:17"
    assert project.origin("services.cache.working_dir") == "other/stack.yaml:2:10"


def test_a_changed_rendering_is_a_changed_input(tmp_path: Path) -> None:
    text = "configs: {a: {target: a.env, values: {K: '${A}'}}}\nservices: {web: {command: x, configs: [a]}}\n"
    written(tmp_path, nexsock_yaml=text)
    prints = {
        load.load(ProjectRef(directory=str(tmp_path), environ={"A": value})).services["web"].fingerprint
        for value in ("1", "2")
    }
    assert len(prints) == 2


def test_git_facts_are_known_and_watched(tmp_path: Path) -> None:
    (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    written(tmp_path, nexsock_yaml="services: {web: {command: '${git.branch} ${git.sha}'}}\n")
    project = load.load(ProjectRef(directory=str(tmp_path), environ={}))
    assert project.services["web"].launch.command[-1] == "main " + "a" * 40
    assert str(tmp_path / ".git" / "HEAD") in project.watched


def test_nothing_is_written(tmp_path: Path) -> None:
    folder = written(tmp_path, nexsock_yaml="configs: {a: {target: run/a.env, values: {}}}\n" + WEB)
    load.load(ProjectRef(directory=str(folder), environ={}))
    assert [path.name for path in folder.iterdir()] == ["nexsock.yaml"]


def test_a_config_may_be_written_elsewhere_when_the_caller_allows_it(tmp_path: Path) -> None:
    text = "configs: {a: {target: ../a.env, values: {}}}\nservices: {web: {command: x}}\n"
    written(tmp_path, nexsock_yaml=text)
    allowed = ProjectRef(directory=str(tmp_path), environ={"NEXSOCK_ALLOW_OUTSIDE": "1"})
    assert load.load(allowed).configs["a"].target == str(tmp_path.parent / "a.env")


@pytest.mark.parametrize(
    "text", ["include: [link/more.yaml]\n" + WEB, "services: {web: {extends: {file: link/more.yaml, service: db}}}\n"]
)
def test_no_link_leads_out_of_the_project(tmp_path: Path, text: str) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "shop"
    for made in (elsewhere, folder):
        made.mkdir()
    (elsewhere / "more.yaml").write_text("services: {db: {command: x}}\n")
    (folder / "link").symlink_to(elsewhere)
    written(folder, nexsock_yaml=text)
    with pytest.raises(errors.ConfigError, match=r"'link/more\.yaml' leads out of the project by a link"):
        load.load(ProjectRef(directory=str(folder), environ={}))
    allowed = ProjectRef(directory=str(folder), environ={"NEXSOCK_ALLOW_OUTSIDE": "1"})
    assert "web" in load.load(allowed).services


def test_a_config_that_is_written_elsewhere_is_another_input(tmp_path: Path) -> None:
    def launched(config: str) -> dict[str, str]:
        text = f"configs: {{a: {{{config}, values: {{A: 1}}}}}}\nservices: {{web: {{command: x, configs: [a]}}}}\n"
        found = load.load(ProjectRef(directory=str(written(tmp_path, nexsock_yaml=text)), environ={}))
        return found.services["web"].launch.configs

    one, same = launched("target: one.env"), launched("target: one.env")
    others = (launched("target: two.env"), launched('target: one.env, mode: "0640"'))
    assert one == same
    assert one not in others
