"""Our interpolation against Compose's own: the same value, or the same refusal.

Where we differ on purpose, DIFFERENT says what is ours, and docs/decisions/0001-compose-differences.md why.
"""

import json

import pytest

from nexsock.config import interpolate
from nexsock.model.origin import Origin

VARIABLES = {"V": "val", "E": "", "X_1": "u", "M": "$V ${V} $$", "_": "under"}

ACCEPTED = [
    "", "plain", "$V", "${V}", "a${V}b", "$V$V", "${V}${V}", "$V-x", "$V.x", "{$V}", "{${V}}", "$V}", "${V}}", "$X_1",
    "$X_1x", "$Vx", "$v", "${v:-x}", "$_", "${_}", "$Vä", "\\$V", "$M", "${M:-x}",
    "$U", "${U}", "a${U}b", "$U$", "${E}",
    "${U:-d}", "${U-d}", "${E:-d}", "${E-d}", "${V:-d}", "${V-d}", "${U:-}", "${U-}", "${V:-}",
    "${U:+r}", "${U+r}", "${E:+r}", "${E+r}", "${V:+r}", "${V+r}", "${V:+}", "${U:+}", "${V+}",
    "${V:?e}", "${V?e}", "${E?e}", "${V?}", "x${V:?e}y", "${V:?x$1}",
    "${U:-${V}}", "${U:-$V}", "${U:-${W:-x}}", "${U-${V-${W-x}}}", "${U:-${V}x${V}}", "${U:-${W:+x}y}",
    "${U:-${E:-${V:+z}}}", "${V:+${X_1}}", "${U:-a}${W:-b}", "${U:-a}b}", "${U:-${W:-a}b}c}", "${U:-$V}}",
    "${U:-a:-b}", "${U:-a:?b}", "${U:-a?b}", "${U-a-b}", "${U:--}", "${U--}", "${U:-:-}", "${U-:?}", "${U-?}",
    "${V+a:-b}", "${V:+a:?b}", "${U+a:-b}", "${V:-a:?b}", "${U:-/a/b:c}", "${U:-http://h:80/?q=1&r=2}",
    '${U:-"q"}', "${U:-'q'}", '${U:-"${V}"}', "${U:-`a`}", "${U:-{a}}", '${U:-{"a":"b"}}', "${V:-{a}}", "${U:-{a}b}",
    "$$", "$$V", "$${V}", "$$$V", "$$$$V", "$$$$$V", "$$$", "$$$$", "${U:-$$}", "${U:-$$V}", "${U:-$$$V}",
    "${U:-a$${V}}", "a$", "$", "$ ", "$1", "$-", "$(V)", "$(", "$ {V}", "$é", "$\n", "$\t{", "${U:-a$1b}", "${V:+$}",
    "${V:-$}", "${V:-$1}", "a\n$V\nb", "${U:-$a.b}",
]  # fmt: skip

REFUSED = [
    "${}", "${ }", "${", "x${", "$V${", "${V", "${V-", "${V:-$", "${V:-x}${", "a ${V:-x} ${", "${U:-${", "${U:-${V:-x}",
    "${1}", "${1a}", "${V:}", "${V:x}", "${V!}", "${V }", "${ V}", "${V x}", "${V[0]}", "${V%x}", "${#V}", "${V@x}",
    "${V/a/b}", "${V^^}", "${V=x}", "${U:=x}", "${U=x}", "${Ä}", "${Uä}", "${E:-${}}", "${V:-${}}", "${V:+${}}",
    "${U:?}", "${U?}", "${U:?msg}", "${E:?msg}", "${U:?$V x}", "${U:?${V}}", "${U:?m ${W:-n}}", "${U?a:-b}", "${U:?-}",
    "${U:?a}b}", "${U:-${W:?z}}", "${V}-${U:-x}-${E:-y}-${W:?z}", "${U:?m$$x}", "${db.x:-y}", "${db.}", "${.db}",
]  # fmt: skip

DIFFERENT = {
    "${V:-${U:?m}}": "val",
    "${V-${U?m}}": "val",
    "${U:+${W:?m}}": "",
    "${U:-a\nb}": "a\nb",
    "${V:-a\nb}": "val",
    "${db.port}": "${db.port}",
    '{"x":"${U:-{}}"}': '{"x":"{}"}',
    "${U:-{}": None,
}
"""the text and our value, None where we refuse it"""


def ours(text: str) -> str | None:
    """Our value, or None when there is an error."""
    problems: list = []
    expanded = interpolate.expand(text, VARIABLES, Origin("f", 1, 1), problems)
    return None if any(problem.severity == "error" for problem in problems) else str(expanded)


def unset(text: str) -> list[str]:
    """The variables that we warn about."""
    problems: list = []
    interpolate.expand(text, VARIABLES, Origin("f", 1, 1), problems)
    return sorted({problem.message.split("'")[1] for problem in problems if problem.severity == "warning"})


def project(labels: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    return {"compose.yaml": json.dumps({"services": {"a": {"image": "i", "labels": labels}}})}, VARIABLES


@pytest.fixture(scope="module")
def accepted(compose):
    """Compose's values by text, all in one question."""
    files, environ = project({f"l{number}": text for number, text in enumerate(ACCEPTED)})
    answer = compose.ask(files, environ, "compose.yaml")
    assert answer.services is not None, answer.reason
    labels = answer.services["a"]["labels"]
    return {text: labels[f"l{number}"] for number, text in enumerate(ACCEPTED)}, answer.reason


@pytest.fixture(scope="module")
def each_alone(compose):
    """Compose's answers to what it refuses, and so reads alone."""
    return compose.ask_all({text: project({"l": text}) for text in (*REFUSED, *DIFFERENT)})


@pytest.mark.parametrize("text", ACCEPTED)
def test_we_read_what_compose_reads_to_the_same_value(text, accepted):
    values, _ = accepted
    assert ours(text) == values[text]


def test_we_warn_about_the_variables_that_compose_warns_about(accepted):
    _, warnings = accepted
    assert {name for text in ACCEPTED for name in unset(text)} == {
        line.split('\\"')[1] for line in warnings.splitlines() if "variable is not set" in line
    }


@pytest.mark.parametrize("text", REFUSED)
def test_we_refuse_what_compose_refuses(text, each_alone):
    assert each_alone[text].services is None
    assert ours(text) is None


@pytest.mark.parametrize("text", [text for text in REFUSED if "?" in text and "." not in text])
def test_a_required_variable_says_the_same_in_both(text, each_alone):
    problems: list = []
    interpolate.expand(text, VARIABLES, Origin("f", 1, 1), problems)
    explanation = each_alone[text].reason.partition("is missing a value")[2].strip()
    assert problems[0].message.endswith(explanation)


@pytest.mark.parametrize("text", DIFFERENT)
def test_we_differ_on_purpose_and_the_page_says_so(text, each_alone, differences):
    services = each_alone[text].services
    theirs = services["a"]["labels"]["l"] if services else None
    assert ours(text) == DIFFERENT[text] != theirs
    assert text.replace("\n", "\\n") in differences
