"""Who may come in: one-time links that become cookies, and the token that programs of this user read from a file.

Nothing here is written anywhere; with the process all of it is void. What is compared is compared in constant time.
"""

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256

LINK_S = 600.0
"""How long a link is good that nobody has used."""
LINKS = 8
SESSIONS = 64
"""More browsers than that make the oldest ones sign in again."""


class Sessions:
    """The links, sessions and the token of one start of the web process.

    Args:
        now: monotonic or unix seconds; only differences count.
    """

    def __init__(self, now: Callable[[], float], token: str) -> None:
        self._now = now
        self._token = token
        self._key = secrets.token_bytes(32)
        self._links: dict[str, float] = {}
        self._sessions: dict[str, None] = {}

    def link(self) -> str:
        """A new code, good once and for ten minutes."""
        code = secrets.token_urlsafe(32)
        self._links[_digest(code)] = self._now() + LINK_S
        self._links = dict([*self._links.items()][-LINKS:])
        return code

    def exchange(self, code: str) -> str | None:
        """A new session for a code, which is used up; None for one that is unknown, used or too old."""
        until = self._links.pop(_digest(code), None)
        if until is None or until < self._now():
            return None
        session = secrets.token_urlsafe(32)
        self._sessions[_digest(session)] = None
        self._sessions = dict.fromkeys([*self._sessions][-SESSIONS:])
        return session

    def knows(self, session: str) -> bool:
        """Whether the value of a cookie is a session of ours."""
        return _digest(session) in self._sessions

    def end(self, session: str) -> None:
        self._sessions.pop(_digest(session), None)

    def csrf(self, session: str) -> str:
        """What a session's forms and scripts send along to show that a page of ours has made them.

        Another text each time, behind a pad of its own: the size of a compressed page says nothing about it (BREACH).
        """
        pad = secrets.token_bytes(sha256().digest_size)
        return (pad + _xor(pad, self._seal(session))).hex()

    def is_csrf(self, session: str, given: str) -> bool:
        try:
            told = bytes.fromhex(given)
            seal = _xor(told[: len(told) // 2], told[len(told) // 2 :])
        except ValueError:
            return False
        return hmac.compare_digest(self._seal(session), seal)

    def _seal(self, session: str) -> bytes:
        return hmac.digest(self._key, session.encode(), sha256)

    def is_token(self, given: str) -> bool:
        """Whether it is the token of programs."""
        return hmac.compare_digest(self._token.encode(), given.encode(errors="replace"))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(first ^ second for first, second in zip(one, other, strict=True))


def _digest(secret: str) -> str:
    """What is looked up instead of the secret, so that how long a look takes says nothing about it."""
    return sha256(secret.encode(errors="surrogateescape")).hexdigest()
