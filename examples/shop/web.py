"""The shop's front: the files of pages/, and /api/ passed on to the API.

The pages are read once. SIGHUP has them read again, so a changed page needs no restart and no request is lost.
"""

import mimetypes
import signal
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import FrameType
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from shop.process import end_when_asked, read_pairs, say, serve, setting

API_LIMIT_S = 5.0
PAGES = Path(__file__).parent / "pages"


class Front:
    """What is served: the pages as they were last read, and where the API is."""

    def __init__(self, pages: Path, api_url: str) -> None:
        self.folder = pages
        self.api_url = api_url
        self.pages: dict[str, bytes] = {}
        self.read_pages()

    def read_pages(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Read all pages anew (the arguments are those of a signal handler)."""
        self.pages = {f"/{path.name}": path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        say(f"read {len(self.pages)} pages")

    def page(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a path."""
        name = "/index.html" if path == "/" else path
        if name not in self.pages:
            return 404, "text/plain", f"there is no page {path}\n".encode()
        return 200, mimetypes.guess_type(name)[0] or "application/octet-stream", self.pages[name]

    def from_api(self, method: str, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        """What the API answers; 502 when there is no answer."""
        request = Request(self.api_url + path, data=body, method=method)
        try:
            with urlopen(request, timeout=API_LIMIT_S) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read()
        except HTTPError as refusal:
            return refusal.code, refusal.headers.get_content_type(), refusal.read()
        except OSError as fault:
            return 502, "text/plain", f"the API at {self.api_url} does not answer: {fault}\n".encode()


class Handler(BaseHTTPRequestHandler):
    """One request to the front."""

    def __init__(self, front: Front, *connection: object) -> None:
        self.front = front
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self.answer(*self.front.from_api("GET", self.path.removeprefix("/api"), None))
        else:
            self.answer(*self.front.page(self.path.partition("?")[0]))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not self.path.startswith("/api/") or not length.isdecimal():
            self.answer(404, "text/plain", b"only what goes to /api/ can be sent here\n")
            return
        body = self.rfile.read(int(length))
        self.answer(*self.front.from_api("POST", self.path.removeprefix("/api"), body))

    def answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        say(f"{self.command} {self.path}: {int(code)}")


def main() -> None:
    end_when_asked()
    settings = read_pairs(setting("SHOP_WEB_SETTINGS"))
    front = Front(PAGES, settings["api.url"])
    signal.signal(signal.SIGHUP, front.read_pages)
    say(f"the API is at {front.api_url}")
    serve(partial(Handler, front), int(setting("PORT")))


if __name__ == "__main__":
    main()
