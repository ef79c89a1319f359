"""A form's fields as the struct that the same request has in JSON.

A field of the struct that is a list takes every value of that name; one that is a mapping takes the fields NAME.KEY.
A field that is there and empty is left out, but for those of mappings: an empty variable is a value.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_origin, get_type_hints

import msgspec

from nexsock.web.security import CSRF_FIELD

Body = TypeVar("Body")


def convert(fields: Mapping[str, Sequence[str]], kind: type[Body]) -> Body:
    """Raises msgspec.ValidationError where the form has other fields, or values of another type."""
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for name, values in fields.items():
        head, dot, key = name.partition(".")
        outer = get_origin(hints.get(head, str)) or hints.get(head)
        if name == CSRF_FIELD:
            continue
        if dot and outer is dict:
            found.setdefault(head, {})[key] = values[-1]
        elif outer is tuple:
            found[name] = [value for value in values if value]
        elif values[-1]:
            found[name] = values[-1]
    return msgspec.convert(found, kind, strict=False)
