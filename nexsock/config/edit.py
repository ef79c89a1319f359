"""Change a project's files by a command: read, change, validate as `load` would, and only then write.

A change that would not validate leaves every file as it is. A file is replaced whole, so that nobody ever reads half
of it; it keeps its mode and owner, and a symbolic link stays one. What somebody else wrote meanwhile is not undone.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass

from nexsock import errors, masking
from nexsock.config import changes, load, origins, source, tree
from nexsock.config.changes import Draft
from nexsock.config.source import Reader, Unreadable
from nexsock.model.edit import Definition, Edit, Edited
from nexsock.model.load import Reserved
from nexsock.model.problem import Problem
from nexsock.model.project import ProjectRef

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was read: its name in messages, its text without the byte order mark, and whether it had one."""

    path: str
    name: str
    content: bytes
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def apply(
    request: ProjectRef, edit: Edit, read: Reader = source.read, *, reserved: Reserved = load.NOTHING_RESERVED
) -> Edited:
    """Make an edit of the request's project; what `read` gives of the files that do not change is validated along.

    Raises:
        ConfigError: what would come of it has problems; NotFound, UsageError: see `changes.make`.
        UsageError: a value was hidden from who gives it.
        Conflict: the file is not the one that the edit was thought of with, or changes at this moment.
    """
    _refuse_hidden(edit)
    files = _files(request, edit.service)
    draft = Draft({file.name: file.text for file in files}, named=bool(request.files) and not request.discovered)
    _refuse_outdated(files, edit)
    changes.make(draft, edit)
    changed = [file for file in files if draft.texts[file.name] != file.text]
    if changed:
        new = {file.path: draft.texts[file.name] for file in changed}
        _validate(request, lambda path: new[path] if path in new else read(path), reserved)
    for file in changed:
        _write(file, draft.texts[file.name])
    homes = draft.homes(edit.service)
    origin = draft.place(homes[0], ("services", edit.service)) if homes else None
    return Edited(files=tuple(file.path for file in changed), origin=origin)


def look(request: ProjectRef, service: str, *, reserved: Reserved = load.NOTHING_RESERVED) -> Definition:
    """What a service is by its files, secrets masked.

    Raises:
        ConfigError: the files have problems. NotFound: there is no such service.
    """
    document = load.veiled(request, reserved=reserved)
    services = document.mapping["services"]
    files = _files(request, service)
    if service not in services.mapping:
        raise changes.unknown(service, list(services.mapping), files[0].name)
    home = next((file for file in files if _stands_in(file, service)), files[0])
    prefix = f"services.{service}"
    places = origins.of(document)
    config = services.mapping[service].plain()
    assert isinstance(config, dict)
    return Definition(
        service=service,
        file=home.path,
        digest=home.digest,
        origin=str(services.keys.get(service) or places[prefix]),
        config=config,
        origins={path[len(prefix) + 1 :]: place for path, place in places.items() if path.startswith(prefix + ".")},
    )


def _files(request: ProjectRef, service: str) -> list[_File]:
    """The files of the request; where none of them has the service, the included one that has it as well."""
    directory, paths = load.locate(request)
    found = [_read(path, load.shown(directory, path)) for path in paths]
    if not any(_stands_in(file, service) for file in found):
        with suppress(errors.ConfigError):
            services = load.resolved(request).mapping["services"]
            if service in services.keys:
                name = services.keys[service].file
                path = os.path.join(directory, name)
                found += [_read(path, name)] if path not in paths else []
    return found


def _stands_in(file: _File, service: str) -> bool:
    return bool(Draft({file.name: file.text}).homes(service))


def _read(path: str, name: str) -> _File:
    """Raises ConfigError for what is not YAML: places in it could not be trusted."""
    problems: list[Problem] = []
    try:
        content = source.read_bytes(path)
        text = source.decode(content)
        tree.compose(text, name, problems)
    except Unreadable as fault:
        message = f"the file {name} {fault}"
        problems = [Problem(file=name, line=fault.line, column=fault.column, message=message, suggestion=fault.advice)]
    if problems:
        raise errors.ConfigError(str(problems[0]), tuple(problems))
    return _File(path, name, content, text)


def _validate(request: ProjectRef, read: Reader, reserved: Reserved) -> None:
    """Load the project as it would be."""
    try:
        load.load(request, read, reserved=reserved)
    except errors.ConfigError as error:
        raise errors.ConfigError(error.message, error.problems, hint="nothing was changed") from error


def _refuse_hidden(edit: Edit) -> None:
    """Who writes back what was shown would lose the secret that was not."""
    for name, value in edit.fields.items():
        if masking.MASK in value:
            raise errors.UsageError(
                f"the value of {name} has {masking.MASK} in it, which stands for a secret; nothing was written",
                hint="give the value itself, or leave the field out",
            )


def _refuse_outdated(files: list[_File], edit: Edit) -> None:
    home = next((file for file in files if _stands_in(file, edit.service)), files[0])
    if edit.digest is not None and edit.digest != home.digest:
        raise errors.Conflict(
            f"{home.name} was changed since you looked at it; nothing was written", hint="look again, then decide"
        )


def _write(file: _File, text: str) -> None:
    """Replace a file by one with this text, if it still is what was read.

    Raises:
        Conflict: it is not. Refused: its folder may not be written to.
    """
    path = os.path.realpath(file.path)
    mark = BOM if file.content.startswith(BOM.encode()) else ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".nexsock-", dir=os.path.dirname(path))
    except OSError as error:
        raise _refused(file, error) from error
    try:
        with open(descriptor, "wb") as new:
            new.write((mark + text).encode())
            _take_after(path, descriptor)
            new.flush()
            os.fsync(descriptor)
        if source.read_bytes(path) != file.content:
            raise errors.Conflict(
                f"{file.name} was changed by somebody else just now; nothing was written", hint="try again"
            )
        os.replace(temporary, path)
    except OSError as error:
        raise _refused(file, error) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _take_after(path: str, descriptor: int) -> None:
    """Give the new file the mode of the old one, and its owner where we may."""
    old = os.stat(path)
    os.fchmod(descriptor, old.st_mode & 0o7777)
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)


def _refused(file: _File, error: OSError) -> errors.Refused:
    return errors.Refused(
        f"{file.name} cannot be written: {(error.strerror or str(error)).lower()}",
        hint="look at the permissions of its folder with 'ls -ld'",
    )
