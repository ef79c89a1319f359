"""Two hundred services, one of which writes without end: the page stays quick and small."""

import os
import signal

import pytest
from playwright.sync_api import expect

COUNT = 200
FLOOD = """\
import sys, time
end, number = time.monotonic() + 45, 0
while time.monotonic() < end:
    sys.stdout.write("".join(f"line {number + step} of a flood\\n" for step in range(100)))
    sys.stdout.flush()
    number += 100
    time.sleep(0.01)
"""
NODES_LIMIT = 60_000
HEAP_LIMIT = 96 << 20


@pytest.fixture
def many(project):
    services = "".join(f"  s{number:03}: {{command: [sleep, '600'], restart: 'no'}}\n" for number in range(COUNT))
    road = project(f"services:\n{services}  flood: {{command: [python3, flood.py], restart: 'no'}}\n")
    (road.folder / "flood.py").write_text(FLOOD)
    road.up()
    return road


def test_a_click_and_a_crash_among_two_hundred_are_seen_beside_a_flood(many, tab):
    here = tab(many).open("/services")
    expect(here.page.get_by_role("row")).to_have_count(COUNT + 2)
    here.mark()
    here.act("Stop", "s150")
    here.shows_of("s150", "stopped")
    os.kill(many.pid("s051"), signal.SIGSEGV)
    here.shows_of("s051", "failed")
    assert here.is_marked(), "the page has been loaded again"
    found = here.metrics()
    assert (found["Nodes"] < NODES_LIMIT, found["JSHeapUsedSize"] < HEAP_LIMIT) == (True, True), found


def test_without_javascript_it_is_the_same(many, tab):
    here = tab(many, javascript=False).open("/services")
    here.act("Stop", "s150")
    here.shows_of("s150", "stopped")
    here.open("/graph")
    here.reads("s199")
