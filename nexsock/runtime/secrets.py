"""The secrets of runs: fetched when a run is launched, kept in files of its own, gone with it.

    FOLDER/INSTANCE/db_password      what DB_PASSWORD_FILE names
    FOLDER/INSTANCE/=DB_PASSWORD     the value of a variable: hooks and probes of the run get it, too, also from a
                                     brain that was started after it

All of it is 0600 in folders of 0700. A value never leaves this module but to a process of the service and to the
veil that keeps it out of what is shown.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from subprocess import DEVNULL

from nexsock import errors
from nexsock.model.service import Secret
from nexsock.places import make_private
from nexsock.runtime import command, files

COMMAND_LIMIT_S = 30.0
"""How long the command of a secret may take: time enough to touch a key, not to hang a start."""
MAX_BYTES = 1024 * 1024
KEY_BYTES = 32


class Secrets:
    """The values of one project's runs.

    Args:
        folder: private, and in memory where the system has a runtime folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    async def give(
        self,
        instance: str,
        secrets: Mapping[str, Secret],
        *,
        caller: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> dict[str, str]:
        """Fetch the values for a run and lay them down; the variables that it gets.

        Args:
            secrets: by variable.
            caller: the variables that `environment` sources name.
            environment: what commands are run with.
        Raises:
            LaunchError: one cannot be had; the text names its source and shows nothing of it.
        """
        if not secrets:
            return {}
        values = {}
        for variable, secret in secrets.items():
            values[variable] = await _fetch(secret, caller, environment)
            if not secret.target and b"\0" in values[variable]:
                raise errors.LaunchError(
                    f"secret '{secret.name}' has a NUL character, which no variable can hold",
                    hint="give it as a file: take out its 'env'",
                )
        await asyncio.to_thread(self._lay_down, instance, secrets, values)
        return self.variables(instance, secrets)

    def variables(self, instance: str, secrets: Mapping[str, Secret]) -> dict[str, str]:
        """The variables of a run; those that it was not given are not there."""
        found = {}
        for variable, secret in secrets.items():
            path = self.path(instance, variable, secret)
            if secret.target:
                found[variable] = path
                continue
            with contextlib.suppress(OSError), open(path, "rb") as file:
                found[variable] = os.fsdecode(file.read())
        return found

    def values(self, instance: str = "") -> list[str]:
        """Every value that lies here, or those of one run."""
        found = []
        for folder, _, names in os.walk(f"{self._folder}/{instance}"):
            for name in names:
                with contextlib.suppress(OSError), open(f"{folder}/{name}", "rb") as file:
                    found.append(file.read().decode(errors="replace"))
        return found

    def take(self, instance: str) -> None:
        """Remove what a run was given."""
        shutil.rmtree(f"{self._folder}/{instance}", ignore_errors=True)

    def keep_only(self, instances: Iterable[str]) -> None:
        """Remove what no run of these needs."""
        kept = frozenset(instances)
        for name in self.instances():
            if name not in kept:
                self.take(name)

    def instances(self) -> list[str]:
        """The runs that something lies here for."""
        try:
            return sorted(os.listdir(self._folder))
        except OSError:
            return []

    def path(self, instance: str, variable: str, secret: Secret) -> str:
        """Where the value lies that a run was given."""
        return f"{self._folder}/{instance}/{secret.target or '=' + variable}"

    def _lay_down(self, instance: str, secrets: Mapping[str, Secret], values: Mapping[str, bytes]) -> None:
        try:
            for folder in (self._folder, f"{self._folder}/{instance}"):
                make_private(folder, os.getuid())
            for variable, secret in secrets.items():
                files.write_atomically(self.path(instance, variable, secret), values[variable])
        except OSError as error:
            raise errors.LaunchError(f"secrets cannot be written to {self._folder}: {error}") from error


async def _fetch(secret: Secret, caller: Mapping[str, str], environment: Mapping[str, str]) -> bytes:
    """The value: of a file all of it when the service gets a file, in all other cases without the final newline."""
    if secret.command:
        return await _output(secret, environment)
    if secret.environment:
        value = caller.get(secret.environment)
        if value is None:
            raise errors.LaunchError(
                f"secret '{secret.name}': the variable {secret.environment} is not set where nexsock was called",
                hint="export it, then run 'nexsock up' again",
            )
        return os.fsencode(value)
    try:
        content = await asyncio.to_thread(read, secret.file)
    except OSError as error:
        raise errors.LaunchError(
            f"secret '{secret.name}': {secret.file}: {(error.strerror or str(error)).lower()}",
            hint="create it, or correct the path",
        ) from error
    return content if secret.target else _without_newline(content)


async def _output(secret: Secret, environment: Mapping[str, str]) -> bytes:
    shown = secret.command[0] if len(secret.command) == 1 else " ".join(secret.command[-1:])
    hint = f"run it yourself to see why: {shown}"
    try:
        status, said = await command.collect(
            secret.command,
            cwd=secret.directory,
            environment=dict(environment),
            timeout_s=COMMAND_LIMIT_S,
            errors=DEVNULL,
            limit_bytes=MAX_BYTES,
        )
    except OSError as error:
        raise errors.LaunchError(f"the command of secret '{secret.name}' cannot be run: {error}") from error
    if status is None:
        raise errors.LaunchError(
            f"the command of secret '{secret.name}' took longer than {COMMAND_LIMIT_S:g}s", hint=hint
        )
    if status != 0:
        raise errors.LaunchError(f"the command of secret '{secret.name}' exited with {status}", hint=hint)
    if not (value := _without_newline(said)):
        raise errors.LaunchError(f"the command of secret '{secret.name}' printed nothing", hint=hint)
    return value


def read(path: str) -> bytes:
    """The content of a secret's file.

    Raises:
        OSError: it cannot be read, is no plain file, or is larger than MAX_BYTES.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "not a plain file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(None, f"larger than {MAX_BYTES // 1024} KiB")
    return content


def _without_newline(content: bytes) -> bytes:
    return content.removesuffix(b"\n").removesuffix(b"\r")


def look(secrets: Mapping[str, Secret], caller: Mapping[str, str], key: bytes) -> tuple[dict[str, str], list[str]]:
    """What can be known of secrets before a start: commands are not run.

    Returns:
        A digest of each by its variable, keyed so that it says nothing of the value, and the values.
    """
    digests, values = {}, []
    for variable, secret in secrets.items():
        with contextlib.suppress(OSError):
            if secret.file:
                content = read(secret.file)
            elif secret.environment in caller:
                content = os.fsencode(caller[secret.environment])
            else:
                continue
            digests[variable] = hashlib.blake2b(content, key=key, digest_size=8).hexdigest()
            values.append(content.decode(errors="replace"))
    return digests, values


def key(path: str) -> bytes:
    """The user's own key for digests, made when there is none.

    Raises:
        OSError: it can be neither read nor made.
    """
    try:
        with open(path, "rb") as file:
            if len(found := file.read(KEY_BYTES)) == KEY_BYTES:
                return found
    except FileNotFoundError:
        pass
    made = os.urandom(KEY_BYTES)
    files.write_atomically(path, made)
    return made
