"""Where plugins lie, and what each says of itself. Runs and imports nothing of any.

DIR/native/*.py, DIR/lua/*.lua     the user's, DIR being the setting `plugins.dir`
entry points of nexsock.plugins    what is installed beside nexsock
plugins: in nexsock.yaml           a project's, for that project only, from its folder
"""

import os
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nexsock.hooks import Manifest
from nexsock.model.plugin import PluginKind, PluginStatus
from nexsock.plugins import spots, trust

SOURCE_LIMIT_BYTES: dict[PluginKind, int] = {"native": 32 * 1024, "package": 32 * 1024, "lua": 128 * 1024}
"""Of the file with the manifest. The daemon waits while `ast` reads it: 4 ms for 3 KiB, 80 ms for the worst 32 KiB."""
_KINDS: dict[str, PluginKind] = {".py": "native", ".lua": "lua"}
_ROOT = 0


class Candidate(Struct, frozen=True, kw_only=True):
    """Something that is meant to be a plugin. `root` is the folder that it must not lead out of.

    `project` is the folder of the project that names it, "" for the user's; `module` what a package calls it.
    """

    kind: PluginKind
    path: str
    root: str
    project: str = ""
    module: str = ""


class Found(Struct, frozen=True, kw_only=True):
    """A candidate that was looked at. `fault` says why it cannot be used, and then there is no manifest."""

    candidate: Candidate
    manifest: Manifest | None = None
    source: bytes = b""
    fault: str = ""
    hint: str = ""

    @property
    def name(self) -> str:
        """What it calls itself; of one that cannot be used its file's name."""
        if self.manifest is not None:
            return self.manifest.name
        return os.path.splitext(os.path.basename(self.candidate.path))[0]


def in_folder(folder: str) -> list[Candidate]:
    """The user's own single files, by path."""
    paths = sorted(path for name in spots.SUFFIXES for path in spots.files(folder, name))
    return [Candidate(kind=kind_of(path), path=path, root=folder) for path in paths]


def of_project(directory: str, paths: Iterable[str]) -> list[Candidate]:
    """What a project lists, for that project alone."""
    return [Candidate(kind=kind_of(path), path=path, root=directory, project=directory) for path in paths]


def installed(search_path: Sequence[str]) -> list[Candidate]:
    """What packages offer by an entry point, in the order of the search path; the first of a name counts."""
    found: dict[str, Candidate] = {}
    for name, module, folder in spots.offers(search_path):
        found.setdefault(name, _in_package(module, folder, search_path))
    return list(found.values())


def _in_package(module: str, listed_in: str, search_path: Sequence[str]) -> Candidate:
    """The file of a module, found by its name alone."""
    relative = module.replace(".", "/")
    for folder in (listed_in, *search_path):
        for path in (f"{folder}/{relative}.py", f"{folder}/{relative}/__init__.py"):
            if os.path.isfile(path):
                return Candidate(kind="package", path=path, root=folder, module=module)
    return Candidate(kind="package", path=f"{listed_in}/{relative}.py", root=listed_in, module=module)


def look(candidate: Candidate, uid: int) -> Found:
    """What a candidate says of itself, or why it cannot be used."""
    from nexsock.plugins import manifest  # with `ast`, which a daemon without plugins need not have

    owners = frozenset({uid, _ROOT} if candidate.kind == "package" else {uid})
    read = manifest.read_lua if candidate.kind == "lua" else manifest.read_native
    try:
        real = trust.check(candidate.path, candidate.root, owners)
        source = _read(real, owners, SOURCE_LIMIT_BYTES[candidate.kind])
        return Found(candidate=candidate, manifest=read(source), source=source)
    except (trust.Distrusted, manifest.ManifestFault) as fault:
        return Found(candidate=candidate, fault=str(fault), hint=fault.hint)
    except OSError as error:
        return Found(
            candidate=candidate, fault=f"it cannot be read: {error.strerror}", hint=f"look at {candidate.path}"
        )


def kind_of(path: str) -> PluginKind:
    """By its end; what ends in neither .py nor .lua is taken for Python, and then says so itself."""
    return _KINDS.get(os.path.splitext(path)[1], "native")


def described(found: Found) -> PluginStatus:
    """What a plugin says of itself; nothing where it cannot be used."""
    candidate, said = found.candidate, found.manifest
    status = PluginStatus(
        name=found.name,
        kind=candidate.kind,
        path=candidate.path,
        project=candidate.project,
        state="refused",
        reason=found.fault,
        hint=found.hint,
    )
    if said is None:
        return status
    return replace(
        status,
        state="waiting",
        abi=said.abi,
        priority=said.priority,
        hooks=said.hooks,
        capabilities=said.capabilities,
        variables=said.variables,
        on_failure="closed" if said.fails_closed else "open",
        timeout_s=said.timeout,
        description=said.description,
    )


def _read(path: str, owners: frozenset[int], limit_bytes: int) -> bytes:
    """The file, which is still the one that was judged."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        now = os.fstat(descriptor)
        if now.st_uid not in owners or now.st_mode & 0o022:
            raise trust.Distrusted(f"{path} changed while it was looked at", "look again")
        source = file.read(limit_bytes + 1)
    if len(source) > limit_bytes:
        told = f"{path} has more than {limit_bytes // 1024} KiB"
        raise trust.Distrusted(told, "keep what is large in other files, or in other modules of a package")
    return source
