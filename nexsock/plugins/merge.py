"""What becomes of a start or a stop when one plugin more has changed it. Pure."""

import shlex

from msgspec.structs import replace

from nexsock.hooks import Changes, StartVerdict, StopVerdict
from nexsock.model.plugin import PluginChange


def start(before: StartVerdict, plugin: str, changes: Changes) -> StartVerdict:
    """With these changes made; what is as it was already is no change."""
    made: list[PluginChange] = []
    environment = dict(before.environment)
    for name, new in (changes.environment or {}).items():
        old = environment.pop(name, None)
        if new is not None:
            environment[name] = new
        if old != new:
            made.append(PluginChange(plugin=plugin, field=f"environment.{name}", old=old, new=new))
    command = changes.command or before.command
    if command != before.command:
        old, new = shlex.join(before.command), shlex.join(command)
        made.append(PluginChange(plugin=plugin, field="command", old=old, new=new))
    return replace(before, command=command, environment=environment, changes=(*before.changes, *made))


def stop(before: StopVerdict, plugin: str, changes: Changes) -> StopVerdict:
    """As `start`."""
    grace_s = before.grace_s if changes.grace_s is None else changes.grace_s
    if grace_s == before.grace_s:
        return before
    made = PluginChange(plugin=plugin, field="grace_s", old=f"{before.grace_s:g}", new=f"{grace_s:g}")
    return replace(before, grace_s=grace_s, changes=(*before.changes, made))
