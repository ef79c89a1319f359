"""Which services a set of profiles makes active."""

from collections.abc import Iterable

from nexsock.config import forms
from nexsock.config.node import Node

EVERY = "*"
"""the profile name that stands for all profiles, as in Compose"""


def select(document: Node, profiles: Iterable[str]) -> set[str]:
    """Names of the services that are active: those without profiles, those in one of `profiles`, and their needs.

    A needed service comes in whatever its own profiles are, unless the dependency says `required: false`.
    """
    services = document.mapping.get("services")
    if services is None or not isinstance(services.value, dict):
        return set()
    wanted = set(profiles)
    waiting = [name for name, service in services.value.items() if _is_active(service, wanted)]
    active: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in services.value and name not in active:
            active.add(name)
            waiting += _needs(services.value[name])
    return active


def _is_active(service: Node, wanted: set[str]) -> bool:
    if not isinstance(service.value, dict) or "profiles" not in service.value:
        return True
    own = forms.sequence(service.value["profiles"])
    names = {str(item.value) for item in own.items} if isinstance(own.value, list) else set()
    return not names or EVERY in wanted or bool(names & wanted)


def _needs(service: Node) -> list[str]:
    if not isinstance(service.value, dict) or "depends_on" not in service.value:
        return []
    dependencies = forms.dependencies(service.value["depends_on"])
    if not isinstance(dependencies.value, dict):
        return []
    return [name for name, dependency in dependencies.value.items() if _is_required(dependency)]


def _is_required(dependency: Node) -> bool:
    fields = dependency.value if isinstance(dependency.value, dict) else {}
    return "required" not in fields or fields["required"].value is not False
