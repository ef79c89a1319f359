"""Every page: no complaint of the browser, readable for everybody, small, and there without JavaScript."""

import pytest
from playwright.sync_api import expect

SHOP = """
    services:
      db: {command: "echo listening; exec sleep 600", healthcheck: {log: listening}}
      cache: {command: exec sleep 600}
      api:
        command: echo serving; exec sleep 600
        environment: {LEVEL: debug, API_TOKEN: hunter2hunter2}
        depends_on: [db, cache]
        healthcheck: {log: serving}
      broken: {command: "echo no licence >&2; exit 3", restart: "no"}
      web: {command: exec sleep 600, depends_on: [api], ports: {http: auto}}
"""
PAGES = {
    "projects": "//projects",
    "services": "/services",
    "service": "/services/api",
}
FIRST_PAGE_LIMIT = 150 * 1024


@pytest.fixture
def shop(project):
    road = project(SHOP)
    road.run("up", "-d")
    return road


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_complete_and_for_everybody(shop, tab, name):
    here = tab(shop).open(PAGES[name])
    expect(here.page.get_by_role("heading", level=1)).to_have_count(1)
    here.picture(name)
    assert here.unmet() == []


def test_no_page_needs_javascript(shop, tab):
    here = tab(shop, javascript=False)
    for path in PAGES.values():
        here.open(path)
        expect(here.page.get_by_role("heading", level=1)).to_have_count(1)


def test_the_first_page_is_small(shop, tab):
    here = tab(shop).open("/services")
    assert 0 < here.bytes < FIRST_PAGE_LIMIT


def test_a_secret_is_on_no_page(shop, tab):
    here = tab(shop)
    for path in PAGES.values():
        here.open(path)
        assert "hunter2" not in here.page.content(), path
