"""Give each service what the service that it `extends` has: the base first, its own fields on top."""

import difflib
from collections.abc import Callable
from dataclasses import replace

from nexsock.config import merging, paths, report
from nexsock.config.node import Node
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

OpenFile = Callable[[str, Origin], Node | None]
"""Takes the name of a file, relative to the project, and where it is named; gives the file's document with its
variables in place, or None when it has already reported why there is none."""

MAX_CHAIN = 50
"""services that extend each other one after the other; a chain that long is a mistake or an attack"""

_Step = tuple[str, str, Origin]
"""file, service, and where the step to it is written"""


def extend(document: Node, open_file: OpenFile, problems: list[Problem], *, allow_outside: bool = False) -> Node:
    """The document with every `extends` carried out and gone. A service whose base is wrong keeps its own fields.

    Its own paths are relative to the project already; those of the files that it opens become so.
    """
    services = document.mapping.get("services")
    if services is None or not isinstance(services.value, dict):
        return document
    if not any(isinstance(service.value, dict) and "extends" in service.value for service in services.value.values()):
        return document
    extension = _Extension(document, open_file, problems, allow_outside)
    file = document.origin.file
    extended = {name: extension.service(file, name, service, ()) for name, service in services.value.items()}
    return replace(document, value={**document.mapping, "services": replace(services, value=extended)})


class _Extension:
    def __init__(self, document: Node, open_file: OpenFile, problems: list[Problem], allow_outside: bool) -> None:
        self.open_file = open_file
        self.problems = problems
        self.allow_outside = allow_outside
        self.documents: dict[str, Node | None] = {document.origin.file: document}
        self.finished: dict[tuple[str, str], Node] = {}

    def service(self, file: str, name: str, service: Node, trail: tuple[_Step, ...]) -> Node:
        """A service of `file` with its bases below it; `trail` is how the extending services led here."""
        if (file, name) not in self.finished:
            self.finished[file, name] = self._extended(file, name, service, trail)
        return self.finished[file, name]

    def _extended(self, file: str, name: str, service: Node, trail: tuple[_Step, ...]) -> Node:
        if not isinstance(service.value, dict) or "extends" not in service.value:
            return service
        fields = {key: child for key, child in service.value.items() if key != "extends"}
        own = replace(service, value=fields, keys={key: service.keys[key] for key in fields if key in service.keys})
        named = self._named(service.value["extends"], file)
        if named is None:
            return own
        base_file, base_name, origin = named
        trail = (*trail, (file, name, origin))
        if any((base_file, base_name) == step[:2] for step in trail):
            self._report_circle(base_file, base_name, trail)
            return own
        if len(trail) > MAX_CHAIN:
            report.error(self.problems, origin, f"more than {MAX_CHAIN} services extend each other in a chain")
            return own
        base = self._base(base_file, base_name, origin, file)
        if base is None:
            return own
        return merging.merge(self.service(base_file, base_name, base, trail), own, merging.SERVICE)

    def _named(self, extends: Node, file: str) -> _Step | None:
        """The file and service that an `extends` names, or None where its form is wrong: the schema says so."""
        if isinstance(extends.value, str):
            return file, extends.value, extends.origin
        if not isinstance(extends.value, dict) or "service" not in extends.value:
            return None
        service, other = extends.value["service"], extends.value.get("file")
        if not isinstance(service.value, str):
            return None
        if other is None:
            return file, service.value, service.origin
        if not isinstance(other.value, str):
            return None
        path = paths.join(paths.folder(file), other.value)
        if not (self.allow_outside or paths.inside(path, other.origin, self.problems)):
            return None
        if path not in self.documents:
            opened = self.open_file(path, other.origin)
            self.documents[path] = paths.rebase(opened, paths.folder(path)) if opened else None
        return path, service.value, service.origin

    def _base(self, file: str, name: str, origin: Origin, by_file: str) -> Node | None:
        document = self.documents[file]
        if document is None:
            return None
        services = document.mapping.get("services")
        known = services.value if services and isinstance(services.value, dict) else {}
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            where = "" if file == by_file else f" in {file}"
            advice = f"did you mean '{near[0]}'?" if near else None
            report.error(self.problems, origin, f"there is no service '{name}'{where} to extend", advice)
        return known.get(name)

    def _report_circle(self, file: str, name: str, trail: tuple[_Step, ...]) -> None:
        """Once for a circle, at its first place, however it was entered."""
        start = next(index for index, step in enumerate(trail) if step[:2] == (file, name))
        circle = trail[start:]
        first = circle.index(min(circle, key=lambda step: step[2]))
        circle = circle[first:] + circle[:first]
        steps = " → ".join(f"{step[1]} ({step[2]})" for step in circle)
        message = f"services extend each other in a circle: {steps} → {circle[0][1]}"
        report.error(self.problems, circle[0][2], message, "take out one of these 'extends'")
