"""Where plugins lie, and what each says of itself. Runs and imports nothing of any.

DIR/native/*.py, DIR/lua/*.lua     the user's, DIR being the setting `plugins.dir`
entry points of nexsock.plugins    what is installed beside nexsock
plugins: in nexsock.yaml           a project's, for that project only, from its folder
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from nexsock.hooks import Manifest
from nexsock.model.plugin import PluginKind, PluginStatus
from nexsock.plugins import trust

GROUP = "nexsock.plugins"
SOURCE_LIMIT_BYTES = 128 * 1024
"""Of the file with the manifest; reading one of that size takes about 30 ms."""
FOLDERS: dict[str, PluginKind] = {"native": "native", "lua": "lua"}
_SUFFIXES: dict[str, PluginKind] = {".py": "native", ".lua": "lua"}
_SKIPPED = (".", "_", "#")
_ROOT = 0

Stamp = tuple[int, ...]
"""What is equal while a file or folder is unchanged."""


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

    @property
    def digest(self) -> str:
        return hashlib.blake2b(self.source, digest_size=16).hexdigest()


def in_folder(folder: str) -> list[Candidate]:
    """The user's own single files, by path."""
    found = []
    for name, kind in FOLDERS.items():
        for entry in _entries(f"{folder}/{name}"):
            if _SUFFIXES.get(os.path.splitext(entry)[1]) == kind and not entry.startswith(_SKIPPED):
                found.append(Candidate(kind=kind, path=f"{folder}/{name}/{entry}", root=folder))
    return sorted(found, key=lambda candidate: candidate.path)


def of_project(directory: str, paths: Iterable[str]) -> list[Candidate]:
    """What a project lists; a file that ends in neither .py nor .lua is taken for Python and says so itself."""
    return [
        Candidate(kind=_SUFFIXES.get(os.path.splitext(path)[1], "native"), path=path, root=directory, project=directory)
        for path in paths
    ]


def installed(search_path: Sequence[str]) -> list[Candidate]:
    """What packages offer by an entry point, in the order of the search path; the first of a name counts.

    Reads the few lines itself: importlib.metadata takes 53 ms for 96 packages and stays in memory.
    Source: "Entry points specification", packaging.python.org.
    """
    found: dict[str, Candidate] = {}
    for folder in dict.fromkeys(entry for entry in search_path if os.path.isabs(entry)):
        for name in _entries(folder):
            if name.endswith((".dist-info", ".egg-info")):
                for offered, module in _offers(f"{folder}/{name}/entry_points.txt"):
                    found.setdefault(offered, _in_package(module, folder, search_path))
    return list(found.values())


def _offers(path: str) -> Iterator[tuple[str, str]]:
    """Name and module of each entry point of our group in a file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(SOURCE_LIMIT_BYTES).splitlines()
    except OSError:
        return
    ours = False
    for line in (line.strip() for line in lines):
        if line.startswith("["):
            ours = line == f"[{GROUP}]"
        elif ours and "=" in line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            yield name.strip(), target.partition(":")[0].partition("[")[0].strip()


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
        source = _read(trust.check(candidate.path, candidate.root, owners), owners)
        return Found(candidate=candidate, manifest=read(source), source=source)
    except (trust.Distrusted, manifest.ManifestFault) as fault:
        return Found(candidate=candidate, fault=str(fault), hint=fault.hint)
    except OSError as error:
        return Found(
            candidate=candidate, fault=f"it cannot be read: {error.strerror}", hint=f"look at {candidate.path}"
        )


def kind_of(path: str) -> PluginKind:
    """By its end; what ends in neither .py nor .lua is taken for Python, and then says so itself."""
    return _SUFFIXES.get(os.path.splitext(path)[1], "native")


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


def _read(path: str, owners: frozenset[int]) -> bytes:
    """The file, which is still the one that was judged."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        now = os.fstat(descriptor)
        if now.st_uid not in owners or now.st_mode & 0o022:
            raise trust.Distrusted(f"{path} changed while it was looked at", "look again")
        source = file.read(SOURCE_LIMIT_BYTES + 1)
    if len(source) > SOURCE_LIMIT_BYTES:
        limit = f"{SOURCE_LIMIT_BYTES // 1024} KiB"
        raise trust.Distrusted(f"{path} has more than {limit}", "keep what is large in other files, or in a package")
    return source


def stamp(path: str) -> Stamp:
    """What a file or folder is like now; empty where there is none. Takes microseconds."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def watched(folder: str, search_path: Iterable[str]) -> list[str]:
    """The folders in which a plugin can appear or vanish."""
    return [folder, *(f"{folder}/{name}" for name in FOLDERS), *(path for path in search_path if os.path.isabs(path))]


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
