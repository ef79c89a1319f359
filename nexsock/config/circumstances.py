"""What building knows besides the document: folders, variables, and where problems go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nexsock.config.references import ServiceFacts
from nexsock.config.source import Reader
from nexsock.model.problem import Problem

PortChooser = Callable[[str, str], int | None]
"""Service and port name to a free port that stays the same: what `auto` asks for. None when no number is left."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The circumstances of one load. `variables` are the caller's environment over `.env`."""

    directory: str
    environ: Mapping[str, str]
    variables: Mapping[str, str]
    home: str
    read: Reader
    shown: Callable[[str], str]
    """the name that places give to the file at an absolute path"""
    problems: list[Problem]
    active: frozenset[str] = frozenset()
    config_digests: dict[str, str] = field(default_factory=dict)
    """of the rendered configs, by the names that `config_name` gives"""
    ports: PortChooser = lambda _service, _port: None
    replicas: Mapping[str, int] = field(default_factory=dict)
    """the numbers of instances, of services that have several"""
    tunnels: Mapping[str, Mapping[str, ServiceFacts]] = field(default_factory=dict)
    """the local addresses of dependents, as `tunnels.planned` gives them"""
    watched: list[str] = field(default_factory=list)
    """gets the absolute path of each file whose content went in"""
