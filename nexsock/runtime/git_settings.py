"""What is laid over git's settings and environment: no prompt, no hook, no program of a repository, no odd transport.

What was cloned is other people's work, and so is what came in an archive with settings of its own. Settings of the
user stay, except where they would ask somebody or go on in the background.
"""

import re
import shlex
from collections.abc import Sequence

from nexsock.model.git import GitSource

TOKEN = "NEXSOCK_GIT_TOKEN"  # noqa: S105 the name of the variable in which it is handed over
TRANSPORTS = "https:ssh:http:git"

VARIABLES = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
}
PROGRAMS = (
    r"^(filter\..*\.(clean|smudge|process)|merge\..*\.driver|diff\..*\.(command|textconv)"
    r"|credential\.(.*\.)?helper|gpg\.(.*\.)?program|gpg\.ssh\.defaultkeycommand)$"
)
"""Settings that name programs and of which there may be any number; those with one name stand in `_SETTINGS`."""

_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.askPass": "",
    "core.pager": "cat",
    "core.alternateRefsCommand": "true",
    "core.gitProxy": "",
    "core.logAllRefUpdates": "true",
    "advice.detachedHead": "false",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "log.showSignature": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "safe.bareRepository": "explicit",
    "protocol.ext.allow": "never",
}
"""No garbage is collected: that would go on in the background. That HEAD moves is written down, for
`commits.moved_since` reads it."""
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
"""Where the user's settings and the certificates of servers are; all else of this kind steers git."""
_OWN = ("local", "worktree")
"""The scopes of settings that lie in the repository."""


def is_kept(name: str) -> bool:
    """Whether a variable of the caller is handed on to git."""
    return name in _KEPT or not (name.startswith("GIT_") or name in ("SSH_ASKPASS", "NEXSOCK_INSTANCE"))


def laid_over(source: GitSource | None) -> tuple[tuple[str, str], ...]:
    """The settings for a command, of which a later one beats an earlier one."""
    return *_SETTINGS.items(), *_helpers(source)


def numbered(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The variables by which git takes settings (git-config(1), GIT_CONFIG_COUNT)."""
    found = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings):
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def without_programs(told: str, source: GitSource | None) -> list[tuple[str, str]]:
    """Settings that take away the programs that a repository's own settings name, and leave those of the user.

    A filter that must run (`required`) makes git refuse then, so that nothing is checked out unfiltered.

    Args:
        told: what `git config --show-scope -z --get-regexp` says: scope, name, a line feed and the value of each.
    """
    words = told.split("\0")
    entries = [(scope, *entry.partition("\n")[::2]) for scope, entry in zip(words[::2], words[1::2], strict=False)]
    own = [name for scope, name, _ in entries if scope in _OWN]
    plain = [(name, "") for name in dict.fromkeys(own) if not _is_helper(name)]
    if source is None or source.auth != "agent" or not any(map(_is_helper, own)):
        return plain
    users = [(name, value) for scope, name, value in entries if scope not in (*_OWN, "command") and _is_helper(name)]
    return [*plain, ("credential.helper", ""), *users]


def _is_helper(name: str) -> bool:
    return name.startswith("credential.")


def _helpers(source: GitSource | None) -> tuple[tuple[str, str], ...]:
    """Which credential helpers may answer: the user's own for an agent, ours for a token, else none. An empty one
    takes away those that are set elsewhere (gitcredentials(7)). A token is for its server alone: a submodule may be
    of any other.
    """
    match source.auth if source is not None else "none":
        case "agent":
            return ()
        case "token" if source is not None and (server := re.match(r"(https?://)(?:[^/@]*@)?([^/]+)", source.url)):
            answer = f'printf "username=x-access-token\\npassword=%s\\n" "${TOKEN}"'
            helper = f'!f() {{ test "$1" = get && {answer}; }}; f'
            return ("credential.helper", ""), (f"credential.{server[1]}{server[2]}.helper", helper)
    return (("credential.helper", ""),)


def ssh(source: GitSource | None) -> str:
    """The ssh that git uses: it asks nothing, shares nothing, and notices a peer that is gone."""
    options = [
        "BatchMode=yes",
        "ConnectTimeout=10",
        "ServerAliveInterval=10",
        "ServerAliveCountMax=3",
        "ControlMaster=no",
    ]
    words = ["ssh", *(f"-o{option}" for option in options)]
    if source is not None and source.auth == "key":
        words += ["-oIdentitiesOnly=yes", "-i", source.key_file]
    if source is not None and source.auth in ("none", "token"):
        words += ["-oIdentityAgent=none", "-oPubkeyAuthentication=no"]
    return shlex.join(words)
