"""What `--host` names: a daemon that listens on TCP, with the token that opens it, or one that ssh leads to."""

import os
import stat
from collections.abc import Mapping

from nexsock import errors, places


def tcp_address(text: str) -> tuple[str, int]:
    """Host and port of "tcp://127.0.0.1:7070" or "tcp://[::1]:7070".

    Raises:
        UsageError: an address that cannot be understood.
    """
    scheme, _, rest = text.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme != "tcp" or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise errors.UsageError(
            f"--host {text}: this is no address", hint="write it like tcp://127.0.0.1:7070 or ssh://user@box"
        )
    return host.strip("[]"), int(port)


def token(environ: Mapping[str, str], uid: int) -> bytes:
    """The token of the daemon: in the file that NEXSOCK_TOKEN_FILE names, else where a daemon of this user puts it.

    Raises:
        Refused: there is no such file, it is open to others, or it holds no token.
    """
    path = environ.get("NEXSOCK_TOKEN_FILE") or places.from_environ(environ, uid).state_dir + "/token"
    advice = "name the file with the daemon's token with NEXSOCK_TOKEN_FILE"
    try:
        with open(path, encoding="ascii") as file:
            found = os.fstat(file.fileno())
            secret = bytes.fromhex(file.read())
    except OSError as error:
        raise errors.Refused(f"{path} cannot be read: {(error.strerror or '').lower()}", hint=advice) from None
    except ValueError:
        raise errors.Refused(f"{path} holds no token", hint=advice) from None
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise errors.Refused(f"{path} is open to other users", hint=f"run 'chmod 600 {path}'")
    return secret
