"""What travels between the daemon and the process of one plugin, on a pair of sockets.

A frame is a length (4 bytes, big endian) and a packed struct (model.packed). The daemon begins with a Load and is
answered with a Ready; then each Call is answered with a Returned before the next one comes. Nothing else is said.
"""

import struct
from typing import Any

from msgspec import Struct

LENGTH = struct.Struct(">I")
FRAME_LIMIT_BYTES = 1024 * 1024
"""What an answer may be; a plugin that sends more is ended. A call may be as large as an environment."""
STORAGE_LIMIT_BYTES = 256 * 1024


class Load(Struct, frozen=True, kw_only=True):
    """The plugin, as it was read and judged: what runs is these bytes, whatever has become of the file.

    `parent` is the daemon that the process must not outlive. `module` is the name to import a package's plugin by, ""
    for a single file. `mark` marks the process and all that it starts (keeper.mark). `storage` is what it has kept.
    """

    name: str
    path: str
    source: bytes
    module: str = ""
    root: str = ""
    """the folder that it is imported from"""
    capabilities: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    """those that it will be asked for"""
    mark: int = 0
    parent: int = 0
    storage: dict[str, Any] = {}
    variables: dict[str, str] = {}
    """those of the daemon's that its manifest names"""


class Ready(Struct, frozen=True, kw_only=True):
    """It is loaded. `fault`: it is not, and will not be."""

    hooks: tuple[str, ...] = ()
    """those of which it has a function"""
    fault: str = ""


class Call(Struct, frozen=True, kw_only=True):
    """`arguments` are the fields of the hook's event; `services` what `nexsock.services()` gives meanwhile."""

    number: int
    hook: str
    arguments: dict[str, Any]
    services: tuple[dict[str, Any], ...] = ()


class Returned(Struct, frozen=True, kw_only=True):
    """The answer as it was given, or, as the end of a sentence about the plugin, what went wrong instead.

    `storage` is all that it keeps, when that has changed.
    """

    number: int
    answer: Any = None
    fault: str = ""
    storage: dict[str, Any] | None = None
