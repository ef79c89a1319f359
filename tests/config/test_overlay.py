"""nexsock.config.overlay, extends, include: whole documents, as files in tests/cases/overlay.

A case is a folder: nexsock.yaml and maybe override.yaml are laid over each other with everything that they name;
expected.yaml is the result, problems.txt what has to be said about it.
"""

from pathlib import Path

import pytest

from nexsock.config import interpolate, overlay, tree
from nexsock.config.node import Node
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

CASES = Path(__file__).parent.parent / "cases" / "overlay"


class Folder:
    """Opens the documents of a case and remembers what it was asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.asked: list[tuple[str, tuple[str, ...] | None]] = []

    def open_file(self, name: str, origin: Origin) -> Node | None:
        if not (self.path / name).is_file():
            self.problems.append(Problem(file=origin.file, line=origin.line, column=origin.column, message="lost"))
            return None
        return interpolate.interpolate(tree.parse((self.path / name).read_text(), name), {}, self.problems)

    def open_document(self, name: str, env_files: tuple[str, ...] | None, origin: Origin) -> Node | None:
        self.asked.append((name, env_files))
        return self.open_file(name, origin)

    def document(self, allow_outside: bool = False) -> Node:
        merged = None
        for name in ("nexsock.yaml", "override.yaml"):
            if not (self.path / name).exists():
                continue
            document = self.open_file(name, Origin(name, 1, 1))
            assert document is not None
            document = overlay.extend(document, self.open_file, self.problems, allow_outside=allow_outside)
            document = overlay.include(document, self.open_document, self.problems, allow_outside=allow_outside)
            merged = document if merged is None else overlay.merge(merged, document)
        assert merged is not None
        return overlay.apply_defaults(merged)


def cases(holding: str) -> list[object]:
    found = sorted(path.parent for path in CASES.glob(f"*/*/{holding}"))
    assert found
    return [pytest.param(path, id=path.name) for path in found]


@pytest.mark.parametrize("case", cases("expected.yaml"))
def test_case_comes_out_as_expected(case):
    folder = Folder(case)
    expected = tree.parse((case / "expected.yaml").read_text(), "expected.yaml").plain()
    assert in_long_form(folder.document().plain()) == in_long_form(expected)
    assert folder.problems == []


@pytest.mark.parametrize("case", cases("problems.txt"))
def test_case_says_what_is_wrong(case):
    folder = Folder(case)
    folder.document()
    found = sorted(folder.problems, key=lambda problem: problem.place)
    assert "".join(f"{problem}\n" for problem in found) == (case / "problems.txt").read_text()


def in_long_form(document: object) -> object:
    """Lists of NAME=value and of dependencies as maps: which form is left depends on whether anything was merged."""
    assert isinstance(document, dict)
    for service in document["services"].values():
        for field in ("environment", "labels"):
            if isinstance(service.get(field), list):
                service[field] = dict(item.split("=", 1) for item in service[field])
        if isinstance(service.get("depends_on"), list):
            service["depends_on"] = {name: {} for name in service["depends_on"]}
    return document


def test_files_outside_the_project_come_in_when_they_are_allowed():
    folder = Folder(CASES / "our_own" / "what_include_can_get_wrong")
    folder.document(allow_outside=True)
    assert [name for name, _ in folder.asked][:2] == ["../elsewhere.yaml", "/etc/nexsock.yaml"]


def test_an_included_file_gets_its_own_env_files():
    folder = Folder(CASES / "our_own" / "an_included_file_is_a_project_of_its_own")
    folder.document()
    assert folder.asked == [("lib/nexsock.yaml", ("lib/one.env",))]


def test_an_inherited_value_keeps_the_place_where_it_is_written():
    document = Folder(CASES / "as_compose" / "extends_across_files").document()
    environment = document.mapping["services"].mapping["web"].mapping["environment"].mapping
    assert str(environment["A"].origin) == "common/deep/root.yaml:4:22"


@pytest.mark.parametrize(
    "text",
    [
        "services: 1",
        "services: {web: 1, api: {extends: [x]}, db: {extends: {file: a}}, x: {extends: {service: 1}}}",
        "include: {path: 3}",
        "include: [{env_file: x}, 1, null]",
        "include: null",
        "{defaults: 1, services: {web: {}}}",
        "{defaults: {}, services: null}",
        "{defaults: {command: x}, services: {web: null}}",
    ],
)
def test_wrong_forms_are_left_to_the_schema(text):
    problems: list[Problem] = []
    document = overlay.extend(tree.parse(text, "f"), lambda *_: None, problems)
    overlay.apply_defaults(overlay.include(document, lambda *_: None, problems))
    assert problems == []


def test_a_chain_of_extends_has_an_end():
    text = "".join(f"  s{number}: {{extends: s{number + 1}}}\n" for number in range(2000))
    problems: list[Problem] = []
    overlay.extend(tree.parse(f"services:\n{text}  s2000: {{}}\n", "f"), lambda *_: None, problems)
    assert {problem.message for problem in problems} == {"more than 50 services extend each other in a chain"}


def test_a_chain_of_includes_has_an_end():
    def next_file(name: str, _env_files: object, _origin: Origin) -> Node:
        return tree.parse(f"include: ['{int(name) + 1}']", name)

    problems: list[Problem] = []
    overlay.include(tree.parse("include: ['1']", "0"), next_file, problems)
    assert [problem.message for problem in problems] == ["more than 50 files include each other in a chain"]
