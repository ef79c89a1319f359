"""What is seen of secrets before a start: which have another value than the runs that have them were given.

Files and the caller's variables are read, commands are not run: what a command gives is known at the next start.
"""

import asyncio
from collections.abc import Mapping

from nexsock.masking import Veil
from nexsock.model.project import Project
from nexsock.model.service import Secret
from nexsock.runtime import secrets


class SecretValues:
    """The secrets of one project's services.

    Args:
        key_path: of the key that makes digests say nothing.
        veil: learns every value that is seen.
    """

    def __init__(self, key_path: str, veil: Veil) -> None:
        self._key_path = key_path
        self._veil = veil
        self._key: bytes | None = None

    async def look(self, project: Project, caller: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Digests by service and variable, as in `Observed.secrets`; read in a thread."""
        declared = {name: found for name, one in project.services.items() if (found := one.launch.secrets)}
        if not declared:
            return {}
        return await asyncio.to_thread(lambda: {name: self._look_at(given, caller) for name, given in declared.items()})

    def _look_at(self, given: Mapping[str, Secret], caller: Mapping[str, str]) -> dict[str, str]:
        self._key = self._key or secrets.key(self._key_path)
        digests, values = secrets.look(given, caller, self._key)
        self._veil.learn(values)
        return digests
