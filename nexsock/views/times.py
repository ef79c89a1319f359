"""Moments as programs and people read them. The present and the time zone come in as values."""

from datetime import UTC, datetime, timedelta, tzinfo

from nexsock import units

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds: "2026-11-23T09:00:01.123Z"."""
    moment = EPOCH + timedelta(milliseconds=int(at * 1000))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def clock(at: float, zone: tzinfo) -> str:
    """The time of day with milliseconds: "10:00:01.123"."""
    moment = (EPOCH + timedelta(milliseconds=int(at * 1000))).astimezone(zone)
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"


def day(at: float, zone: tzinfo) -> str:
    """The date: "2026-11-23"."""
    return (EPOCH + timedelta(seconds=at)).astimezone(zone).strftime("%Y-%m-%d")


def ago(at: float | None, now: float) -> str:
    """How long ago a moment was: "3m 2s ago"; "-" for none; a moment that has not come yet is "now"."""
    if at is None:
        return "-"
    return f"{units.format_duration(now - at)} ago" if now - at >= 0.001 else "now"


def span(start: float | None, end: float | None) -> str:
    """The time between two moments: "0.4s"; "-" when one is missing."""
    if start is None or end is None:
        return "-"
    return units.format_duration(max(end - start, 0.0))
