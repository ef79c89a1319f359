"""Rendered configs: `values`, a template or another file's text to the file that services will find.

Nothing is written here: the text and its digest go into the project, and the daemon writes it before a start.
"""

import hashlib
import posixpath
from collections.abc import Collection, Iterator, Mapping

from nexsock.config import build, interpolate, paths, references, render, report
from nexsock.config.circumstances import Facts
from nexsock.config.fields import Fields
from nexsock.config.node import Node
from nexsock.config.source import Unreadable
from nexsock.model.origin import Origin
from nexsock.model.project import RenderedConfig

SOURCES = ("values", "template", "file")

_FORMAT_OF_SUFFIX = {
    ".env": "env", ".properties": "properties", ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml",
}  # fmt: skip


def rendered(
    document: Node, facts: Facts, resolve: references.Facts, sources: Collection[str] = ()
) -> dict[str, RenderedConfig]:
    """Every config of the document, and a copy for each service that asks for a target of its own.

    `sources` are the files that the project is read from: none of them may be written over.
    """
    found: dict[str, RenderedConfig] = {}
    nodes = document.mapping["configs"].mapping if "configs" in document.mapping else {}
    for name, node in nodes.items():
        fields = Fields(node, facts.directory, facts.home, facts.problems)
        text = _text(name, fields, facts, resolve)
        if text is not None:
            found[name] = _config(name, _target(fields, facts), text, _mode(fields), facts)
            _check_target(found[name], found, fields, sources)
    for name, source, fields in _own_copies(document, facts):
        if source in found:
            found[name] = _config(name, _target(fields, facts), found[source].text, found[source].mode, facts)
            _check_target(found[name], found, fields, sources)
    return found


def _check_target(
    config: RenderedConfig, others: Mapping[str, RenderedConfig], fields: Fields, sources: Collection[str]
) -> None:
    """A config writes over no file that a person wrote, and over no other config."""
    shown = fields.text("target")
    if config.target in sources:
        fields.error("target", f"the target {shown} is a file that the project is read from", "choose another name")
    for other in others.values():
        if other.target == config.target and other.text != config.text:
            fields.error("target", f"the target {shown} is also that of config '{other.name}'", "give each its own")


def _config(name: str, target: str, text: str, mode: int, facts: Facts) -> RenderedConfig:
    found = f"{target.removeprefix(facts.directory)}\0{mode:o}\0{text}"
    digest = hashlib.sha256(found.encode("utf-8", "surrogateescape")).hexdigest()
    within = "" if _may_leave(facts) else facts.directory
    return RenderedConfig(name=name, target=target, text=text, digest=digest, mode=mode, within=within)


def _may_leave(facts: Facts) -> bool:
    return facts.environ.get(paths.ALLOW_OUTSIDE) == "1"


def _own_copies(document: Node, facts: Facts) -> Iterator[tuple[str, str, Fields]]:
    services: Mapping[str, Node] = document.mapping["services"].mapping if "services" in document.mapping else {}
    for service, node in services.items():
        for item in Fields(node, facts.directory, facts.home, facts.problems).items("configs"):
            if isinstance(item.value, dict) and "target" in item.value:
                fields = Fields(item, facts.directory, facts.home, facts.problems)
                yield build.config_name(service, item), fields.text("source"), fields


def _text(name: str, fields: Fields, facts: Facts, resolve: references.Facts) -> str | None:
    given = [source for source in SOURCES if source in fields]
    if len(given) != 1:
        which = f"here are {' and '.join(given)}" if given else "none is here"
        report.error(
            facts.problems,
            fields.node.origin,
            f"config '{name}' takes its content from one of values, template and file, but {which}",
        )
        return None
    if given[0] == "values":
        return _from_values(name, fields, facts)
    text = _read(fields, given[0], facts)
    if text is None or given[0] == "file":
        return text
    shown = facts.shown(fields.path("template"))
    expanded = interpolate.expand(text, facts.variables, Origin(shown, 1, 1), facts.problems)
    return references.resolve_text(expanded, resolve, facts.problems)


def _from_values(name: str, fields: Fields, facts: Facts) -> str | None:
    form = fields.text("format") or _FORMAT_OF_SUFFIX.get(posixpath.splitext(fields.text("target"))[1], "")
    if not form and posixpath.basename(fields.text("target")).startswith(".env"):
        form = "env"
    if not form:
        fields.error("target", f"config '{name}' does not say its format", f"add 'format:' with {render.FORMATS}")
        return None
    return render.render(form, fields["values"], facts.problems)


def _read(fields: Fields, source: str, facts: Facts) -> str | None:
    path = fields.path(source)
    facts.watched.append(path)
    try:
        return facts.read(path)
    except Unreadable as fault:
        fields.error(source, f"the {source} {facts.shown(path)} {fault}", fault.advice)
        return None


def _target(fields: Fields, facts: Facts) -> str:
    """The absolute target, inside the project unless the caller allows more: a clone may not write elsewhere."""
    target = fields.path("target")
    if not _may_leave(facts) and not target.startswith(facts.directory.rstrip("/") + "/"):
        fields.error(
            "target",
            f"the target {fields.text('target')} is outside the project",
            f"choose a path inside it, or set {paths.ALLOW_OUTSIDE}=1",
        )
    return target


def _mode(fields: Fields) -> int:
    return int(fields.text("mode", "0600"), 8)
