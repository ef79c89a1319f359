"""How a service's health is asked for, and what one answer was."""

from typing import Literal

from msgspec import Struct

ProbeKind = Literal["test", "http", "tcp", "log", "notify"]


class Healthcheck(Struct, frozen=True, kw_only=True):
    """One healthcheck. Exactly the fields of its kind are set; the others are empty."""

    kind: ProbeKind
    test: tuple[str, ...] = ()
    """argv of a `test`; CMD-SHELL forms are already wrapped in their shell. Success is exit status 0."""
    url: str = ""
    """absolute URL of an `http` probe"""
    status: tuple[int, ...] = ()
    """accepted HTTP statuses; empty means 200 to 399"""
    headers: dict[str, str] = {}
    host: str = ""
    """host of a `tcp` probe"""
    port: int = 0
    """port of a `tcp` probe"""
    pattern: str = ""
    """regular expression of a `log` probe, searched in each line of this run"""
    interval_s: float = 10.0
    timeout_s: float = 3.0
    retries: int = 3
    start_period_s: float = 30.0
    start_interval_s: float | None = None
    """pause between probes until the first success; None grows from 10 ms to 500 ms"""
    success_threshold: int = 1
    on_unhealthy: Literal["none", "restart"] = "none"


class ProbeResult(Struct, frozen=True, kw_only=True):
    """One answer of a probe. `output` is at most 4 KiB, for people. `at` is unix seconds.

    `ok` is None for a word on how far it is: neither a success nor a failure.
    """

    kind: ProbeKind
    ok: bool | None
    output: str
    at: float
    took_s: float = 0.0
