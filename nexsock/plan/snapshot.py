"""What a run was launched with, in the form that is remembered, and how two runs differ. Pure.

Values stand there as people may see them: of a secret there is only a short mark, by which a changed one is told from
the same one. A mark has 16 bits: nobody can find the value by it.
"""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from nexsock.model.plan import FieldChange
from nexsock.model.service import Service
from nexsock.model.state import Snapshot
from nexsock.plan import diff

VALUE_CHARACTERS = 200
"""What is remembered of one value; of a longer one the mark says whether it is the same."""


def take(service: Service) -> Snapshot:
    """Everything whose change needs a new run, field by field, in the order of the model."""
    fields: dict[str, str] = {}
    marks: dict[str, str] = {}
    fingerprinted = {"launch": service.launch, "engine": service.engine, "external": service.external}
    for path, value in _leaves("", fingerprinted):
        name, full = diff.as_written(path), diff.shown(path, value)
        shown = str(value)[:8] if path.startswith("launch.configs.") else full[:VALUE_CHARACTERS]
        fields[name] = shown
        if diff.MASK in full or len(full) > len(shown):
            marks[name] = _mark(path, value)
    return Snapshot(fields=fields, marks=marks)


def between(old: Snapshot, new: Snapshot, origin: Callable[[str], str | None]) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order of the model and then by name.

    Args:
        origin: the place in the file of a field, by its path.
    """
    return tuple(
        FieldChange(path=path, old=old.fields.get(path), new=new.fields.get(path), origin=origin(path))
        for path in dict.fromkeys((*old.fields, *new.fields))
        if old.fields.get(path) != new.fields.get(path) or old.marks.get(path) != new.marks.get(path)
    )


def _leaves(path: str, value: object) -> list[tuple[str, object]]:
    """(path, value) of everything that is set."""
    if isinstance(value, msgspec.Struct):
        pairs = [(name, getattr(value, name)) for name in value.__struct_fields__]
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        return [] if value in (None, (), "") and not path.startswith("launch.environment.") else [(path, _plain(value))]
    return [leaf for key, item in pairs for leaf in _leaves(f"{path}.{key}" if path else str(key), item)]


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)


def _mark(path: str, value: object) -> str:
    return blake2b(msgspec.json.encode((path, value)), digest_size=2).hexdigest()
