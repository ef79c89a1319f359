"""What a plugin's plain answer means, or what is wrong with it. Pure: see nexsock.hooks for what there is to answer."""

from collections.abc import Sequence

import msgspec

from nexsock.hooks import MAY_CHANGE, MAY_DENY, Allow, Answer, Changes, Deny, Modify
from nexsock.model.names import VARIABLE_NAME

TEXT_LIMIT = 4096
"""Characters of a reason or a note; what is longer is cut."""
NOTES_LIMIT = 20
GRACE_LIMIT_S = 3600.0


class AnswerFault(ValueError):
    """A plugin answered something that its hook does not take; the text says what, without a full stop."""


def read(hook: str, plain: object, capabilities: Sequence[str]) -> Answer:
    """What a plugin's plain answer means.

    Raises:
        AnswerFault: it has the wrong form or type, or is more than the hook or the plugin may.
    """
    if plain is None:
        return Allow()
    if not isinstance(plain, dict):
        raise AnswerFault(f"{hook} answered {_shown(plain)}; it can answer nothing or a table")
    if not plain:
        return Allow()
    if "deny" in plain:
        return _read_deny(hook, plain, capabilities)
    for field in plain:
        if field not in MAY_CHANGE.get(hook, ()):
            raise AnswerFault(f"{hook} answered {_shown(field)}; it can answer {_possible(hook)}")
        if field not in capabilities:
            raise AnswerFault(f"{hook} answered '{field}' without the capability '{field}'")
    try:
        changes = msgspec.convert(plain, Changes)
    except msgspec.ValidationError as error:
        raise AnswerFault(f"{hook} answered something of a wrong type: {error}") from error
    _check(hook, changes)
    notes = tuple(_cut(note) for note in changes.notes or ())[:NOTES_LIMIT]
    return Modify(msgspec.structs.replace(changes, notes=notes) if notes else changes)


def _read_deny(hook: str, plain: dict[str, object], capabilities: Sequence[str]) -> Deny:
    reason = plain["deny"]
    if hook not in MAY_DENY:
        raise AnswerFault(f"{hook} answered 'deny'; it can answer {_possible(hook)}")
    if "deny" not in capabilities:
        raise AnswerFault(f"{hook} answered 'deny' without the capability 'deny'")
    if len(plain) > 1:
        raise AnswerFault(f"{hook} answered 'deny' together with changes")
    if not isinstance(reason, str) or not reason.strip():
        raise AnswerFault(f"{hook} answered 'deny' with {_shown(reason)}; it needs the reason as a text")
    return Deny(_cut(reason))


def _check(hook: str, changes: Changes) -> None:
    for name, value in (changes.environment or {}).items():
        if not VARIABLE_NAME.fullmatch(name) or name.startswith("NEXSOCK_"):
            raise AnswerFault(f"{hook} cannot set the variable {_shown(name)}")
        if value is not None and "\0" in value:
            raise AnswerFault(f"{hook} answered a value with a NUL byte for {name}")
    if changes.command is not None and (not changes.command or not changes.command[0]):
        raise AnswerFault(f"{hook} answered a command without a program")
    if any("\0" in part for part in changes.command or ()):
        raise AnswerFault(f"{hook} answered a command with a NUL byte")
    if changes.grace_s is not None and not 0 <= changes.grace_s <= GRACE_LIMIT_S:
        raise AnswerFault(f"{hook} answered a grace_s of {changes.grace_s:g}; it can be 0 to {GRACE_LIMIT_S:g}")


def _possible(hook: str) -> str:
    possible = [*(("deny",) if hook in MAY_DENY else ()), *sorted(MAY_CHANGE.get(hook, ()))]
    return " or ".join((", ".join(possible[:-1]), possible[-1])).removeprefix(" or ") if possible else "nothing"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(_cut(value, 80))
    return f"a {type(value).__name__}" if not isinstance(value, bool | int | float) else str(value)


def _cut(text: str, limit: int = TEXT_LIMIT) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
