"""Our merging, extending and including against Compose's own, on the cases in tests/cases/overlay/as_compose.

tests/config/test_overlay.py shows that expected.yaml is what we make of a case; here it is what Compose makes of it.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

CASES = Path(__file__).parent.parent / "cases" / "overlay" / "as_compose"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_compose_makes_of_a_case_what_we_make_of_it(case, compose):
    files = {str(path.relative_to(case)): path.read_text() for path in case.rglob("*.yaml")}
    expected = yaml.safe_load(files.pop("expected.yaml"))["services"]
    answer = compose.ask(files, {}, *(name for name in ("nexsock.yaml", "override.yaml") if name in files))
    assert answer.services is not None, answer.reason
    assert answer.services.keys() == expected.keys()
    for name, service in expected.items():
        theirs = {field: said_by_compose(field, value) for field, value in answer.services[name].items()}
        ours = {field: said_by_compose(field, value) for field, value in service.items() if not is_own(field, value)}
        assert theirs == ADDED | ours


ADDED = {"networks": {"default": None}, "entrypoint": None, "command": None}
"""what Compose writes for every service, set or not"""


def is_own(field: str, value: Any) -> bool:
    """A service of an included file runs in that file's folder: with Compose it runs in a container."""
    return (field == "working_dir" and not value.startswith("/")) or value is False


def said_by_compose(field: str, value: Any) -> Any:
    """A field in Compose's long form."""
    match field, value:
        case "environment" | "labels", list():
            return dict(item.split("=", 1) for item in value)
        case "depends_on", list():
            return {name: {"condition": "service_started", "required": True} for name in value}
        case "depends_on", dict():
            return {name: {"condition": "service_started", "required": True} | entry for name, entry in value.items()}
    return value
