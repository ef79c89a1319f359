"""Model to rows and back. Pure: nothing here remembers anything or touches a file."""

import shlex

import msgspec

from nexsock import masking
from nexsock.model.project import Project
from nexsock.model.service import Dependency, Service
from nexsock.model.state import Health, Record, Run, Snapshot
from nexsock.store.tables import ConfigRow, DependencyRow, LaunchRow, RunRow, ServiceRow

FORMATS = {
    ".env": "env",
    ".properties": "properties",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
}


NOT_STORED = frozenset({"applied", "held", "asked_at"})
"""Fields of a record that no row has: environment values may be secret, and the next plan says anew what is held."""

_RENAMED = frozenset({"phase", "run", "health"})
_SAME = tuple(name for name in Record.__struct_fields__ if name not in NOT_STORED | _RENAMED)
"""Fields that a record and its row share, by name and type."""


def service_row(row_id: int, record: Record, *, port: int | None, config_id: int | None) -> ServiceRow:
    """The row of a service; its run is a row of its own (`run_row`).

    Of the health only the verdict is kept: a probe that finds what the last one found must not write a file.
    """
    return ServiceRow(
        id=row_id,
        port=port,
        config_id=config_id,
        status=record.phase,
        run=record.run.number if record.run else None,
        health=record.health.verdict if record.health else None,
        **{name: getattr(record, name) for name in _SAME},
    )


def record_of(row: ServiceRow, run: Run | None) -> Record | None:
    """The record that a row and the run it names make; None if nothing was recorded."""
    if row.status is None:
        return None
    return Record(
        phase=row.status,
        run=run,
        health=Health(verdict=row.health) if row.health else None,
        **{name: getattr(row, name) for name in _SAME},
    )


def run_row(row_id: int, service_id: int, run: Run) -> RunRow:
    return RunRow(id=row_id, service_id=service_id, **msgspec.structs.asdict(run))


def run_of(row: RunRow) -> Run:
    return Run(**{name: getattr(row, name) for name in Run.__struct_fields__})


def launch_row(row_id: int, service_id: int, fingerprint: str, launch: Snapshot) -> LaunchRow:
    return LaunchRow(
        id=row_id, service_id=service_id, fingerprint=fingerprint, fields=launch.fields, marks=launch.marks
    )


def launch_of(row: LaunchRow) -> Snapshot:
    return Snapshot(fields=row.fields, marks=row.marks)


def config_row(row_id: int, service: Service, project: Project) -> ConfigRow:
    """How `service` is run, as its project says."""
    target = next((project.configs[name].target for name in service.launch.configs if name in project.configs), None)
    return ConfigRow(
        id=row_id,
        filename=target,
        format=format_of(target) if target else None,
        run_command=masking.hidden(shlex.join(service.launch.command), masking.telling(service.launch.environment)),
    )


def dependency_row(row_id: int, service_id: int, needed_id: int, dependency: Dependency) -> DependencyRow:
    return DependencyRow(
        id=row_id,
        service_id=service_id,
        dependent_service_id=needed_id,
        condition=dependency.condition,
        tunnel_enabled=dependency.tunnel,
    )


def format_of(target: str) -> str:
    """The format that a config's file name stands for; "env" when it does not say."""
    return next((name for suffix, name in FORMATS.items() if target.endswith(suffix)), "env")


def first_port(service: Service) -> int | None:
    """The number in `PORT`."""
    return next((port.number for port in service.launch.ports.values()), None)
