"""What the pages of `nexsock web` cost: the first one, an event until it shows, and fifty that are open and idle.

Seen in Debian's Chromium; each page has a profile of its own, so that none shares a connection with another.
"""

import json
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import BrowserContext as Profile

from bench import machine
from bench.options import Options, Record
from bench.tools.adapter import binary
from bench.trial import Trial, median, rounded

CHROMIUM = shutil.which("chromium")
PAGES = 50
_LINK = re.compile(r"http://\S+/enter/\S+")
_MENTIONED = """name => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`${name} is not mentioned within 30 s`)), 30000);
  const count = () => document.body.innerText.split(name).length;
  const before = count();
  new MutationObserver(() => count() > before && resolve(Date.now()))
    .observe(document.body, {subtree: true, childList: true, characterData: true});
})"""
"""Resolves with the time (ms) at which the page mentions a service once more."""
_LOADED = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const bytes = [page, ...performance.getEntriesByType("resource")].reduce((sum, one) => sum + one.transferSize, 0);
  return [page.responseEnd, page.loadEventEnd, bytes];
}"""
"""Of the page that is shown: milliseconds until it was answered and until it was loaded, and bytes over the wire."""


def measure(tool: str, options: Options) -> Record:
    """`first_page_ms` from the request until all is loaded, of it `answered_ms` until the page has come, and
    `first_page_kib` over the wire, with empty caches; `empty_page_ms` is the same of a page without content, the least
    that this browser takes; `event_ms` from SIGKILL for a service until a page tells of it; with `--idle` also
    `idle_cpu_percent`, which is what fifty open pages cost the daemon.
    """
    with Trial(tool, options) as trial, sync_playwright() as playwright:
        trial.begin(trial.sleepers(options.count))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            with _served(trial, options) as link:
                return _figures(trial, options, _Visitor(browser, link))
        finally:
            browser.close()


class _Visitor:
    """Somebody who has signed in, with any number of profiles."""

    def __init__(self, browser: Browser, link: str) -> None:
        self._browser = browser
        self.origin = "/".join(link.split("/")[:3])
        first = browser.new_context()
        first.new_page().goto(link)
        self._cookies = first.storage_state()
        first.close()

    def profile(self) -> Profile:
        return self._browser.new_context(storage_state=self._cookies)


def _figures(trial: Trial, options: Options, visitor: _Visitor) -> Record:
    ours, empty = [], []
    with _empty_page() as address:
        for _ in range(options.calls):
            empty.append(_first_page(visitor, address))
            ours.append(_first_page(visitor, f"{visitor.origin}/services"))
    found: Record = {
        "empty_page_ms": rounded(median(loaded_ms for _, loaded_ms, _ in empty), 1),
        "first_page_ms": rounded(median(loaded_ms for _, loaded_ms, _ in ours), 1),
        "answered_ms": rounded(median(answered_ms for answered_ms, _, _ in ours), 1),
        "first_page_kib": rounded(median(size / 1024 for _, _, size in ours), 1),
        "event_ms": rounded(_event_ms(trial, options, visitor), 1),
    }
    if options.idle_s:
        found["idle_cpu_percent"] = _idle_cpu_percent(trial, options, visitor)
    return found


def _first_page(visitor: _Visitor, address: str) -> tuple[float, float, float]:
    """(milliseconds until answered, until loaded, bytes) in a profile that has seen nothing yet."""
    profile = visitor.profile()
    answered_ms, loaded_ms, size = _opened(profile, address).evaluate(_LOADED)
    profile.close()
    return answered_ms, loaded_ms, size


@contextmanager
def _empty_page() -> Iterator[str]:
    """The address of a page without content."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>empty</title>")

        def log_request(self, *_: object) -> None:
            """Nothing is said of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _event_ms(trial: Trial, options: Options, visitor: _Visitor) -> float | None:
    """The median over as many services as there are calls, killed one after the other."""
    profile = visitor.profile()
    page = _opened(profile, f"{visitor.origin}/events")
    took = []
    for name, pid in list(_pids(trial).items())[: options.calls]:
        page.evaluate(f"window.mentioned = ({_MENTIONED})({name!r}); null")
        began_ms = time.time() * 1000
        machine.send(pid, signal.SIGKILL)
        took.append(float(page.evaluate("window.mentioned")) - began_ms)
        time.sleep(options.gap_s)
    profile.close()
    return median(took)


def _idle_cpu_percent(trial: Trial, options: Options, visitor: _Visitor) -> float:
    profiles = [visitor.profile() for _ in range(PAGES)]
    for profile in profiles:
        _opened(profile, f"{visitor.origin}/services")
    time.sleep(options.rest_s)
    idling = machine.idling(trial.tool.victims()["both"], options.idle_s)
    for profile in profiles:
        profile.close()
    return round(idling.cpu_percent, 2)


def _opened(profile: Profile, address: str) -> Page:
    page = profile.new_page()
    page.goto(address, wait_until="load")
    page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    return page


def _pids(trial: Trial) -> dict[str, int]:
    told = json.loads(trial.tool.must([binary("nexsock"), "--json", "ps"]))
    return {found["name"]: found["pid"] for found in told["services"]}


@contextmanager
def _served(trial: Trial, options: Options) -> Iterator[str]:
    """The link of a `nexsock web` that ends with the trial."""
    process = subprocess.Popen(
        [binary("nexsock"), "web", "--port", "0"],
        cwd=trial.folder,
        env=trial.tool.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = next((match for line in process.stdout if (match := _LINK.search(line))), None)
        if found is None:
            raise RuntimeError("nexsock web has printed no link")
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=options.limit_s)
