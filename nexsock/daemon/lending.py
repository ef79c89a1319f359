"""Secrets for a command that a client becomes (`run`, `exec`): they lie in files until its process has ended.

The client is told where they are and not what they are, so that no value is in an answer.
"""

import asyncio
import os
from collections.abc import Mapping

from nexsock.masking import Veil
from nexsock.model.service import Secret
from nexsock.runtime.secrets import Secrets

_MARK = "pid-"


class Lending:
    """What the processes of clients have of one project's secrets."""

    def __init__(self, secrets: Secrets, veil: Veil) -> None:
        self._secrets = secrets
        self._veil = veil
        self._watched: dict[int, int] = {}

    def lent(self) -> list[str]:
        """The names under which an earlier brain lent something to processes that live; it is taken back in time."""
        pids = [int(name.removeprefix(_MARK)) for name in self._secrets.instances() if name.startswith(_MARK)]
        return [f"{_MARK}{pid}" for pid in pids if self._watch(pid)]

    async def lend(
        self, pid: int, secrets: Mapping[str, Secret], caller: Mapping[str, str], environment: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The variables that hold paths, and the files with the values of the others, by variable.

        Raises:
            LaunchError: a secret cannot be had.
        """
        name = f"{_MARK}{pid}"
        await self._secrets.give(name, secrets, caller=caller, environment=environment)
        self._veil.learn(self._secrets.values(name))
        if not self._watch(pid):
            self._secrets.take(name)
        where = {variable: self._secrets.path(name, variable, secret) for variable, secret in secrets.items()}
        paths = {variable: path for variable, path in where.items() if secrets[variable].target}
        return paths, {variable: path for variable, path in where.items() if variable not in paths}

    def close(self) -> None:
        """Look after it no more; the next brain does."""
        for pid in list(self._watched):
            self._leave(pid)

    def _watch(self, pid: int) -> bool:
        """Take back what a process was lent when it ends; whether it lives."""
        if pid not in self._watched:
            try:
                self._watched[pid] = os.pidfd_open(pid)
            except OSError:
                return False
            asyncio.get_running_loop().add_reader(self._watched[pid], self._ended, pid)
        return True

    def _ended(self, pid: int) -> None:
        self._leave(pid)
        self._secrets.take(f"{_MARK}{pid}")

    def _leave(self, pid: int) -> None:
        descriptor = self._watched.pop(pid)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
