"""What a run was launched with, in the form that is remembered, and how two runs differ. Pure.

Values stand there as people may see them: of a secret there is only a short mark, by which a changed one is told from
the same one. A mark has 16 bits: nobody can find the value by it.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b

import msgspec

from nexsock import masking
from nexsock.model import packed
from nexsock.model.plan import FieldChange
from nexsock.model.plugin import PluginChange
from nexsock.model.service import Launch, Service
from nexsock.model.state import Run, Snapshot
from nexsock.plan import diff

VALUE_CHARACTERS = 200
"""What is remembered of one value; of a longer one the mark says whether it is the same."""

_USUAL = Launch()
_REST = tuple(name for name in Launch.__struct_fields__ if name not in ("environment", "configs"))
_RESTLESS = frozenset({"_", "SHLVL", "OLDPWD", "PWD"})


def take(service: Service) -> Snapshot:
    """Everything whose change needs a new run, field by field; what is as it is without a word is left out.

    A thousand services that start together take a thousand of these, so nothing is done for what is not set.
    """
    fields: dict[str, str] = {}
    marks: dict[str, str] = {}
    secret = masking.telling(service.launch.environment)
    for path, name, value in _values(service):
        full = masking.hidden(diff.shown_at(path, value), secret)
        fields[name] = full[:VALUE_CHARACTERS]
        if masking.MASK in full or len(full) > VALUE_CHARACTERS:
            marks[name] = _mark(path, value)
    fields.update({f"configs.{name}": digest[:8] for name, digest in service.launch.configs.items()})
    return Snapshot(fields=fields, marks=marks)


def between(old: Snapshot, new: Snapshot, origin: Callable[[str], str | None]) -> tuple[FieldChange, ...]:
    """The fields that differ, those of the older one first.

    Args:
        origin: the place in the file of a field, by its path.
    """
    return tuple(
        FieldChange(path=path, old=old.fields.get(path), new=new.fields.get(path), origin=origin(path))
        for path in dict.fromkeys((*old.fields, *new.fields))
        if old.fields.get(path) != new.fields.get(path) or old.marks.get(path) != new.marks.get(path)
    )


def secrets_between(old: str, new: str) -> tuple[FieldChange, ...]:
    """The secrets whose values differ between the fingerprints of two runs (model.state.Observed.fingerprint_of)."""
    then, now = (dict(part.split("=", 1) for part in each.split(";")[1:]) for each in (old, new))
    return tuple(
        FieldChange(path=f"secrets.{variable}", old=masking.MASK, new=masking.MASK)
        for variable in sorted({*then} & {*now})
        if then[variable] != now[variable]
    )


def altered_between(old: Run, new: Run) -> tuple[FieldChange, ...]:
    """What plugins have made of one run otherwise than of the other; `origin` names the plugin."""
    was, became = _altered(old), _altered(new)
    found = []
    for path in dict.fromkeys((*was, *became)):
        before, after = was.get(path), became.get(path)
        either = after or before
        assert either is not None
        old_value = before.new if before is not None else either.old
        new_value = after.new if after is not None else either.old
        if old_value != new_value:
            origin = f"plugin '{either.plugin}'"
            found.append(FieldChange(path=path, old=old_value, new=new_value, origin=origin))
    return tuple(found)


def _altered(run: Run) -> dict[str, PluginChange]:
    """What came of each field that it was launched with, from the file's value to the last plugin's."""
    found: dict[str, PluginChange] = {}
    for change in run.altered:
        if change.field != "grace_s":
            first = found.get(change.field, change)
            found[change.field] = msgspec.structs.replace(change, old=first.old)
    return found


def inherited(variables: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """What is remembered of inherited variables: a digest of all, and of each its name with a mark of its value.

    Variables that are another in each command are left out.
    """
    marks = {name: _mark(name, value) for name, value in sorted(variables.items()) if name not in _RESTLESS}
    return blake2b(msgspec.json.encode(marks), digest_size=8).hexdigest(), marks


def names_that_differ(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    """The inherited variables, by their marks, that changed, came or went."""
    return tuple(name for name in sorted({*old, *new}) if old.get(name) != new.get(name))


def _values(service: Service) -> Iterator[tuple[str, str, object]]:
    """(path in the model, path in the file, value) of everything that is set."""
    launch = service.launch
    for name, value in launch.environment.items():
        yield f"launch.environment.{name}", f"environment.{name}", value
    for name in _REST:
        value = getattr(launch, name)
        if value != getattr(_USUAL, name):
            yield from _leaves(f"launch.{name}", value)
    if service.engine != "process":
        yield from _leaves("engine", service.engine)
    if service.external is not None:
        yield from _leaves("external", service.external)


def _leaves(path: str, value: object) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, msgspec.Struct):
        pairs = [(name, getattr(value, name)) for name in value.__struct_fields__]
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        yield path, diff.as_written(path), value
        return
    for name, item in pairs:
        if item not in (None, (), ""):
            yield from _leaves(f"{path}.{name}", item)


def _mark(path: str, value: object) -> str:
    return blake2b(packed.to_json((path, value)), digest_size=2).hexdigest()
