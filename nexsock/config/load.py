"""Files to a Project, or all their problems at once: the pipeline of this room.

    each file    read → parse → interpolate → validate → extend → include
    together     merge → apply defaults → resolve references → build → check → order

Every step adds what it finds wrong to one list and goes on with the rest.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from nexsock import checkout, discovery, errors, graph, places
from nexsock.config import (
    autoports,
    build,
    check,
    circumstances,
    envfile,
    fields,
    files,
    git,
    interpolate,
    origins,
    overlay,
    references,
    report,
    scale,
    schema,
    source,
    tree,
    tunnels,
    veil,
    walk,
)
from nexsock.config import (
    paths as path_rules,
)
from nexsock.config.node import Node
from nexsock.config.source import Reader, Unreadable
from nexsock.model import names
from nexsock.model.load import Reserved
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem
from nexsock.model.project import Project, ProjectRef

PLUGIN_ENDS = (".py", ".lua")
MAX_SOURCE_LINE = 300
"""characters of a line that a problem carries for the caret"""

NOTHING_RESERVED = Reserved()

_NUL = re.compile(r"\\(?:0|x00|u0000|U00000000)")
"""how YAML writes the character; text in the file itself cannot hold it"""


def load(
    request: ProjectRef,
    read: Reader = source.read,
    *,
    reserved: Reserved = NOTHING_RESERVED,
    uncloned: bool = False,
    is_folder: Callable[[str], bool] = source.is_folder,
) -> Project:
    """The project that the request's files describe.

    Args:
        reserved: what the numbers of ports that are `auto` are chosen by.
        uncloned: leave out what is included from checkouts that are not there yet; without it that is an error.
        is_folder: whether there is a folder at an absolute path.
    Raises:
        ConfigError: with all problems of all files, sorted by place.
    """
    loading = _start(request, read, reserved)
    loading.uncloned = uncloned
    loading.document()
    project = loading.project(is_folder)
    if project is None:
        raise _config_error(loading.findings())
    return project


def resolved(request: ProjectRef, read: Reader = source.read, *, reserved: Reserved = NOTHING_RESERVED) -> Node:
    """The merged document with everything in place that is known before building; every value has its origin.

    Raises:
        ConfigError: as `load`.
    """
    return _resolved(_start(request, read, reserved))


def veiled(request: ProjectRef, read: Reader = source.read, *, reserved: Reserved = NOTHING_RESERVED) -> Node:
    """As `resolved`, with secrets masked.

    Raises:
        ConfigError: as `load`.
    """
    loading = _start(request, read, reserved)
    return veil.over(_resolved(loading), loading.variables)


def _resolved(loading: _Loading) -> Node:
    document = loading.document()
    if loading.project(source.is_folder) is None:
        raise _config_error(loading.findings())
    return document


def problems(request: ProjectRef, read: Reader = source.read) -> tuple[Problem, ...]:
    """Everything wrong or doubtful about the files, sorted by place; empty when they are fine."""
    try:
        return load(request, read).warnings
    except errors.ConfigError as error:
        return tuple(problem for problem in error.problems if isinstance(problem, Problem))


def locate(request: ProjectRef) -> tuple[str, tuple[str, ...]]:
    """The folder of the request's project and the files to merge, both with links followed to folders.

    Raises:
        ConfigError: there is none.
    """
    paths = list(request.files) or discovery.find(request.directory)
    if not paths:
        raise errors.ConfigError(
            f"there is no {discovery.FILE_NAMES[0]} in {request.directory} or a folder above it",
            hint="write one with 'nexsock init', or name a file with -f",
        )
    directory = os.path.realpath(
        request.directory if request.files and request.directory else os.path.dirname(paths[0])
    )
    return directory, tuple(_absolute(directory, path) for path in paths)


def shown(directory: str, path: str) -> str:
    """The name of a file in messages: relative to the project where it lies below it."""
    below = directory.rstrip("/") + "/"
    return path[len(below) :] if path.startswith(below) else path


def _start(request: ProjectRef, read: Reader, reserved: Reserved) -> _Loading:
    directory, paths = locate(request)
    return _Loading(request, read, directory, paths, reserved)


def _absolute(directory: str, path: str) -> str:
    """The file's path with its folder's links followed, so that names below the project come out relative."""
    folder, name = os.path.split(os.path.join(directory, path))
    return os.path.join(os.path.realpath(folder), name)


def _refuse_nul(document: Node, problems: list[Problem]) -> None:
    """No argument, variable or path can hold a NUL character; the values of configs may, if their format can."""

    def look(scalar: Node, path: walk.Path) -> Node:
        if "\0" in str(scalar.value) and not (path[:1] == ("configs",) and path[2:3] == ("values",)):
            report.error(problems, scalar.origin, "a NUL character ends every text given to the system", "take it out")
        return scalar

    walk.scalars(document, look)


def _config_error(found: tuple[Problem, ...]) -> errors.ConfigError:
    faults = [problem for problem in found if problem.severity == "error"]
    if len(faults) == 1:
        return errors.ConfigError(str(faults[0]), found)
    in_files = ", ".join(dict.fromkeys(problem.file for problem in faults))
    return errors.ConfigError(f"{len(faults)} problems in {in_files}", found)


@dataclass(slots=True)
class _Loading:
    """One load: what was asked, and what has been read and found so far."""

    request: ProjectRef
    read: Reader
    directory: str
    paths: tuple[str, ...]
    reserved: Reserved
    problems: list[Problem] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    lost_files: bool = False
    uncloned: bool = False
    checkouts: dict[str, str] = field(default_factory=dict)
    """the services whose checkouts the files speak of, by path"""
    variables: Mapping[str, str] = field(default_factory=dict)
    ports: autoports.Chooser = field(init=False)
    scaled: scale.Expanded = field(init=False)
    """the document with the instances of its services"""

    @property
    def environ(self) -> Mapping[str, str]:
        return self.request.environ or {}

    @property
    def allow_outside(self) -> bool:
        return self.environ.get(path_rules.ALLOW_OUTSIDE) == "1"

    def document(self) -> Node:
        """The files merged into one document, complete but for what had to be left out."""
        self.variables = {**self._env_files(self.request.env_files, self.directory), **self.environ}
        merged: Node | None = None
        for path in self.paths:
            opened = self._open(path, self.shown(path), None, self.variables)
            if opened is None:
                continue
            self.checkouts.update(git.folders(opened, self.directory))
            opened = overlay.extend(opened, self._open_base, self.problems, allow_outside=self.allow_outside)
            opened = overlay.include(opened, self._open_included, self.problems, allow_outside=self.allow_outside)
            merged = opened if merged is None else overlay.merge(merged, opened)
        complete = overlay.apply_defaults(merged or Node({}, Origin(self.shown(self.paths[0]), 1, 1)))
        written = (one.ports.values() for one in references.services_in(complete).values())
        self.ports = autoports.Chooser(
            names.project_id(self.directory), self.reserved, {number for numbers in written for number in numbers}
        )
        scaled = scale.expand(complete, self.request.scale, self.problems)
        facts = self._facts(scaled.document, scaled)
        self.scaled = replace(scaled, document=references.resolve(scaled.document, facts, []))
        return references.resolve(complete, facts, [] if self.lost_files else self.problems)

    def project(self, is_folder: Callable[[str], bool]) -> Project | None:
        """The finished project, or None when there is an error among the problems."""
        document, scaled = self.scaled.document, self.scaled
        facts = self._build_facts(document)
        configs = files.rendered(document, facts, self._facts(document, scaled), (*self.files, *self.watched))
        facts.config_digests.update({name: config.digest for name, config in configs.items()})
        services = build.build(document, facts)
        check.check(
            document,
            services,
            self.problems,
            damaged=self.damaged,
            complete=not self.lost_files,
            is_folder=is_folder,
        )
        plugins = self._plugins(document)
        found = self.findings()
        if any(problem.severity == "error" for problem in found):
            return None
        needs = {name: [on for on in service.depends_on if on in services] for name, service in services.items()}
        return Project(
            id=names.project_id(self.directory),
            name=self._name(document),
            directory=self.directory,
            files=tuple(self.files),
            watched=tuple(dict.fromkeys((*self.files, *self.watched))),
            services={name: services[name] for name in graph.order(needs)},
            layers=graph.layers(needs),
            configs=configs,
            origins=origins.of(document),
            warnings=found,
            profiles=self._profiles(),
            plugins=plugins,
            auto_ports=self.ports.chosen,
            groups=scaled.groups,
        )

    def findings(self) -> tuple[Problem, ...]:
        """All problems, sorted by place, with the lines that they stand in, and without secrets."""
        lines = {
            file: self.texts[file].split("\n") for file in {problem.file for problem in self.problems} & {*self.texts}
        }
        found = sorted(self.problems, key=lambda problem: problem.place)
        placed = (_with_line(problem, lines.get(problem.file, [])) for problem in found)
        return tuple(veil.over_problem(problem, self.variables) for problem in placed)

    def shown(self, path: str) -> str:
        """As the function of this name."""
        return shown(self.directory, path)

    def _open_base(self, name: str, origin: Origin) -> Node | None:
        path = os.path.normpath(os.path.join(self.directory, name))
        return self._open(path, name, origin, self.variables) if self._stays(path, name, origin) else None

    def _stays(self, path: str, name: str, origin: Origin) -> bool:
        """Whether a file that another one names may be read: no link leads to it out of the project; else reported."""
        if self.allow_outside or not places.leads_out(path, self.directory):
            return True
        self.lost_files = True
        advice = f"copy it into the project, or set {path_rules.ALLOW_OUTSIDE}=1 if you trust what names it"
        report.error(self.problems, origin, f"'{name}' leads out of the project by a link", advice)
        return False

    def _open_included(self, name: str, env_files: tuple[str, ...] | None, origin: Origin) -> Node | None:
        path = os.path.normpath(os.path.join(self.directory, name))
        if not self._stays(path, name, origin):
            return None
        own = self._env_files(
            tuple(os.path.join(self.directory, file) for file in env_files or ()),
            os.path.dirname(path) if env_files is None else None,
        )
        return self._open(path, name, origin, {**own, **self.variables})

    def _open(self, path: str, name: str, origin: Origin | None, variables: Mapping[str, str]) -> Node | None:
        """A file's document with its variables in place and only what the schema allows; None when it is not to be had.

        `origin` is where the file is named, None for those that the request names.
        """
        if path not in self.files:
            self.files.append(path)
        text = self._text(path, name, origin)
        document = None if text is None else tree.compose(text, name, self.problems)
        if document is None:
            self.lost_files = True
            return None
        filled = interpolate.interpolate(document, variables, self.problems)
        if text is not None and _NUL.search(text):
            _refuse_nul(filled, self.problems)
        return schema.validate(filled, self.problems, self.damaged)

    def _text(self, path: str, name: str, origin: Origin | None) -> str | None:
        try:
            text = self.read(path)
        except Unreadable as fault:
            place = origin if origin and fault.line == 1 else Origin(name, fault.line, fault.column)
            if fault.missing and (service := self._uncloned(path)):
                self._miss_clone(name, service, place)
                return None
            report.error(self.problems, place, f"the file {name} {fault}", fault.advice)
            return None
        self.texts[name] = text
        return text

    def _uncloned(self, path: str) -> str | None:
        """The service in whose checkout a missing file would be, if that is missing as a whole."""
        for folder, service in self.checkouts.items():
            there = self._text_if_any(f"{folder}/.git/HEAD") or self._text_if_any(f"{folder}/.git")
            if path.startswith(folder + "/") and there is None:
                return service
        return None

    def _miss_clone(self, name: str, service: str, place: Origin) -> None:
        if not self.uncloned:
            message = f"the file {name} is in the repository of '{service}', which is not cloned yet"
            advice = f"run 'nexsock git clone {service}', look at 'nexsock plan', then go on"
            report.error(self.problems, place, message, advice)

    def _env_files(self, paths: Iterable[str], default_folder: str | None) -> dict[str, str]:
        """The variables of env files, a later one winning; those of a folder's `.env` when none is named."""
        named = [os.path.join(self.directory, path) for path in paths]
        optional = [os.path.join(default_folder, ".env")] if default_folder is not None and not named else []
        variables: dict[str, str] = {}
        for path in named or optional:
            self.watched.append(path)
            name = self.shown(path)
            try:
                text = self.read(path)
            except Unreadable as fault:
                if named or not fault.missing:
                    report.error(self.problems, Origin(name, fault.line, fault.column), f"{name} {fault}", fault.advice)
                continue
            self.texts[name] = text
            found, faults = envfile.parse(text, "dotenv", {**variables, **self.environ}, name)
            variables.update(found)
            self.problems += faults
        return variables

    def _build_facts(self, document: Node) -> circumstances.Facts:
        return circumstances.Facts(
            directory=self.directory,
            environ=self.environ,
            variables=self.variables,
            home=fields.home(self.environ),
            read=self._remembering,
            shown=self.shown,
            problems=self.problems,
            active=frozenset(overlay.select_profiles(document, self._profiles())),
            ports=self.ports,
            tunnels=self._facts(document, self.scaled).tunnels,
            watched=self.watched,
            replicas={instance: number for instance, (_, number) in self.scaled.replicas.items()},
        )

    def _remembering(self, path: str) -> str:
        """Read a file and keep its text, for the lines that problems show."""
        text = self.read(path)
        self.texts[self.shown(path)] = text
        return text

    def _facts(self, document: Node, scaled: scale.Expanded) -> references.Facts:
        around = checkout.Checkout(self.directory, self._text_if_any, self.watched.append)
        found = references.services_in(document, self.ports)
        first = {name: found[instances[0]] for name, instances in scaled.groups.items()}
        services = {**found, **first}
        return references.Facts(
            name=self._name(document),
            directory=self.directory,
            services=services,
            tunnels=tunnels.planned(document, services, scaled.groups, self.ports),
            groups={instance: name for instance, (name, _) in scaled.replicas.items()},
            branch=around.branch,
            sha=around.sha,
        )

    def _text_if_any(self, path: str) -> str | None:
        try:
            return self.read(path)
        except source.Unreadable:
            return None

    def _name(self, document: Node) -> str:
        written = document.mapping.get("name")
        default = os.path.basename(self.directory) or "project"
        return self.request.name or (fields.as_text(written) if written else default)

    def _profiles(self) -> tuple[str, ...]:
        """What was chosen; `.env` may choose, too, as in Compose."""
        chosen = self.variables.get("NEXSOCK_PROFILES", "")
        return self.request.profiles or tuple(part.strip() for part in chosen.split(",") if part.strip())

    def _plugins(self, document: Node) -> tuple[str, ...]:
        """The paths of the project's plugins; what can be none is reported."""
        written = document.mapping.get("plugins")
        found = []
        for item in written.items if written and written.value else ():
            text = fields.as_text(item)
            found.append(fields.Fields(document, self.directory, "", []).absolute(text))
            if not text.endswith(PLUGIN_ENDS):
                advice = f"name a file that ends in {' or '.join(PLUGIN_ENDS)}"
                report.error(self.problems, item.origin, f"plugin {text!r} is neither Python nor Lua", advice)
            elif not found[-1].startswith(f"{self.directory}/"):
                advice = "put it into the project, or among your own plugins (see 'nexsock doctor' for where they are)"
                report.error(self.problems, item.origin, f"plugin {text!r} is not in the project's folder", advice)
        return tuple(found)


def _with_line(problem: Problem, lines: list[str]) -> Problem:
    if problem.source_line is not None or len(lines) < problem.line:
        return problem
    line = lines[problem.line - 1].rstrip("\r")[:MAX_SOURCE_LINE]
    return msgspec.structs.replace(problem, source_line=line)
