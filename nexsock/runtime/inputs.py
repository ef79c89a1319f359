"""The content of the files that a oneshot reads, as one digest: whether it must run again is a comparison."""

import glob
import os
from collections.abc import Iterable
from hashlib import blake2b, file_digest


def digest(patterns: Iterable[str]) -> str:
    """32 hex digits over names and contents of the files that match; "" without patterns.

    Times and modes do not count, and neither does a file that cannot be read: it is as good as missing.

    Args:
        patterns: absolute globs; "**" crosses folders. A folder stands for everything below it.
    """
    patterns = tuple(patterns)
    if not patterns:
        return ""
    whole = blake2b(digest_size=16)
    for path in sorted({path for pattern in patterns for path in _files(pattern)}):
        try:
            with open(path, "rb") as file:
                content = file_digest(file, "blake2b").digest()
        except OSError:
            continue
        whole.update(os.fsencode(path) + b"\0" + content)
    return whole.hexdigest()


def _files(pattern: str) -> Iterable[str]:
    for found in glob.iglob(pattern, recursive=True, include_hidden=True):
        if os.path.isdir(found):
            for folder, _, names in os.walk(found):
                yield from (os.path.join(folder, name) for name in names)
        else:
            yield found
