"""Names of services and projects: what is allowed, and the stable id of a project."""

import re
from hashlib import blake2b

SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def name_fault(name: str) -> str | None:
    """What is wrong with a service name, as the end of a sentence, or None."""
    if SERVICE_NAME.fullmatch(name):
        return None
    return "may have 1 to 64 letters, digits, dots, underscores and hyphens, and starts with a letter or digit"


def project_id(directory: str) -> str:
    """The identity of the project in a resolved folder: its name for people and a hash, safe as a file name.

    Two worktrees of one repository are two folders and so two projects.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", directory.rsplit("/", 1)[-1].lower()).strip("-")[:32] or "project"
    return f"{readable}-{blake2b(directory.encode('utf-8', 'surrogateescape'), digest_size=5).hexdigest()}"


def variable_name(text: str) -> str:
    """The part of an environment variable's name made from a service or port name: "my-db" gives "MY_DB"."""
    return re.sub(r"[^A-Za-z0-9]", "_", text).upper()
