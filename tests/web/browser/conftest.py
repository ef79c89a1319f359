"""Pages as a person sees them: Debian's Chromium, the real web process, a real daemon and real processes.

A test gets a project of its own, and tabs in which that is looked at. Whatever it does there, no page may log an error,
break the policy on content, or ask for anything that is not there: every tab is held to that when it is closed.
"""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    expect,
    sync_playwright,
)

from tests import artifacts
from tests.roads.home import LIMIT_S, Home, a_home, wait_until
from tests.roads.road import Road, roads

ROOT = Path(__file__).parents[3]
ARTIFACTS = artifacts.FOLDER / "browser"
CHROMIUM = shutil.which("chromium")
VENDOR = ROOT / "nexsock" / "web" / "static" / "vendor"
AXE = ROOT / "assets" / "node_modules" / "axe-core" / "axe.min.js"
SCREEN = {"width": 1280, "height": 800}
LIMIT_MS = 60_000.0
LINK = re.compile(r"http://\S+")

expect.set_options(timeout=LIMIT_MS)


def _missing() -> str:
    """What these tests need and is not there."""
    needed = (("chromium", CHROMIUM), ("the browser code: run 'make assets'", VENDOR.exists() and AXE.exists()))
    return ", ".join(name for name, found in needed if not found)


@pytest.fixture(autouse=True)
def a_browser_is_here() -> None:
    if missing := _missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"missing: {missing}")


class Site:
    """A running `nexsock web`, and the way into it."""

    def __init__(self, home: Home) -> None:
        self._web = home.follow(home.folder / "web.said", "web", "--port", "0", cwd=home.folder)
        self.process = self._web.process
        wait_until(lambda: LINK.search(self.said) or self.process.poll() is not None, "the web process prints its link")
        found = LINK.search(self.said)
        assert found, f"nexsock web has printed no link:\n{self.said}"
        self.link = found[0]
        self.origin = "/".join(self.link.split("/")[:3])
        self.cookies: Any = None

    @property
    def said(self) -> str:
        return self._web.said

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=LIMIT_S)
        assert "Traceback" not in self.said, f"the web process stumbled:\n{self.said}"


class Tab:
    """A page in the browser, what it has complained of, and how many bytes came over the wire for it."""

    def __init__(self, context: BrowserContext, site: Site, base: str = "", *, live: bool = True) -> None:
        self.live = live
        self.page: Page = context.new_page()
        self.page.set_default_timeout(LIMIT_MS)
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """patterns of complaints that the test provokes"""
        self._origin = site.origin
        self._base = base
        self._context = context
        self._site = site
        self._devtools = context.new_cdp_session(self.page)
        self._devtools.send("Performance.enable")
        self._devtools.send("Network.enable")
        self.bytes = 0
        self._devtools.on("Network.loadingFinished", self._count)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("response", self._see)

    def open(self, path: str = "") -> "Tab":
        """Go to a page of the project; one that begins with // is of the whole site."""
        address = path[1:] if path.startswith("//") else self._base + (path or "/")
        self.page.goto(self._origin + address, wait_until="load")
        return self

    def another(self) -> "Tab":
        """One more tab of the same browser."""
        return Tab(self._context, self._site, self._base)

    def act(self, action: str, service: str) -> None:
        """Press a button of a service's row, such as Stop, and see to it that this was heard."""
        with self.page.expect_response(lambda response: response.request.method == "POST"):
            self._row(service).get_by_role("button", name=re.compile(f"^{action}", re.IGNORECASE)).first.click()

    def shows_of(self, service: str, state: str) -> None:
        """Wait until the row of a service shows this state (a pattern): by itself, or without JavaScript by reloads."""
        wanted = re.compile(rf"^\s*({state})\s*$")
        if self.live:
            expect(self._phase(service)).to_have_text(wanted)
            return
        wait_until(lambda: wanted.search(self.open("/services")._phase(service).inner_text()), f"{service} is {state}")

    def _phase(self, service: str) -> Locator:
        return self._row(service).locator(".phase").first

    def _row(self, service: str) -> Locator:
        link = self.page.get_by_role("link", name=service, exact=True)
        return self.page.get_by_role("row").filter(has=link).first

    def hide(self) -> None:
        """Let the page believe that another tab is looked at; Playwright has them all in sight."""
        self.page.evaluate(
            "Object.defineProperty(document, 'hidden', {get: () => true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )

    def mark(self) -> None:
        """Leave something in the page that a reload takes away."""
        self.page.evaluate("window.marked = true")

    def is_marked(self) -> bool:
        return bool(self.page.evaluate("window.marked === true"))

    def background(self) -> str:
        return str(self.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def choose_theme(self, name: str) -> None:
        self.page.get_by_label("Theme").select_option(name)
        button = self.page.get_by_role("button", name="Use", exact=True)
        expect(button).to_be_visible(visible=not self.live)
        if not self.live:
            button.click()

    def reads(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page shows this text."""
        expect(self.page.locator("body")).to_contain_text(text)

    def metrics(self) -> dict[str, float]:
        """What Chromium counts of the page: Nodes, JSHeapUsedSize and so on, after its garbage is collected."""
        self._devtools.send("HeapProfiler.collectGarbage")
        return {found["name"]: found["value"] for found in self._devtools.send("Performance.getMetrics")["metrics"]}

    def unmet(self) -> list[str]:
        """The rules on access that the page breaks (WCAG 2 A and AA), each with the first place."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:200]}" for rule in found["violations"]]

    def picture(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def close(self) -> None:
        self.page.close()
        left = [text for text in self.complaints if not any(re.search(known, text) for known in self.expected)]
        assert not left, f"the browser complains: {left}"

    def _count(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _see(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module. Its folder is its own, so nothing is left in anybody's home.

    While it lives, Playwright keeps an event loop running in this thread, so no other test may come between.
    """
    folder = tempfile.mkdtemp(prefix="nx-browser-")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-dev-shm-usage"],
                env={**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder},
            )
            yield browser
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """The home that the tests of a module share; its daemon ends with the module."""
    with a_home() as made:
        yield made


@pytest.fixture(scope="module")
def site(home: Home) -> Iterator[Site]:
    """The web process of the module's home."""
    made = Site(home)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def project(request: pytest.FixtureRequest, home: Home, tmp_path: Path) -> Iterator[Callable[..., Road]]:
    """`project(text)`: a project with this nexsock.yaml. Everything of it ends with the test."""
    with roads(home, tmp_path, request.node, ARTIFACTS / "failed") as make:
        yield make


@pytest.fixture
def tab(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Callable[..., Tab]]:
    """`tab(road)`: a tab of somebody who has signed in, for the pages of a project; `tab(road, javascript=False)`."""
    contexts: list[BrowserContext] = []
    opened: list[Tab] = []

    def make(road: Road | None = None, *, javascript: bool = True, **options: Any) -> Tab:
        options = {"viewport": SCREEN, **options}
        if site.cookies is None:
            context = chromium.new_context()
            context.new_page().goto(site.link)
            site.cookies = context.storage_state()
            context.close()
        context = chromium.new_context(java_script_enabled=javascript, storage_state=site.cookies, **options)
        contexts.append(context)
        opened.append(Tab(context, site, f"/projects/{road.id}" if road else "", live=javascript))
        return opened[-1]

    yield make
    if artifacts.has_failed(request.node):
        for number, one in enumerate(opened):
            one.picture(f"failed/{artifacts.name_of(request.node)}-{number}")
    try:
        for one in opened:
            one.close()
    finally:
        for context in contexts:
            context.close()
