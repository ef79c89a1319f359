"""Bring the services, configs and secrets of other files into a document, each file being a project of its own.

An included file has its own folder for relative paths, its own .env, its own defaults and its own includes. What it
declares must not have the name of something else: that is a mistake, not a merge.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from nexsock.config import extends, forms, merging, paths, report
from nexsock.config.node import Node
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

OpenDocument = Callable[[str, tuple[str, ...] | None, Origin], Node | None]
"""Takes the name of a file, relative to the project, the names of its env files, and where it is named.

The env files give further variables, below those of the project; None means `.env` beside the file, if there is one.
Gives the file's document with its variables in place, or None when it has already reported why there is none.
"""

MAX_CHAIN = 50
"""files that include each other one after the other"""

_IMPORTED = ("services", "configs", "secrets")
_OWN = {"name", "include", "defaults", "environment", "env_file", *_IMPORTED}


@dataclass(frozen=True, slots=True)
class _Inclusion:
    path: str
    folder: str
    env_files: tuple[str, ...] | None
    origin: Origin


def include(
    document: Node,
    open_document: OpenDocument,
    problems: list[Problem],
    *,
    allow_outside: bool = False,
    trail: tuple[str, ...] = (),
) -> Node:
    """The document with everything of its `include` files in it, and `include` gone.

    Args:
        trail: the files that include each other up to this document.
    """
    if "include" not in document.mapping:
        return document
    trail = (*trail, document.origin.file)
    fields = {key: child for key, child in document.mapping.items() if key != "include"}
    result = replace(document, value=fields)
    for inclusion in _inclusions(document.mapping["include"], document.origin.file):
        if not (allow_outside or paths.inside(inclusion.path, inclusion.origin, problems)):
            continue
        if len(trail) > MAX_CHAIN:
            report.error(problems, inclusion.origin, f"more than {MAX_CHAIN} files include each other in a chain")
            continue
        if inclusion.path in trail:
            circle = " → ".join((*trail[trail.index(inclusion.path) :], inclusion.path))
            report.error(problems, inclusion.origin, f"files include each other in a circle: {circle}", "take this out")
            continue
        opened = open_document(inclusion.path, inclusion.env_files, inclusion.origin)
        if opened is None:
            continue
        included = _standing_alone(opened, inclusion, open_document, problems, allow_outside)
        included = include(included, open_document, problems, allow_outside=allow_outside, trail=trail)
        result = _import(result, included, problems)
    return result


def _inclusions(node: Node, file: str) -> list[_Inclusion]:
    """What `include` asks for; an entry of a wrong form is left to the schema."""
    home = paths.folder(file)
    found = []
    for item in forms.sequence(node).items if node.value is not None else []:
        fields = item.value if isinstance(item.value, dict) else {"path": item}
        path, folder, env_file = (fields.get(key) for key in ("path", "project_directory", "env_file"))
        if path is None or not isinstance(path.value, str):
            continue
        joined = paths.join(home, path.value)
        own_folder = paths.join(home, str(folder.value)) if folder else paths.folder(joined)
        found.append(_Inclusion(joined, own_folder, _env_files(env_file, home), path.origin))
    return found


def _env_files(node: Node | None, home: str) -> tuple[str, ...] | None:
    if node is None or node.value is None:
        return None
    return tuple(paths.join(home, str(item.value)) for item in forms.sequence(node).items)


def _standing_alone(
    document: Node,
    inclusion: _Inclusion,
    open_document: OpenDocument,
    problems: list[Problem],
    allow_outside: bool,
) -> Node:
    """An included document with its paths relative to the project and its `extends` carried out."""
    for key in document.mapping:
        if key not in _OWN and not key.startswith("x-"):
            place = document.keys.get(key, document.origin)
            report.error(problems, place, f"'{key}' has no meaning in an included file", "move it to the main file")
    rebased = paths.rebase(document, inclusion.folder)
    extended = extends.extend(
        rebased, lambda path, origin: open_document(path, (), origin), problems, allow_outside=allow_outside
    )
    return _with_common_fields(extended, inclusion.folder)


def _with_common_fields(document: Node, folder: str) -> Node:
    """The document whose services have in themselves what the document says for all of them.

    Its environment and env files become theirs, which only differs from a project's own in one point: they come
    above a service's env file.
    """
    services = document.mapping.get("services")
    if services is None or not isinstance(services.value, dict):
        return document
    for_all: dict[str, Node] = {
        key: document.mapping[key] for key in ("environment", "env_file") if key in document.mapping
    }
    common = Node(for_all, document.origin, keys=document.keys)
    if "defaults" in document.mapping:
        common = merging.merge(common, document.mapping["defaults"], merging.SERVICE)
    completed = {name: _completed(service, common, folder) for name, service in services.value.items()}
    return replace(document, value={**document.mapping, "services": replace(services, value=completed)})


def _completed(service: Node, common: Node, folder: str) -> Node:
    if not isinstance(service.value, dict):
        return service
    merged = merging.merge(common, service, merging.SERVICE)
    elsewhere = {"working_dir", "git", "external"} & merged.mapping.keys()
    if not folder or elsewhere:
        return merged
    here = Node(folder, service.origin, text=folder, via="the folder of the included file")
    return replace(merged, value={**merged.mapping, "working_dir": here})


def _import(document: Node, included: Node, problems: list[Problem]) -> Node:
    """The document with what an included one declares; a name that is taken stays as it is."""
    sections = dict(document.mapping)
    for section in _IMPORTED:
        source, target = included.mapping.get(section), sections.get(section)
        if source is None or not isinstance(source.value, dict):
            continue
        if target is None or target.value is None:
            sections[section] = source
        elif isinstance(target.value, dict):
            sections[section] = _united(section, target, source, problems)
    return replace(document, value=sections, keys={**included.keys, **document.keys})


def _united(section: str, target: Node, source: Node, problems: list[Problem]) -> Node:
    entries, keys = dict(target.mapping), dict(target.keys)
    for name, entry in source.mapping.items():
        if name not in entries:
            entries[name], keys[name] = entry, source.keys.get(name, entry.origin)
        elif entries[name].plain() != entry.plain():
            noun = section.removesuffix("s")
            place = keys.get(name, entries[name].origin)
            other = source.keys.get(name, entry.origin)
            message = f"{noun} '{name}' is declared here and in an included file at {other}"
            report.error(problems, place, message, "rename one of them, or use 'extends' to change it")
    return replace(target, value=entries, keys=keys)
