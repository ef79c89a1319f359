"""How the reasons of steps are worded."""

from collections.abc import Sequence

from nexsock.model.plan import FieldChange
from nexsock.model.project import Project
from nexsock.model.service import Service


def removed(project: Project, name: str) -> str:
    """`web is scaled to 2`, or that the file has it no more."""
    group, _, number = name.rpartition("-")
    instances = project.groups.get(group)
    if instances is not None and number.isdecimal():
        return f"{group} is scaled to {len(instances)}"
    return f"no longer in {file_of(project)}"


def file_of(project: Project) -> str:
    """`nexsock.yaml`, or what its first file is called."""
    return project.files[0].rsplit("/", 1)[-1] if project.files else "the project"


def cloned_first(service: Service) -> str:
    """What is said beside the reason of a start that has to wait for its checkout."""
    return f"; {service.git.url or service.git.path} is cloned first" if service.git is not None else ""


def changed_fields(fields: tuple[FieldChange, ...]) -> str:
    """`environment.PORT changed`, `command and 2 more changed`."""
    return f"{_first_of([field.path for field in fields])} changed" if fields else "its definition changed"


def changed_secrets(service: Service, variables: Sequence[str]) -> str:
    """`secret db_password changed`, by the variables that would have another value."""
    given = service.launch.secrets
    names = dict.fromkeys(given[variable].name for variable in variables if variable in given)
    return f"secret {_first_of([*names])} changed" if names else "a secret changed"


def _first_of(names: Sequence[str]) -> str:
    """`command`, `command and 2 more`."""
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def changed_inputs(files: Sequence[str]) -> str:
    """`inputs changed: db/2.sql and 3 more`, or just that they did."""
    return f"inputs changed: {_first_of(files)}" if files else "its inputs changed"


def listed(names: Sequence[str]) -> str:
    """`db`, `db and web`, `db, web and api`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
