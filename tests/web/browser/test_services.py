"""Services as they are shown, and what a person does with them."""

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


def test_a_service_is_stopped_started_and_restarted_without_javascript(project, tab):
    road = project(SHOP)
    road.up()
    first = road.pid("web")
    here = tab(road, javascript=False).open("/services")
    here.act("Stop", "web")
    here.shows_of("web", "stopped")
    assert road.phase("web") == "stopped"
    here.act("Start", "web")
    here.shows_of("web", "ready|running")
    second = road.pid("web")
    here.act("Restart", "web")
    road.wait_until(lambda: road.service("web")["pid"] not in (None, first, second), "web runs anew")
    here.shows_of("web", "ready|running")


def test_a_page_goes_on_when_the_daemon_is_back(project, tab):
    road = project(SHOP)
    road.up()
    here = tab(road).open("/services")
    here.expected = ["50[23]"]
    road.done("daemon", "stop")
    here.open("/services")
    here.reads("nexsock daemon start")
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
