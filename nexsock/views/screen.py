"""What a terminal has been told to be like, read from what it was told; and the last screenful of that.

Programs that take the whole screen switch to another one, hide the cursor, ask for the mouse and for more of the
keyboard. Who begins to look in the middle has to be told all that first, and who stops looking to be set free of it.
Source: "XTerm Control Sequences" (DECSET, DECRST, XTMODKEYS); the kitty keyboard protocol.
"""

import re

_ALTERNATE = (47, 1047, 1049)
_CURSOR = 25
_KEYS_AND_MOUSE = (1, 9, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004)
_KNOWN = frozenset((*_ALTERNATE, _CURSOR, *_KEYS_AND_MOUSE))
_CHANGE = re.compile(
    rb"\x1b(?:\[\?(?P<modes>[0-9;]{1,64})(?P<on>[hl])|\[>4(?P<other_keys>(?:;[0-9])?)m|\[>(?P<pushed>[0-9;]{0,8})u"
    rb"|\[<(?P<popped>[0-9]{0,2})u|(?P<reset>c))"
)
_BEGUN = re.compile(rb"\x1b(?:\[(?:[?<>][0-9;]{0,64})?)?\Z")
"""The beginning of a sequence of which the end may still come."""

SWITCH = b"\x1b[?1049"
"""How programs switch to the other screen and back."""
USUAL = b"\x1b[0m\x1b(B\x1b>\x0f"
"""Plain letters, the usual alphabet, digits on the keypad."""
WHOLE = b"\x1b7\x1b[r\x1b8"
"""All lines scroll; the cursor, which that moves, is put back."""


class Modes:
    """Feed it all that a terminal is told; it knows what is not as it is at first."""

    def __init__(self) -> None:
        self._begun = b""
        self._reset()

    def _reset(self) -> None:
        self._changed: dict[int, bool] = {}
        self._other_keys = b""
        self._pushed: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """More output, cut anywhere."""
        data = self._begun + data
        for change in _CHANGE.finditer(data):
            self._note(change)
        begun = _BEGUN.search(data[-80:])
        self._begun = begun[0] if begun else b""

    def _note(self, change: re.Match[bytes]) -> None:
        match change.lastgroup:
            case "on":
                for mode in change["modes"].split(b";"):
                    self._set(int(mode or 0), on=change["on"] == b"h")
            case "other_keys":
                self._other_keys = b"" if change["other_keys"] in (b"", b";0") else change["other_keys"]
            case "pushed":
                self._pushed.append(change["pushed"])
            case "popped":
                del self._pushed[-int(change["popped"] or 1) :]
            case "reset":
                self._reset()

    def _set(self, mode: int, *, on: bool) -> None:
        if on == (mode == _CURSOR):
            self._changed.pop(mode, None)
        elif mode in _KNOWN:
            self._changed[mode] = on

    @property
    def on_other_screen(self) -> bool:
        """A program has the whole screen, and will draw it."""
        return any(mode in self._changed for mode in _ALTERNATE)

    def entering(self) -> bytes:
        """What makes a fresh terminal like this one."""
        modes = b"".join(_switched(mode, on) for mode, on in self._changed.items())
        other_keys = b"\x1b[>4%sm" % self._other_keys if self._other_keys else b""
        return modes + other_keys + b"".join(b"\x1b[>%su" % flags for flags in self._pushed)

    def leaving(self) -> bytes:
        """What makes this one like a fresh terminal again."""
        pushed = b"\x1b[<%du" % len(self._pushed) if self._pushed else b""
        other_keys = b"\x1b[>4m" if self._other_keys else b""
        modes = b"".join(_switched(mode, not on) for mode, on in reversed(self._changed.items()))
        return USUAL + pushed + other_keys + modes + WHOLE


def _switched(mode: int, on: bool) -> bytes:
    return b"\x1b[?%d%s" % (mode, b"h" if on else b"l")


def screenful(output: bytes, rows: int) -> bytes:
    """The last lines of the output, as many as fit on a screen; the one that is not ended is one of them."""
    start = len(output)
    for _ in range(rows):
        start = output.rfind(b"\n", 0, start)
        if start < 0:
            return output
    return output[start + 1 :]
