"""What services are given as secrets: where each value comes from and under which variable it is found.

No value is read here: a Project can be shown, sent and kept, and the values are none of its business.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from nexsock.config import report
from nexsock.config.circumstances import Facts
from nexsock.config.fields import Fields
from nexsock.config.node import Node
from nexsock.model.names import variable_name
from nexsock.model.service import Secret

SOURCES = ("file", "environment", "command")


def declared(document: Node, facts: Facts) -> dict[str, Secret]:
    """The secrets of the document by name, with their sources."""
    nodes = document.mapping["secrets"].mapping if "secrets" in document.mapping else {}
    found: dict[str, Secret] = {}
    for name, node in nodes.items():
        fields = Fields(node, facts.directory, facts.home, facts.problems)
        given = [source for source in SOURCES if source in fields]
        if len(given) == 1:
            found[name] = _declared(name, fields)
            continue
        which = f"here are {' and '.join(given)}" if given else "none is here"
        message = f"secret '{name}' comes from one of file, environment and command, but {which}"
        report.error(facts.problems, node.origin, message)
    return found


def _declared(name: str, fields: Fields) -> Secret:
    return Secret(
        name=name,
        file=fields.path("file") if "file" in fields else "",
        environment=fields.text("environment"),
        command=fields.command("command"),
        directory=fields.directory if "command" in fields else "/",
    )


def of_service(fields: Fields, secrets: Mapping[str, Secret], facts: Facts) -> dict[str, Secret]:
    """The secrets of a service by variable; unknown names are left to `check`.

    `db_password` is in the file that DB_PASSWORD_FILE names; with `env` a variable holds the value itself.
    """
    found: dict[str, Secret] = {}
    for item in fields.items("secrets"):
        given = fields.below(item if isinstance(item.value, dict) else Node({"source": item}, item.origin))
        secret = secrets.get(given.text("source"))
        if secret is None:
            continue
        variable, target = _place(given)
        if variable in found:
            message = f"'{found[variable].name}' and '{secret.name}' are both given as {variable}"
            report.error(facts.problems, item.origin, message, "give one of them another 'env' or 'target'")
        found[variable] = replace(secret, target=target)
        if secret.file:
            facts.watched.append(secret.file)
    return found


def _place(given: Fields) -> tuple[str, str]:
    """The variable, and the name of the file where it is to hold a path."""
    if "env" in given:
        if "target" in given:
            given.key_error("target", "a secret with 'env' is in no file", "keep one of 'env' and 'target'")
        return given.text("env"), ""
    target = given.text("target") or given.text("source")
    return f"{variable_name(target)}_FILE", target
