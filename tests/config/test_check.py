"""Rules between services, on documents in memory; the messages are in the cases in files."""

from nexsock.config import build, check, circumstances, tree
from nexsock.model.problem import Problem


def found(text: str, **more: object) -> list[str]:
    """Messages of everything that is wrong between the services."""
    document = tree.parse(text, "f")
    problems: list[Problem] = []
    names = frozenset(document.mapping["services"].mapping) if "services" in document.mapping else frozenset()
    facts = circumstances.Facts("/p", {}, {}, "", lambda _path: "", str, problems, active=names)
    services = build.build(document, facts)
    check.check(document, services, problems, is_folder=lambda path: path == "/p", **more)  # type: ignore[arg-type]
    return [problem.message for problem in problems]


def test_sound_services_have_no_problems() -> None:
    assert found("services: {db: {command: x}, web: {command: x, depends_on: [db], working_dir: .}}") == []


def test_what_the_schema_took_out_is_not_missed() -> None:
    text = "services: {web: {}, api: {command: x, depends_on: [gone], configs: [lost]}}"
    assert found(text, damaged={"services.web.comand", "services.gone", "configs.lost"}) == []


def test_a_broken_healthcheck_still_counts_as_one() -> None:
    text = "services: {db: {command: x}, web: {command: x, depends_on: {db: {condition: healthy}}}}"
    assert found(text, damaged={"services.db.healthcheck"}) == []


def test_names_are_not_missed_when_a_file_could_not_be_read() -> None:
    assert found("services: {web: {depends_on: [elsewhere], configs: [there]}}", complete=False) == []


def test_circles_are_found_when_a_file_could_not_be_read() -> None:
    text = "services: {a: {command: x, depends_on: [b]}, b: {command: x, depends_on: [a]}}"
    assert len(found(text, complete=False)) == 1


def test_a_circle_shows_each_of_its_edges_with_its_line() -> None:
    text = "services:\n a: {command: x, depends_on: [b]}\n b: {command: x, depends_on: [a]}\n"
    assert found(text) == ["services depend on each other in a circle: a (f:2) → b (f:3) → a"]


def test_a_missing_folder_matters_only_for_processes() -> None:
    assert found("services: {db: {external: {tcp: 'h:1'}, working_dir: none}}") == []
