"""Every file that the pages show is a good one."""

import re
from pathlib import Path

import pytest

from nexsock.config import load, settings
from nexsock.model.project import ProjectRef
from tests.docs.pages import DOCS, files_of

PAGES = ("recipes.md", "guide.md", "reference.md", "commands.md", "plugins.md")
SHOWN = {(page, section): files for page in PAGES for section, files in files_of(page).items()}
SECTIONS = {place: files for place, files in SHOWN.items() if "nexsock.yaml" in files}
ENVIRON = {"PATH": "/usr/bin", "HOME": "/root"}


def problems(folder: Path, *files: str) -> list[str]:
    named = tuple(str(folder / name) for name in files)
    found = load.problems(ProjectRef(directory=str(folder), files=named, environ=ENVIRON))
    return [str(problem) for problem in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in a git repository, with what the recipes find there."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


@pytest.mark.parametrize(("page", "section"), SECTIONS)
def test_what_a_section_shows_has_no_problem_and_no_warning(page, section, folder):
    files = SECTIONS[page, section]
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    assert problems(folder) == []
    if "ci.yaml" in files:
        assert problems(folder, "nexsock.yaml", "ci.yaml") == []


def test_the_settings_that_are_shown_are_understood(tmp_path):
    found = [files["config.yaml"] for files in SHOWN.values() if "config.yaml" in files]
    assert found
    for number, text in enumerate(found):
        (tmp_path / f"{number}.yaml").write_text(text)
        assert settings.read(str(tmp_path / f"{number}.yaml"))


def test_every_recipe_is_in_the_list_at_the_top():
    text = (DOCS / "recipes.md").read_text()
    assert set(re.findall(r"\[([^\]]+)\]\(#", text)) == set(re.findall(r"^## (.+)$", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_every_yaml_block_is_named_and_so_checked(page):
    text = (DOCS / page).read_text()
    assert len(re.findall(r"^```yaml\n", text, re.M)) == len(re.findall(r"^```yaml\n# \S+\.yaml\n", text, re.M))
