"""The variables of a service, from everywhere they can come from.

Later wins: the project's env files and environment, the service's env files, the variables of its tunnels and ports,
its own environment. A name without a value takes the caller's, or is unset.
"""

from collections.abc import Mapping
from typing import Literal, cast

from nexsock.config import envfile, report
from nexsock.config.circumstances import Facts
from nexsock.config.fields import Fields, as_flag, as_text
from nexsock.config.node import Node
from nexsock.config.source import Unreadable

Variables = dict[str, str | None]
"""None: unset, whatever a lower rank says"""


def of_project(document: Fields, facts: Facts) -> Variables:
    """What the top level of the file says for every service."""
    return {**_from_files(document, facts), **_written(document, facts)}


def of_service(
    service: Fields, common: Mapping[str, str | None], ports: Mapping[str, str], facts: Facts
) -> dict[str, str]:
    """The finished variables of one service, `common` being the project's."""
    ranked: Variables = {**common, **_from_files(service, facts), **ports, **_written(service, facts)}
    return {name: value for name, value in ranked.items() if value is not None}


def _written(fields: Fields, facts: Facts) -> Variables:
    written = fields.assignments("environment")
    for name in written:
        if not name or "\0" in name or "=" in name:
            fields.key_error("environment", f"{name!r} cannot be the name of a variable", "use letters, digits and _")
    return {name: facts.environ.get(name) if value is None else value for name, value in written.items() if name}


def _from_files(fields: Fields, facts: Facts) -> Variables:
    variables: Variables = {}
    for item in fields.items("env_file"):
        variables.update(_from_file(fields, item, facts))
    return variables


def _from_file(fields: Fields, item: Node, facts: Facts) -> dict[str, str]:
    entry = item.mapping if isinstance(item.value, dict) else {"path": item}
    path = fields.absolute(as_text(entry["path"]))
    form = cast(Literal["dotenv", "properties", "raw"], as_text(entry["format"]) if "format" in entry else "dotenv")
    required = as_flag(entry["required"]) if "required" in entry else True
    facts.watched.append(path)
    try:
        text = facts.read(path)
    except Unreadable as fault:
        if required or not fault.missing:
            advice = fault.advice or ("create it, or write 'required: false'" if fault.missing else None)
            report.error(facts.problems, entry["path"].origin, f"the env file {facts.shown(path)} {fault}", advice)
        return {}
    variables, faults = envfile.parse(text, form, facts.variables, facts.shown(path))
    facts.problems.extend(problem for problem in faults if problem not in facts.problems)
    return variables
