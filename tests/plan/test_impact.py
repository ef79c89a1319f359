"""Changed paths and what they touch."""

import pytest

from nexsock.model.project import Project
from nexsock.model.service import Launch, Service, WatchRule
from nexsock.plan import impact


def shop(*rules: WatchRule) -> Project:
    return Project(
        id="shop-1",
        name="shop",
        directory="/shop",
        watched=("/shop/nexsock.yaml", "/shop/.env"),
        services={"web": Service(name="web", launch=Launch(command=("web",)), watch=rules)},
    )


def touched(rule: WatchRule, *paths: str) -> list[str]:
    return [hit.shown for hit in impact.impact(shop(rule), paths).hits]


def test_the_files_of_the_project_are_told_apart_from_sources():
    found = impact.impact(shop(WatchRule(path="/shop/src")), {"/shop/.env", "/shop/src/a.py", "/elsewhere"})
    assert (found.files, [hit.shown for hit in found.hits]) == (("/shop/.env",), ["src/a.py"])


def test_a_file_by_a_name_that_makes_a_project_concerns_it_as_soon_as_it_appears():
    names = ("nexsock.override.yaml",)
    found = impact.impact(shop(), {"/shop/nexsock.override.yaml", "/elsewhere/nexsock.override.yaml"}, names)
    assert found.files == ("/shop/nexsock.override.yaml",)


def test_a_burst_hits_a_rule_once_by_its_first_path():
    assert touched(WatchRule(path="/shop/src"), "/shop/src/b.py", "/shop/src/a.py") == ["src/a.py"]


@pytest.mark.parametrize(
    "path",
    [
        "/shop/src/.git/HEAD",
        "/shop/src/node_modules/x/index.js",
        "/shop/src/__pycache__/a.pyc",
        "/shop/src/.a.py.swp",
        "/shop/src/a.py~",
        "/shop/src/4913",
        "/shop/srcs/a.py",
    ],
)
def test_what_is_never_of_interest_is_not_told(path):
    assert touched(WatchRule(path="/shop/src"), path) == []


def test_a_rule_about_one_file_hears_of_that_file_only():
    rule = WatchRule(path="/shop/app.conf")
    assert (touched(rule, "/shop/app.conf"), touched(rule, "/shop/app.conf.bak")) == (["app.conf"], [])


@pytest.mark.parametrize(
    ("include", "ignore", "path", "told"),
    [
        (("*.py",), (), "a/b.py", True),
        (("*.py",), (), "a/b.js", False),
        ((), ("*.log",), "x/y.log", False),
        ((), ("build/",), "build/x/y.py", False),
        ((), ("docs/**/*.md",), "docs/a/b/c.md", False),
        ((), ("docs/*.md",), "docs/a/b.md", True),
    ],
)
def test_include_and_ignore_are_globs_below_the_path(include, ignore, path, told):
    rule = WatchRule(path="/shop/src", include=include, ignore=ignore)
    assert bool(touched(rule, f"/shop/src/{path}")) is told


def test_files_are_watched_through_their_folders_and_sources_with_all_below():
    assert impact.folders(shop(WatchRule(path="/shop/src"))) == {"/shop": False, "/shop/src": True}


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("*.py", "a.py", True),
        ("*.py", "deep/down/a.py", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("src/**/test", "src/x/y/test", True),
        ("src/**/test", "src/test", True),
        ("src", "src/anything/below", True),
        ("src", "source", False),
        ("[x]", "x", False),
    ],
)
def test_globs_stay_within_names_unless_they_have_two_stars(pattern, path, found):
    assert impact.matches(pattern, path) is found


def oneshot(*inputs: str) -> Project:
    service = Service(name="build", launch=Launch(command=("make",)), oneshot=True, inputs=inputs)
    return Project(id="shop-1", name="shop", directory="/shop", services={"build": service})


@pytest.mark.parametrize(
    ("pattern", "path", "read"),
    [
        ("/shop/src", "/shop/src/a/b.py", True),
        ("/shop/src/**", "/shop/src/a/b.py", True),
        ("/shop/**/*.sql", "/shop/db/1.sql", True),
        ("/shop/db/[0-9].sql", "/shop/db/1.sql", True),
        ("/shop/db/*.sql", "/shop/db/deep/1.sql", False),
        ("/shop/src", "/shop/srcs/a.py", False),
        ("/shop/src", "/shop/src/.git/HEAD", False),
        ("/shop/package.json", "/shop/package.json", True),
    ],
)
def test_what_a_oneshot_reads_is_told_by_its_names(pattern, path, read):
    assert [hit.path for hit in impact.impact(oneshot(pattern), [path]).inputs] == ([path] if read else [])


@pytest.mark.parametrize(
    ("pattern", "folder", "deep"),
    [
        ("/shop/src", "/shop/src", True),
        ("/shop/db/*.sql", "/shop/db", False),
        ("/shop/db/**", "/shop/db", True),
        ("/shop/*/x", "/shop", True),
    ],
)
def test_the_folder_of_an_input_is_watched_as_deep_as_it_has_to_be(pattern, folder, deep):
    assert impact.folders(oneshot(pattern))[folder] is deep
