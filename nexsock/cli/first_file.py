"""What `nexsock init` writes: a commented file, with the services that the folder already speaks of."""

import json
import re
from collections.abc import Callable
from typing import NamedTuple

HEAD = """\
# nexsock.yaml: the services of this project. 'nexsock up' starts them and keeps them as this file says.
#   nexsock up        start everything and follow the logs     nexsock ps     how they do
#   nexsock plan      what up would do, without doing it       nexsock why X  why X is not running

services:
"""

EXAMPLE = """\
  web:
    command: python3 -m http.server $$PORT
    ports:
      http: 8000
"""

TAIL = """
# What else a service can say:
#    working_dir: web                  # relative to this file
#    environment: {LOG_LEVEL: debug}   # NAME: value
#    env_file: [.env.local]
#    depends_on: [db]                  # started when db is healthy, or completed if it is a oneshot
#    healthcheck: {http: /health}      # or {tcp: 5432}, {log: "listening on"}, {test: "pg_isready"}
#    oneshot: true                     # runs to completion: migrations, code generation
#    restart: on-failure               # no, on-failure[:N], always, unless-stopped
#    watch: [{path: src}]              # restart when a file below src changes ('nexsock up --watch')
"""


class Found(NamedTuple):
    """A service that a file of the folder suggests."""

    name: str
    command: str
    source: str
    port: int | None = None
    """what its variable PORT shall be"""


FOREMAN_PORT, FOREMAN_STEP = 5000, 100
"""The PORT that Foreman gives the first process of a Procfile, and how far the next one's is from it."""

_PROCESS = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")
_PORT = re.compile(r"\$(PORT\b|\{PORT\b)")

Read = Callable[[str], str | None]
"""The text of a file of the folder by its name, or None."""


def text(read: Read) -> str:
    """The file for a folder."""
    found = detect(read)
    services = "".join(_service(service) for service in found) or EXAMPLE
    return HEAD + services + TAIL


def detect(read: Read) -> list[Found]:
    """Services from a Procfile, else from package.json and manage.py; empty when there is none of them."""
    if procfile := read("Procfile"):
        return _procfile(procfile)
    return [*_package(read("package.json")), *_django(read("manage.py"))]


def _procfile(procfile: str) -> list[Found]:
    lines = [line for line in map(_PROCESS.match, procfile.splitlines()) if line]
    return [_process(line[1], line[2].strip(), place) for place, line in enumerate(lines)]


def _process(name: str, command: str, place: int) -> Found:
    port = FOREMAN_PORT + FOREMAN_STEP * place if _PORT.search(command) else None
    return Found(name, command, "Procfile", port)


def _package(package: str | None) -> list[Found]:
    try:
        scripts = json.loads(package or "{}").get("scripts", {})
    except (ValueError, AttributeError):
        return []
    script = next((name for name in ("dev", "start", "serve") if name in scripts), None)
    return [Found("web", f"npm run {script}", "package.json")] if script else []


def _django(manage: str | None) -> list[Found]:
    if manage is None or "django" not in manage:
        return []
    return [Found("app", "python manage.py runserver $PORT", "manage.py", port=8000)]


def _service(service: Found) -> str:
    """A service of the file; dollars are doubled, because its own shell is to see them."""
    command = json.dumps(service.command.replace("$", "$$"), ensure_ascii=False)
    ports = f"    ports:\n      http: {service.port}\n" if service.port else ""
    return f"  {service.name}:  # from {service.source}\n    command: {command}\n{ports}"
