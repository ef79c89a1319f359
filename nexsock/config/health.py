"""A healthcheck in all its forms to the one form that probes read."""

import re
from urllib.parse import urlsplit

import msgspec

from nexsock.config.fields import Fields, as_text
from nexsock.model.probe import Healthcheck
from nexsock.model.service import External, Port

KINDS = ("test", "http", "tcp", "log", "notify")

LOCAL = "127.0.0.1"

SHORTEST_S = 0.01
"""the pause that probes begin with when they are left to themselves"""


def build(service: Fields, ports: dict[str, Port], shell: tuple[str, ...]) -> Healthcheck | None:
    """The healthcheck of a service, or None when it has none (or `test: [NONE]`)."""
    if "healthcheck" not in service:
        return None
    fields = service.map("healthcheck")
    kinds = [kind for kind in KINDS if kind in fields and not (kind == "notify" and not fields.flag("notify"))]
    if len(kinds) != 1:
        if len(kinds) > 1:
            fields.key_error(kinds[1], f"a healthcheck has one kind, but here are {' and '.join(kinds)}", "keep one")
        else:
            service.key_error("healthcheck", "the healthcheck says nothing to probe", f"add one of {', '.join(KINDS)}")
        return None
    kind = kinds[0]
    make = {"test": _test, "http": _http, "tcp": _tcp, "log": _log, "notify": _notify}[kind]
    probe = make(fields, ports, shell)
    if probe is None or kind != "notify":
        return probe and _timed(probe, fields)
    return msgspec.structs.replace(_timed(probe, fields), retries=1, success_threshold=1)  # a word counts at once


def of_external(external: External) -> Healthcheck:
    """The probe of an external service that has no healthcheck of its own: its address answers."""
    if external.url:
        return Healthcheck(kind="http", url=external.url)
    return Healthcheck(kind="tcp", host=external.host, port=external.port)


def split_address(text: str) -> tuple[str, int] | None:
    """Host and port of "host:port" or "[::1]:port", or None when it is not that."""
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        return None
    return host, int(port)


def is_url(text: str) -> bool:
    """Whether an HTTP probe can ask at this URL."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _timed(probe: Healthcheck, fields: Fields) -> Healthcheck:
    return msgspec.structs.replace(
        probe,
        interval_s=_not_at_once(fields, "interval", probe.interval_s),
        timeout_s=_not_at_once(fields, "timeout", probe.timeout_s),
        retries=fields.whole("retries", probe.retries),
        start_period_s=fields.seconds("start_period", probe.start_period_s),
        start_interval_s=_not_at_once(fields, "start_interval", 1.0) if "start_interval" in fields else None,
        success_threshold=fields.whole("success_threshold", probe.success_threshold),
        on_unhealthy="restart" if fields.text("on_unhealthy") == "restart" else "none",
    )


def _not_at_once(fields: Fields, name: str, default: float) -> float:
    """The seconds at `name`; without a pause between them, probes would keep a processor busy."""
    found = fields.seconds(name, default)
    if found < SHORTEST_S:
        fields.error(name, f"{name} is shorter than 10ms", "write 10ms or more")
    return found


def _test(fields: Fields, _ports: dict[str, Port], shell: tuple[str, ...]) -> Healthcheck | None:
    """Compose's forms: text and [CMD-SHELL, text] for the shell, [CMD, program, argument…], [NONE]."""
    node = fields["test"]
    if not isinstance(node.value, list):
        return Healthcheck(kind="test", test=(*shell, as_text(node)))
    words = tuple(as_text(item) for item in node.value)
    match words:
        case ("NONE",):
            return None
        case ("CMD", _, *_):
            return Healthcheck(kind="test", test=words[1:])
        case ("CMD-SHELL", text):
            return Healthcheck(kind="test", test=(*shell, text))
    fields.error(
        "test",
        "a test in list form is [CMD, program, argument…], [CMD-SHELL, text] or [NONE]",
        "put CMD first" if words and words[0] not in ("CMD", "CMD-SHELL", "NONE") else None,
    )
    return None


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_TARGET = re.compile(r"[^\x00-\x20\x7f]*")
"""What a request is made of. Source: RFC 9110, 5.1, 5.5 and 5.6.2; RFC 9112, 3.2."""


def _http(fields: Fields, ports: dict[str, Port], _shell: tuple[str, ...]) -> Healthcheck | None:
    node = fields["http"]
    asked = fields.below(node) if isinstance(node.value, dict) else fields
    name = "url" if isinstance(node.value, dict) else "http"
    url = _absolute_url(asked, name, ports)
    if url is None:
        return None
    if asked is fields:
        return Healthcheck(kind="http", url=url)
    headers = {key: value or "" for key, value in asked.assignments("headers").items()}
    for header, value in headers.items():
        if not _HEADER_NAME.fullmatch(header):
            asked.error("headers", f"{header!r} cannot be the name of a header", "use letters, digits and hyphens")
        elif not _HEADER_VALUE.fullmatch(value):
            asked.error("headers", f"the value of header {header!r} has a line end or another control character in it")
    return Healthcheck(
        kind="http",
        url=url,
        status=tuple(int(str(item.value)) for item in asked.items("status")),
        headers=headers,
    )


def _absolute_url(fields: Fields, name: str, ports: dict[str, Port]) -> str | None:
    text = fields.text(name)
    if not _TARGET.fullmatch(text):
        fields.error(name, f"{text!r} has a space or a control character in it", "write it as %20, or take it out")
        return None
    if text.startswith("/"):
        if not ports:
            fields.error(name, f"'{text}' is a path on the first port, but the service has no ports", "add 'ports:'")
            return None
        return f"http://{LOCAL}:{next(iter(ports.values())).number}{text}"
    if is_url(text):
        return text
    fields.error(name, f"{text!r} is not a URL", "write it like /health or http://127.0.0.1:8080/health")
    return None


def _tcp(fields: Fields, ports: dict[str, Port], _shell: tuple[str, ...]) -> Healthcheck | None:
    text = fields.text("tcp")
    if text in ports:
        return Healthcheck(kind="tcp", host=LOCAL, port=ports[text].number)
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return Healthcheck(kind="tcp", host=LOCAL, port=int(text))
    if address := split_address(text):
        return Healthcheck(kind="tcp", host=address[0], port=address[1])
    fields.error("tcp", f"{text!r} is not a port or host:port", "write it like 5432 or 127.0.0.1:5432")
    return None


def _log(fields: Fields, _ports: dict[str, Port], _shell: tuple[str, ...]) -> Healthcheck | None:
    pattern = fields.text("log")
    try:
        re.compile(pattern)
    except re.error as error:
        fields.error("log", f"{pattern!r} is not a regular expression: {error}")
        return None
    except (RecursionError, OverflowError):
        fields.error("log", f"the regular expression, of {len(pattern)} characters, goes too deep", "make it simpler")
        return None
    return Healthcheck(kind="log", pattern=pattern)


def _notify(_fields: Fields, _ports: dict[str, Port], _shell: tuple[str, ...]) -> Healthcheck:
    return Healthcheck(kind="notify")
