"""What is not for showing: values whose name says so, passwords in URLs, and known secret values wherever they appear.

Level 0, because every room that shows a text asks here: plans, views, errors of the file, logs.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

MASK = "••••••"

SHORTEST = 4
"""characters of a value that is looked for in texts: a shorter one would be found in words, too"""

_SHORTEST_LINE = 8
"""the same of one line of several: keys have long ones, and "true" is in every log"""

MOST_FORMS = 2000
"""What a veil looks for: a value that was learned earlier gives way, as those of tokens that live for an hour."""

_TELLING_WORDS = (
    r"(?:PASS(?:WORD|WD|PHRASE)?|SECRET|TOKEN|CREDENTIALS?|PRIVATE|API[_-]?KEY|ACCESS[_-]?KEY|AUTHORIZATION|COOKIE)"
)

_SECRET_NAME = re.compile(_TELLING_WORDS + r"(?!.*_FILE$)", re.IGNORECASE)
"""A name that ends with _FILE is that of a path."""

_URL_SECRET = re.compile(
    r"(://[^/@:\s]*:(?!\d+[/?#]))(?:[^\s\"'<>]{1,256}(?=@)|[^/@\s]+(?=@))"  # not encoded, it may have / and @ in it
    r"|(https?://)[^/@:\s]+(?=@)"  # a token without a password: to HTTP nobody gives only a name
    rf"|([?&;][^=&?;\s]{{0,64}}{_TELLING_WORDS}[^=&?;\s]{{0,64}}=)[^&;#\s\"'<>]+",
    re.IGNORECASE,
)
"""Texts come from services and may be long: what is not certain to end soon is bounded."""

_TELLING_LENGTH = 8
"""characters, a digit among them: the value of a variable that is so is no word that texts have anyway ("postgres")"""


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether a variable's name says that its value is not for showing."""
    return _SECRET_NAME.search(name) is not None


def masked(name: str, value: str) -> str:
    """The value, unless the variable's name says that it is a secret; of a URL everything but what it lets in with."""
    return MASK if is_secret(name) else _without_url_secrets(value)


def _without_url_secrets(text: str) -> str:
    """Asked for each service of each `ps`: most texts are done with before the search."""
    if "://" not in text or not ("@" in text or "=" in text):
        return text
    return _URL_SECRET.sub(lambda found: f"{found[found.lastindex or 0]}{MASK}", text)


def telling(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of secret variables that can be looked for in texts."""
    return tuple(
        value
        for name, value in environment.items()
        if len(value) >= _TELLING_LENGTH and is_secret(name) and any(character.isdigit() for character in value)
    )


def hidden(text: str, values: Iterable[str]) -> str:
    """The text without these values, and without passwords in URLs."""
    for form in _longest_first(tuple(values)):
        text = text.replace(form, MASK)
    return _without_url_secrets(text)


@lru_cache(1024)
def _longest_first(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(_forms(values), key=len, reverse=True))


class Veil:
    """The secret values that are known, in memory only, to keep them out of whatever is shown.

    A value that was learned stays hidden after its service has ended: its log is still there.
    """

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._found: re.Pattern[str] | None = None

    def learn(self, values: Iterable[str]) -> None:
        """Hide these from now on."""
        fresh = _forms(values) - self._forms.keys()
        if fresh:
            self._forms.update(dict.fromkeys(fresh))
            self._forms = dict.fromkeys([*self._forms][-MOST_FORMS:])
            self._found = re.compile("|".join(re.escape(form) for form in sorted(self._forms, key=len, reverse=True)))

    def hide(self, text: str) -> str:
        """The text without them, and without passwords in URLs."""
        return _without_url_secrets(text if self._found is None else self._found.sub(MASK, text))


def _forms(values: Iterable[str]) -> set[str]:
    """The ways in which values may stand in texts: whole, line by line, and as part of a URL."""
    whole = [value.strip() for value in values]
    lines = [line.strip() for value in whole for line in value.splitlines()]
    long = {value for value in whole if len(value) >= SHORTEST} | {
        line for line in lines if len(line) >= _SHORTEST_LINE
    }
    return long | _quoted(long)


def _quoted(values: set[str]) -> set[str]:
    if not values:
        return set()
    from urllib.parse import quote  # with what it needs 380 KiB, for which a daemon without secrets has no use

    return {quote(value, safe="", errors="surrogateescape") for value in values}
