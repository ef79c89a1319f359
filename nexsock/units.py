"""Durations and sizes as people write them: "250ms", "1h30m", "512MiB". Text to number and back."""

import re

UNIT_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
UNIT_BYTES = {
    "": 1, "B": 1,
    "k": 1000, "K": 1000, "kB": 1000, "KB": 1000, "m": 1000**2, "M": 1000**2, "MB": 1000**2,
    "g": 1000**3, "G": 1000**3, "GB": 1000**3,
    "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3,
}  # fmt: skip

LONGEST_S = 3650 * 86400.0
"""Ten years: kernel timers and clocks can hold it, and nobody waits longer."""
LARGEST_BYTES = 2**62
"""What every file offset and resource limit can hold."""

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]*)")


def parse_duration(text: str | int | float) -> float:
    """Seconds in a duration such as "250ms", "10s" or "1h30m"; a bare number is seconds.

    Raises:
        ValueError: a sentence that says how to write it.
    """
    seconds: float | None = None
    if isinstance(text, (int, float)) and not isinstance(text, bool) and text >= 0:
        seconds = min(text, 2 * LONGEST_S)
    elif isinstance(text, str):
        parts = _DURATION_PART.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            seconds = sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts)
        elif re.fullmatch(r"\d+(\.\d+)?", text):
            seconds = float(text)
    if seconds is not None and seconds <= LONGEST_S:
        return float(seconds)
    if seconds is not None:
        raise ValueError(f"a duration ends at {LONGEST_S // UNIT_SECONDS['d']:.0f}d; write a shorter one")
    raise ValueError(f"{text!r} is not a duration; write it like 250ms, 10s or 1h30m")


def parse_size(text: str | int) -> int:
    """Bytes in a size such as "10MiB", "64k" or 4096.

    Raises:
        ValueError: a sentence that says how to write it.
    """
    size: float | None = None
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        size = text
    elif isinstance(text, str) and (match := _SIZE.fullmatch(text)) and match[2] in UNIT_BYTES:
        size = float(match[1]) * UNIT_BYTES[match[2]]
    if size is not None and size <= LARGEST_BYTES:
        return int(size)
    if size is not None:
        raise ValueError("a size ends at 4,000,000 TB; write a smaller one")
    raise ValueError(f"{text!r} is not a size; write it like 512KiB, 10MiB or 1GB")


def format_duration(seconds: float) -> str:
    """A duration with at most two units, for people: "3ms", "4.2s", "5m 3s", "2h 14m", "3d 4h"."""
    if seconds < 0.9995:
        return f"{max(seconds, 0.0) * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    for unit, size, smaller, smaller_size in (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size}{unit} {rest}{smaller}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


def write_duration(seconds: float) -> str:
    """A duration as a file would have it, exactly: "250ms", "5s", "1m30s", "1.5s"; what `parse_duration` reads back."""
    if 0 < seconds < 1:
        unit, size = ("ms", 1e3) if round(seconds * 1e6) % 1000 == 0 or seconds >= 1e-3 else ("us", 1e6)
        return f"{round(seconds * size, 6):g}{unit}"
    written, rest = "", round(seconds, 6)
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, UNIT_SECONDS[unit])
        written += f"{count:.0f}{unit}" if count else ""
    return f"{written}{round(rest, 6):.10g}s" if rest or not written else written


def write_size(count: int) -> str:
    """A size as a file would have it, exactly: "10MiB", "64kB", a count without a round unit as it is."""
    for unit in ("GiB", "GB", "MiB", "MB", "KiB", "kB"):
        if count and count % UNIT_BYTES[unit] == 0:
            return f"{count // UNIT_BYTES[unit]}{unit}"
    return str(count)


def format_size(count: int) -> str:
    """A number of bytes for people: "312B", "4.0KiB", "1.5GiB"."""
    if count < 1024:
        return f"{count}B"
    size = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024 or unit == "GiB":
            break
    return f"{size:.1f}{unit}"
