"""Logs in the browser: followed, searched, and flooding."""

import os
import re

import pytest
from playwright.sync_api import expect

TALKER = """
    services:
      talker:
        command: 'echo first words; while read word; do echo "heard $$word"; done < words'
"""
COLOURS = r"""\
\033[1;32mINFO\033[0m up\r\033[31mred \033[22;2msoft\033[39m and plain\033[m again
\033[38;5;208morange\033[38;5;240mgrey\033[48;5;1;93mbright on red\033[2K
\033[38;2;20;200;210mcyan \033[38:2:255:0:0mred\033[7m reversed
no colour at all
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


def test_lines_look_the_same_whether_they_follow_or_not(project, tab):
    road = project("services: {painter: {command: cat colours}}")
    (road.folder / "colours").write_bytes(COLOURS.encode().decode("unicode_escape").encode())
    road.run("up", "-d")
    road.wait_until(lambda: b"at all" in road.log("painter"), "the lines are in the log")
    looks = []
    for javascript in (True, False):
        here = tab(road, javascript=javascript).open("/services/painter/logs")
        # The last line of the page as it was sent has a name; those that follow take its place.
        expect(here.page.locator("#log #end")).to_have_count(0 if javascript else 1)
        expect(here.page.get_by_role("log")).to_contain_text("no colour at all")
        pieces = here.page.locator("#log .stdout span").all()
        looks.append([re.sub(r'" ?| "', '"', piece.inner_html()) for piece in pieces])
    assert looks[0] == looks[1]
    assert sum("<i" in line for line in looks[0]) == 3


def test_one_stream_is_shown_at_once_when_it_is_chosen(project, tab):
    road = project('services: {both: {command: "echo fine; echo alas >&2; exec sleep 600"}}')
    road.up()
    here = tab(road).open("/services/both/logs")
    log = here.page.get_by_role("log")
    expect(log).to_contain_text("fine")
    here.page.get_by_label("Stream").select_option("stderr")
    expect(log.locator(".line")).to_have_text([re.compile("alas")])


@pytest.mark.parametrize("javascript", [True, False], ids=["live", "without-javascript"])
def test_a_search_that_is_no_expression_says_so_beside_the_field(talking, tab, javascript):
    here = tab(talking[0], javascript=javascript).open("/services/talker/logs")
    box = here.page.get_by_role("searchbox")
    box.fill("[")
    box.press("Enter")
    here.reads("is not a regular expression")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value("[")


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
