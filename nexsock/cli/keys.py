"""The keys that leave a terminal to itself, as text and among all that is typed."""

from nexsock import errors

DETACH = "ctrl-p,ctrl-q"
"""As Docker has them."""
_CONTROL = {chr(code + 0x60): code for code in range(1, 27)} | {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


def parse(text: str) -> bytes:
    """The bytes that "ctrl-p,ctrl-q" or "ctrl-],q" stands for, each a character or ctrl- with one.

    Raises:
        UsageError: one of them is no key.
    """
    return bytes(_key(name, text) for name in text.split(","))


def _key(name: str, text: str) -> int:
    if len(name) == 1 and name.isascii() and name.isprintable():
        return ord(name)
    code = _CONTROL.get(name.removeprefix("ctrl-").lower()) if name.startswith("ctrl-") else None
    if code is None:
        raise errors.UsageError(
            f"--detach-keys: '{text}' has no key in '{name}'", hint="write it like ctrl-p,ctrl-q or ctrl-],q"
        )
    return code


class Watch:
    """Lets pass what is typed until it is the sequence; what may be its beginning is held back."""

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self.held = b""

    def feed(self, typed: bytes) -> tuple[bytes, bool]:
        """What may pass now, and whether the sequence was typed; nothing after it passes."""
        passed = b""
        for key in typed:
            self.held += bytes((key,))
            while not self._sequence.startswith(self.held):
                passed, self.held = passed + self.held[:1], self.held[1:]
            if self.held == self._sequence:
                self.held = b""
                return passed, True
        return passed, False

    def release(self) -> bytes:
        """What was held back, since nothing has followed it."""
        held, self.held = self.held, b""
        return held
