"""Pages of docs/ as the files that they show."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def files_of(page: str) -> dict[str, dict[str, str]]:
    """By section, the blocks whose first line is `# NAME` (in Lua `-- NAME`), by that name."""
    sections = re.split(r"^## ", (DOCS / page).read_text(), flags=re.MULTILINE)[1:]
    blocks = {
        part.splitlines()[0]: re.findall(r"^```\w+\n(?:#|--) (\S+)\n(.*?)^```", part, re.M | re.S) for part in sections
    }
    return {title: dict(found) for title, found in blocks.items() if found}
