"""The file changed from the page: a service added, changed, mended and removed; a plan looked at and carried out."""

import re

import pytest
from playwright.sync_api import expect

SHOP = """
    services:
      db:
        command: exec sleep 600
      api:
        command: exec sleep 600
        depends_on: [db]
        restart: "no"
"""
BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])


@BOTH
def test_a_mistake_stands_at_its_field_and_is_mended_there(project, tab, javascript):
    road = project(SHOP)
    road.up()
    before = (road.folder / "nexsock.yaml").read_text()
    here = tab(road, javascript=javascript).open("/services/api/config")
    here.expected = ["422"]
    field = here.page.get_by_label("restart", exact=True)
    field.fill("sometimes")
    here.page.get_by_role("button", name="Save restart").click()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("sometimes")
    assert (road.folder / "nexsock.yaml").read_text() == before
    field.fill("always")
    here.page.get_by_role("button", name="Save restart").click()
    expect(field).not_to_have_attribute("aria-invalid", "true")
    assert re.search('restart: "?always', (road.folder / "nexsock.yaml").read_text())


@BOTH
def test_a_service_is_added_and_removed(project, tab, javascript):
    road = project(SHOP)
    road.up()
    here = tab(road, javascript=javascript).open("/add")
    here.page.get_by_label("Name").fill("mail")
    here.page.get_by_label("Command").first.fill("exec sleep 600")
    here.page.get_by_role("button", name="Add").click()
    road.wait_until(lambda: "mail" in road.services() and road.phase("mail") in ("running", "ready"), "mail runs")
    here.open("/services/mail/config")
    here.page.get_by_text("Take mail out of the file").click()
    here.page.get_by_role("button", name="Stop and remove mail").click()
    road.wait_until(lambda: "mail" not in (road.folder / "nexsock.yaml").read_text(), "the file has no mail")


def test_a_broken_file_is_told_at_once_and_until_it_is_mended(project, tab):
    road = project(SHOP)
    road.up("--watch")
    here = tab(road).open("/services")
    here.shows_of("api", "ready|running")
    road.edit(SHOP.replace("command: exec", "comand: exec"))
    banner = here.page.get_by_role("region", name="The file is broken")
    expect(banner).to_contain_text("did you mean 'command'")
    road.edit(SHOP)
    expect(banner).to_have_count(0)


@BOTH
def test_a_plan_is_carried_out_when_it_is_confirmed(project, tab, javascript):
    road = project(SHOP)
    road.up()
    old = road.pid("api")
    road.edit(SHOP.replace('restart: "no"', "environment: {LEVEL: debug}"))
    here = tab(road, javascript=javascript).open("/plan")
    here.reads("environment.LEVEL")
    assert road.pid("api") == old, "looking at a plan does nothing"
    here.page.get_by_role("button", name="Apply").click()
    road.wait_until(lambda: road.pid("api") not in (None, old), "api runs with its new environment")


def test_a_plan_that_is_out_of_date_is_not_carried_out(project, tab):
    road = project(SHOP)
    road.up()
    old = road.pids()
    road.edit(SHOP.replace('restart: "no"', "environment: {LEVEL: debug}"))
    here = tab(road).open("/plan")
    here.expected = ["409"]
    road.edit(SHOP.replace('restart: "no"', "environment: {LEVEL: info}"))
    here.page.get_by_role("button", name="Apply").click()
    here.reads("something else would be done by now")
    assert road.pids() == old
