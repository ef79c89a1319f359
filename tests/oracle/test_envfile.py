"""Our reader of env files against Compose's own: the same variables, or the same refusal."""

import json

import pytest

from nexsock.config import envfile

CALLER = {"V": "val", "EMPTY": ""}

DOTENV = [
    "A=1\nB=2", "A=1 # c\nB=1#c\nC=#c\nE=a  ", "export A=1\nexport\tB=2\nexported=3", "A=1\nA=2", "A=\nB=\"\"\nC=''",
    "A=\"x y\"\nB='x $V'\nC=\"$V ${V:-d} ${U:-d}\"\nD=$V\nE=${U-x}", "# c\n  # c\n\n  A=1", "A=x\n\n\n", "  A=1\n\tB=2",
    'A="a\nb"\nB=2', "A='a\n  b'\nB=2", 'A="a\\nb\\t\\"q\\" \\\\ \\$V \\a"', "A='a\\'b'", "A='a\\nb'", 'A="#x"',
    'A="x" # c\nB=1', "A='x' # $V", "A= \"x\"", 'A=\t"x"\t', "A=  x", "A='\"'\nB=\"'\"", 'A="\\r|"', 'A="\\f\\v\\b\\c"',
    'A="\\x41 \\u0041 \\0101"', "A=a\\nb", 'A=a"b"c', "A=a=b=c", "A=http://x/?a=1#frag", "A=x\\ # y", "A=x# y # z",
    "A=x #", "A=a;b", "A=a b c", "A=`x`", "A=%x", "A=\\\\x", 'A="a\\\nb"', "A=x\r\nB=y\r\n", 'A="x\r\ny"\r\nB=1',
    "A\nU\nB=1", "V\n", "EMPTY\n", "A: 1\nB : 2", "A = 1", "A:1=2", "A=1\nB=$A\nC=\"${A}2\"", "V=file\nD=$V",
    "1A=x\nA=1", "A-B=1\nA.B=2\nA[0]=3", "A=é\nÉ=1", "lower=1\nA=$lower", "A=$1 $ $(x)", "A=$U", 'A="$U"\n',
    'A="$$V" \nB=$$V\nC=\\$V', "A=$V$U-${V}x", 'A=${U:-"q r"}', "A=${U:-x y} # c", "A='{\"a\": [1, 2]}'", "A={\"a\":1}",
    "export V\n", "A=x\t# c", "A=\t# c", "A='x'# c", "A='x'\nB='y'\n#end", "A=\"${V}\n${V}\"",
    "A B=1", "A=${U", "A=${U:?m}", "A='a''b'", 'A="x\nB=2', "A='x\nB=2", 'A="${U:-"q"}"', "A+=1", '"A"=1', "A!=1",
    "A=${1}", 'A="${V"',
]  # fmt: skip

RAW = [
    "A=1\nB=2", "A=1 # c\nB=#c\nD= # c\nE=a  ", "A=\"x y\"\nB='$V'", "A\nU\nB=1", "V\n", "  A=1\n\tB=2", "A=a=b=c",
    "A=x\r\nB=y\r\n", "# c\n  # c\n\nA=${U:?m} ${", "A='a\\nb'", "A=", "A=1\nA=2", "1A=x\nA-B=1\nA.B=2\nA[0]=3",
    "export A=1", "A: 1", "A = 1", "=1", "A B=1",
]  # fmt: skip

DIFFERENT = {
    "D= # c": {"D": ""},
    'A="x"y\nB=2': None,
    "=1": None,
    "export A": {},
    "A": {},
    'A="\\033[1m"': {"A": "\x1b[1m"},
    'A="\\`x\\`"': {"A": "`x`"},
    "A=a\0b": None,
}
"""the dotenv text and our variables, None where we refuse it"""


def ours(text: str, form: envfile.Format) -> dict[str, str] | None:
    found, problems = envfile.parse(text, form, CALLER, "f")
    return None if any(problem.severity == "error" for problem in problems) else found


def project(texts: list[str], form: envfile.Format) -> tuple[dict[str, str], dict[str, str]]:
    """A service sN for each text, and the caller's variables."""
    files = {f"{number}.env": text for number, text in enumerate(texts)}
    format_key = {"format": "raw"} if form == "raw" else {}
    services = {
        f"s{number}": {"image": "i", "env_file": [{"path": f"{number}.env", **format_key}]}
        for number in range(len(texts))
    }
    return {"compose.yaml": json.dumps({"services": services}), **files}, CALLER


@pytest.fixture(scope="module")
def theirs(compose):
    """Compose's variables by (format, text), None where it refuses the file; what we accept is asked in one go."""
    found = {}
    alone: list[tuple[envfile.Format, str]] = [("dotenv", text) for text in DIFFERENT]
    for form, texts in (("dotenv", DOTENV), ("raw", RAW)):
        accepted = [text for text in texts if ours(text, form) is not None]
        alone += [(form, text) for text in texts if text not in accepted]
        answer = compose.ask(*project(accepted, form), "compose.yaml")
        assert answer.services is not None, answer.reason
        for number, text in enumerate(accepted):
            found[form, text] = answer.services[f"s{number}"].get("environment") or {}
    for case, answer in compose.ask_all({case: project([case[1]], case[0]) for case in alone}).items():
        found[case] = answer.services["s0"].get("environment") or {} if answer.services else None
    return found


@pytest.mark.parametrize("text", DOTENV)
def test_we_read_a_dotenv_file_as_compose_does(text, theirs):
    assert ours(text, "dotenv") == theirs["dotenv", text]


@pytest.mark.parametrize("text", RAW)
def test_we_read_a_raw_file_as_compose_does(text, theirs):
    assert ours(text, "raw") == theirs["raw", text]


@pytest.mark.parametrize("text", DIFFERENT)
def test_we_differ_on_purpose_and_the_page_says_so(text, theirs, differences):
    assert ours(text, "dotenv") == DIFFERENT[text] != theirs["dotenv", text]
    assert text.replace("\n", "\\n").replace("\0", "\\0") in differences
