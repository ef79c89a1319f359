"""The settings of this daemon, read once when it starts.

The file is read by the loading worker. What it said last is kept in the runtime folder, so a file that did not change
starts no worker, and one that is broken by now leaves the daemon with what it said before.
"""

import hashlib
import logging
import os
from collections.abc import Mapping

import msgspec

from nexsock import errors
from nexsock.daemon.loader import Loader
from nexsock.model import settings
from nexsock.model.settings import Told
from nexsock.places import Places
from nexsock.runtime import files

_log = logging.getLogger(__name__)

FILE = "settings.msgpack"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the file with this digest said."""

    digest: str
    told: dict[str, Told]


async def read(places: Places, loader: Loader, environ: Mapping[str, str]) -> dict[str, Told]:
    """What holds of each setting (model.settings). A broken file is told in the log; `nexsock doctor` shows it."""
    for sentence in settings.ignored(environ):
        _log.warning("%s", sentence)
    return settings.effective(environ, await _of_file(places, loader))


def plugins_dir(told: Mapping[str, Told], places: Places) -> str:
    """Where the user's plugins are."""
    return os.path.expanduser(told["plugins.dir"].value) or places.plugins_dir


async def _of_file(places: Places, loader: Loader) -> Mapping[str, Told]:
    try:
        with open(places.settings_file, "rb") as file:  # noqa: ASYNC230 nobody is served yet
            digest = hashlib.blake2b(file.read(), digest_size=16).hexdigest()
    except FileNotFoundError:
        return {}
    except OSError as error:
        _log.warning("%s cannot be read: %s", places.settings_file, error.strerror)
        return {}
    path = f"{places.runtime_dir}/{FILE}"
    kept = _kept(path)
    if kept is not None and kept.digest == digest:
        return kept.told
    try:
        told = await loader.settings(places.settings_file)
    except errors.NexsockError as error:
        _log.warning("the settings are %s: %s", "those of before" if kept is not None else "the defaults", error)
        return kept.told if kept is not None else {}
    try:
        files.write_atomically(path, msgspec.msgpack.encode(Kept(digest=digest, told=told)))
    except OSError as error:
        _log.warning("the settings are not kept: %s", error.strerror)
    return told


def _kept(path: str) -> Kept | None:
    try:
        with open(path, "rb") as file:
            return msgspec.msgpack.decode(file.read(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return None
