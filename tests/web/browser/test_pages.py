"""Every page: no complaint of the browser, readable for everybody, small, and there without JavaScript."""

import re

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
    "logs": "/services/api/logs",
    "environment": "/services/api/environment",
    "history": "/services/api/history",
    "config": "/services/api/config",
    "git": "/services/api/git",
    "all-logs": "/logs",
    "graph": "/graph",
    "timings": "/timings",
    "events": "/events",
    "plan": "/plan",
    "add": "/add",
    "plugins": "/plugins",
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


def test_dark_pages_can_be_read_too(shop, tab):
    here = tab(shop, color_scheme="dark")
    for name in ("services", "service", "logs", "graph", "timings"):
        here.open(PAGES[name])
        here.picture(f"{name}-dark")
        assert here.unmet() == [], name


def test_no_page_needs_javascript(shop, tab):
    here = tab(shop, javascript=False)
    for path in PAGES.values():
        here.open(path)
        expect(here.page.get_by_role("heading", level=1)).to_have_count(1)


def test_a_narrow_screen_scrolls_in_one_direction_only(shop, tab):
    here = tab(shop, viewport={"width": 360, "height": 740})
    for name, path in PAGES.items():
        here.open(path)
        assert here.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    here.open("/services").picture("services-narrow")
    expect(here.page.get_by_role("button", name="Stop web")).to_be_in_viewport(ratio=1)


def test_the_first_page_is_small(shop, tab):
    here = tab(shop).open("/services")
    here.page.wait_for_load_state("load")
    assert 0 < here.bytes < FIRST_PAGE_LIMIT


def test_a_secret_is_on_no_page(shop, tab):
    here = tab(shop)
    for path in PAGES.values():
        here.open(path)
        assert "hunter2" not in here.page.content(), path


def test_the_graph_shows_each_service_in_its_state(shop, tab):
    here = tab(shop).open("/graph")
    drawn = here.page.locator("main svg[aria-label]").first
    for name in ("db", "cache", "api", "web", "broken"):
        expect(drawn).to_contain_text(name)


def test_the_waterfall_shows_what_took_its_time(shop, tab):
    here = tab(shop).open("/timings")
    drawn = here.page.get_by_role("table", name="Start-up of shop")
    for name in ("db", "api", "web"):
        expect(drawn).to_contain_text(name)
    here.reads(re.compile("critical path", re.IGNORECASE))


@pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])
def test_the_theme_that_was_chosen_is_kept(shop, tab, javascript):
    here = tab(shop, color_scheme="light", javascript=javascript).open("/services")
    light = here.background()
    here.choose_theme("dark")
    dark = here.background()
    assert dark != light
    assert here.page.url.endswith("/services")
    here.open("/graph")
    assert here.background() == dark


def test_a_service_is_reached_by_the_keyboard_alone(shop, tab):
    here = tab(shop).open("/services")
    here.page.keyboard.press("?")
    expect(here.page.get_by_role("dialog")).to_be_visible()
    here.page.keyboard.press("Escape")
    expect(here.page.get_by_role("dialog")).to_be_hidden()  # until then a key is the dialog's
    here.page.keyboard.press("g")
    here.page.wait_for_url("**/graph")


def test_the_count_of_failing_services_shows_these_alone(shop, tab):
    here = tab(shop).open("/services")
    rows = here.page.locator("tr[data-name]")
    expect(rows.filter(visible=True)).to_have_count(5)
    count = here.page.get_by_role("link", name="1 failing")
    count.click()
    expect(rows.filter(visible=True)).to_contain_text(["broken"])
    count.click()
    expect(rows.filter(visible=True)).to_have_count(5)


def test_a_hidden_tab_holds_no_connection(shop, tab):
    """A browser opens six connections to a host and no more: a stream for each tab would leave none for the seventh."""
    first = tab(shop).open("/services")
    others = [first.another() for _ in range(8)]
    for one in others:
        one.open("/services")
        one.hide()
    first.act("Stop", "cache")
    first.shows_of("cache", "stopped")
