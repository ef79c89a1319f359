"""Services as they are shown, and what a person does with them, with JavaScript and without."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

SHOP = """
    services:
      db:
        command: echo listening; exec sleep 600
        healthcheck: {log: listening}
      api:
        command: exec sleep 600
        depends_on: [db]
        restart: "no"
      web:
        command: exec sleep 600
        depends_on: [api]
"""
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])


@BOTH
def test_a_service_is_stopped_started_and_restarted(project, tab, javascript):
    road = project(SHOP)
    road.up()
    first = road.pid("web")
    here = tab(road, javascript=javascript).open("/services")
    here.act("Stop", "web")
    here.shows_of("web", "stopped")
    assert road.phase("web") == "stopped"
    here.act("Start", "web")
    here.shows_of("web", "ready|running")
    second = road.pid("web")
    here.act("Restart", "web")
    road.wait_until(lambda: road.service("web")["pid"] not in (None, first, second), "web runs anew")
    here.shows_of("web", "ready|running")


def test_a_crash_shows_without_a_reload(project, tab):
    road = project(SHOP)
    road.up()
    here = tab(road).open("/services")
    here.shows_of("api", "ready|running")
    here.mark()
    os.kill(road.pid("api"), signal.SIGSEGV)
    here.shows_of("api", "failed")
    assert here.is_marked(), "the page has been loaded again"


@pytest.mark.parametrize("page", ["", "/logs"])
def test_a_service_that_crashes_shows_on_its_own_pages(project, tab, page):
    road = project(SHOP)
    road.up()
    here = tab(road).open(f"/services/api{page}")
    here.reads(re.compile("ready|running"))
    os.kill(road.pid("api"), signal.SIGSEGV)
    here.reads("SIGSEGV")


def test_what_happens_while_a_page_asks_is_shown_too(project, tab):
    road = project(SHOP)
    road.up()
    here, other = tab(road).open("/services/api/logs"), tab(road).open("/services")
    held = []

    def hold(route):
        answer = route.fetch(url=route.request.url.replace("nexsock.localhost", "127.0.0.1"))
        if not held:
            held.append(answer)
            road.done("stop", "api")
            other.shows_of("api", "stopped")  # by then this page has heard of it, too
        route.fulfill(response=answer)

    here.page.route("**/services/api", hold)
    road.done("stop", "web")
    expect(here.page.locator("#head .phase")).to_have_text("stopped")


def test_what_a_page_asks_is_answered_while_the_daemon_comes_back(project, tab, home):
    road = project(SHOP)
    road.up()
    here = tab(road).open("/services")
    road.done("daemon", "stop")
    here.expected = ["502", "503", "Failed to load resource", "ERR_"]
    here.open("/services")
    here.reads(re.compile("nexsock daemon start|daemon is away"))
    road.done("daemon", "start")
    here.open("/services")
    here.shows_of("web", "ready|running")


def test_a_person_without_the_link_is_told_what_to_do(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    answer = page.goto(f"{site.origin}/services")
    assert answer is not None
    assert answer.status == 401
    expect(page.locator("body")).to_contain_text("nexsock web")
    context.close()
