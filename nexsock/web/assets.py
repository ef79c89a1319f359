"""The files that pages load: found once, named by their content, served with their type and kept for ever.

What lies in `static/` is served as it is. Where the browser code from npm was built, it is there too; a checkout
without it serves the same pages, which then work without JavaScript.
"""

import gzip
import os
from dataclasses import dataclass
from hashlib import blake2b

FOLDER = os.path.join(os.path.dirname(__file__), "static")
PREFIX = "/static/"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
COMPRESSED = frozenset({".css", ".js", ".svg", ".json"})
PRECOMPRESSED = ((".br", "br"), (".gz", "gzip"))
"""Beside a file there may be a form of it that was compressed when it was built."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file, ready to be sent; `encoded` by content coding, best first."""

    type: str
    content: bytes
    encoded: dict[str, bytes]

    def best(self, accepted: str) -> tuple[str, bytes]:
        """(coding, content) for a client with this Accept-Encoding; "" is the file as it is."""
        wanted = {
            part.split(";")[0].strip() for part in accepted.lower().split(",") if "q=0" not in part.split(";")[1:]
        }
        return next(((coding, data) for coding, data in self.encoded.items() if coding in wanted), ("", self.content))


class Assets:
    """The files below a folder, by the path at which they are served, which holds a digest of their content."""

    def __init__(self, folder: str = FOLDER) -> None:
        self._paths: dict[str, str] = {}
        self._served: dict[str, Asset] = {}
        for root, _, names in os.walk(folder):
            for name in names:
                if os.path.splitext(name)[1] in TYPES:
                    self._take(folder, os.path.join(root, name))

    def _take(self, folder: str, path: str) -> None:
        with open(path, "rb") as file:
            content = file.read()
        name = os.path.relpath(path, folder)
        stem, extension = os.path.splitext(name)
        served = f"{PREFIX}{stem}.{blake2b(content, digest_size=6).hexdigest()}{extension}"
        self._paths[name] = served
        encoded = _encoded(path, content) if extension in COMPRESSED else {}
        self._served[served] = Asset(type=TYPES[extension], content=content, encoded=encoded)

    def url(self, name: str) -> str:
        """Where "nexsock.css" is served."""
        return self._paths[name]

    def has(self, name: str) -> bool:
        """Whether there is such a file: what npm brings need not be there."""
        return name in self._paths

    def at(self, path: str) -> Asset | None:
        """The file that is served at a path."""
        return self._served.get(path)


def _encoded(path: str, content: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for extension, coding in PRECOMPRESSED:
        if os.path.exists(path + extension):
            with open(path + extension, "rb") as file:
                found[coding] = file.read()
    return found if "gzip" in found else {**found, "gzip": gzip.compress(content, 6, mtime=0)}
