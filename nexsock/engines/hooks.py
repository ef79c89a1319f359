"""Run the hooks of a service, one after the other; the first that fails ends it."""

from collections.abc import Iterable, Mapping

from nexsock import errors
from nexsock.model.service import Hook
from nexsock.runtime import command

SHOWN_LINES = 5
"""Of the output of a hook that failed."""


class HookFailed(errors.LaunchError):
    """A hook did not succeed; the text has its last lines."""


async def run(name: str, hooks: Iterable[Hook], environment: Mapping[str, str], working_dir: str) -> None:
    """Run these hooks, the variables of each added to those of the run.

    Args:
        name: when they run, such as "pre_start".
        working_dir: of the service; a hook may name another.
    Raises:
        HookFailed: one exited with another status than 0, or took too long.
        OSError: one could not be executed.
    """
    for hook in hooks:
        shown = " ".join(hook.command[2:] if hook.command[1:2] == ("-c",) else hook.command)
        ended = await command.run(
            hook.command,
            cwd=hook.working_dir or working_dir,
            environment={**environment, **hook.environment},
            timeout_s=hook.timeout_s,
        )
        if not ended.ok:
            how = f"took longer than {hook.timeout_s:g}s" if ended.status is None else f"exited with {ended.status}"
            last = "\n".join(ended.output.splitlines()[-SHOWN_LINES:])
            raise HookFailed(f"{name} hook '{shown}' {how}" + (f":\n{last}" if last else ""))
