"""Logs in the browser: followed, searched, and flooding."""

import os

import pytest
from playwright.sync_api import expect

TALKER = """
    services:
      talker:
        command: 'echo first words; while read word; do echo "heard $$word"; done < words'
"""
FLOOD = """\
import sys, time
end, number = time.monotonic() + 55, 0
while time.monotonic() < end:
    sys.stdout.write("".join(f"line {number + step} of a flood\\n" for step in range(100)))
    sys.stdout.flush()
    number += 100
    time.sleep(0.01)
"""
LINES_LIMIT = 5_000
NODES_LIMIT = 40_000
HEAP_LIMIT = 64 << 20


@pytest.fixture
def talking(project):
    """A service that repeats what is written to its FIFO, and how to write there."""
    road = project(TALKER)
    os.mkfifo(road.folder / "words")
    road.up()
    with (road.folder / "words").open("w", buffering=1) as words:
        yield road, lambda *told: words.write("".join(f"{word}\n" for word in told))


def test_new_lines_appear_by_themselves(talking, tab):
    road, say = talking
    here = tab(road).open("/services/talker/logs")
    log = here.page.get_by_role("log")
    expect(log).to_contain_text("first words")
    say("thunder")
    expect(log).to_contain_text("heard thunder")


def test_without_javascript_a_reload_shows_new_lines(talking, tab):
    road, say = talking
    here = tab(road, javascript=False).open("/services/talker/logs")
    here.reads("first words")
    say("thunder")
    road.wait_until(lambda: b"thunder" in road.log("talker"), "the line is in the log")
    here.page.reload()
    here.reads("heard thunder")


@pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])
def test_a_search_shows_the_lines_that_match(talking, tab, javascript):
    road, say = talking
    say("thunder", "lightning", "rain")
    road.wait_until(lambda: b"rain" in road.log("talker"), "the lines are in the log")
    here = tab(road, javascript=javascript).open("/services/talker/logs")
    box = here.page.get_by_role("searchbox")
    box.fill("light|rain")
    box.press("Enter")
    here.reads("heard lightning")
    here.reads("heard rain")
    expect(here.page.locator("body")).not_to_contain_text("heard thunder")


def test_a_flood_leaves_the_page_quick_and_small(project, tab):
    """10,000 lines a second: a click is answered, and neither nodes nor heap grow with the log."""
    road = project("services: {flood: {command: [python3, flood.py]}}")
    (road.folder / "flood.py").write_text(FLOOD)
    road.up()
    here = tab(road).open("/services/flood/logs")
    expect(here.page.get_by_role("log")).to_contain_text("of a flood")
    road.wait_until(lambda: road.log("flood").count(b"\n") > 20_000, "the flood has begun")
    before = here.metrics()
    assert before["Nodes"] < NODES_LIMIT
    written = road.log("flood").count(b"\n")
    road.wait_until(lambda: road.log("flood").count(b"\n") > written + 20_000, "the flood has gone on")
    after = here.metrics()
    assert (after["Nodes"] < NODES_LIMIT, after["JSHeapUsedSize"] < HEAP_LIMIT) == (True, True), after
    here.page.get_by_role("link", name="Overview").click()
    here.page.get_by_role("button", name="Stop flood").click()
    road.wait_until(lambda: road.phase("flood") == "stopped", "a click stops it")
