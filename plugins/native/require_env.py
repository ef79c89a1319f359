"""Say no to `up`, `start` and `restart` while .env lacks variables of .env.example, and name them.

Somebody adds a variable to .env.example and to the code; everybody else finds out from a stack trace. With this they
find out from nexsock, before anything is started. A variable that may be missing stands in .env.example as a comment.
"""

import re
from pathlib import Path

NEXSOCK_PLUGIN = {
    "name": "require-env",
    "abi": "1.0",
    "description": "no start while .env lacks variables of .env.example",
    "priority": 10,  # before plugins that do something
    "capabilities": ["deny"],
}

STARTS = {"up", "start", "restart"}
QUOTED = re.compile(r"""=\s*(?:"(?:\\.|[^"\\])*"|'[^']*')""", re.DOTALL)
VARIABLE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)


def pre_command(command: str, directory: str) -> dict[str, str] | None:
    if command not in STARTS:
        return None
    wanted, there = variables(Path(directory, ".env.example")), variables(Path(directory, ".env"))
    if missing := [name for name in wanted if name not in there]:
        return {"deny": f".env lacks {', '.join(missing)}: copy the lines from .env.example and fill them in"}
    return None


def variables(file: Path) -> list[str]:
    """The variables that a file sets, in its order; none where there is no file."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return VARIABLE.findall(QUOTED.sub("=", text))  # what looks like a line in a quoted text is none
