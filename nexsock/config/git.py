"""The `git` of a service: a source that is safe to be given to git, or what is wrong with it.

What comes from a file that somebody else wrote must not become an option, a command or a transport that runs one.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import cast

from nexsock.checkout import Checkout
from nexsock.config import paths
from nexsock.config.circumstances import Facts
from nexsock.config.fields import Fields, as_text
from nexsock.config.node import Node
from nexsock.config.source import Unreadable
from nexsock.model.git import Auth, GitSource, Pin

_TRANSPORTS = ("https", "ssh", "http", "git")
_URL = re.compile(r"(?P<transport>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<user>[^/@]*)@)?(?P<host>[^/@]+)/(?P<path>.+)")
_SCP = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*):(?P<path>(?!//)[^:].*)")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|\.lock(/|$)|/\.|^@$")
"""git-check-ref-format(1), and nothing that begins with a hyphen"""

_TOKEN_SAFE = re.compile(r"https://|http://([^/@]*@)?(127\.[\d.]+|localhost|\[::1\])(:\d+)?/", re.IGNORECASE)
_TOKEN = re.compile(r"(gh[oprsu]_|github_pat_|glpat-|gldt-|ATBB|ATCTT)\w{8,}|[0-9a-f]{40}")
"""what GitHub, GitLab and Bitbucket begin theirs with, and GitHub's and Gitea's older ones"""

PINS: tuple[Pin, ...] = ("ref", "branch", "tag", "commit")


def build(fields: Fields, facts: Facts) -> GitSource | None:
    """The source of a service; None when it has none, or one that cannot be used."""
    if "git" not in fields:
        return None
    given = fields.map("git")
    url = given.text("url")
    if not url and "path" not in given:
        fields.error("git", "git says neither where to clone from nor where the checkout is", "add 'url:' or 'path:'")
        return None
    local = facts.environ.get(paths.ALLOW_OUTSIDE) == "1"
    if "url" in given and (fault := url_fault(url, local=local)) is not None:
        given.error("url", *fault)
        return None
    pin = _pin(given)
    _check_auth(given)
    if url.startswith(("./", "../", "~/")):  # git would take it from where it runs
        url = given.absolute(url)
    path = given.path("path") if "path" in given else given.absolute(folder_name(url))
    inside = path.startswith(facts.directory.rstrip("/") + "/")
    if path == facts.directory:
        given.error(
            "path" if "path" in given else "url", "the checkout would be the project's own folder", "add 'path:'"
        )
    return GitSource(
        path=path,
        url=url,
        pin=pin,
        ref=given.text(pin) if pin else "",
        auth=cast(Auth, given.text("auth", "agent")),
        key_file=given.path("key_file") if "key_file" in given else "",
        token_env=given.text("token_env"),
        depth=given.whole("depth", 0) or None,
        submodules=given.flag("submodules"),
        update="ff" if given.text("update") == "ff" else "never",
        own=not url or not (inside or local),
    )


def _pin(given: Fields) -> Pin:
    chosen = [pin for pin in PINS if pin in given]
    for other in chosen[1:]:
        given.key_error(other, f"git has both '{chosen[0]}' and '{other}'", "keep one")
    for pin in chosen[:1]:
        if (fault := ref_fault(given.text(pin), commit=pin == "commit")) is not None:
            given.error(pin, *fault)
    return chosen[0] if chosen else ""


def _check_auth(given: Fields) -> None:
    auth, url = given.text("auth", "agent"), given.text("url")
    if auth == "token" and "token_env" in given and "url" in given and not _TOKEN_SAFE.match(url):
        given.error(
            "auth",
            f"a token is not sent to {url!r}: others could read it on the way",
            "use https, or ssh with 'auth: agent'",
        )
    for name, needed_by in (("key_file", "key"), ("token_env", "token")):
        if auth == needed_by and name not in given:
            given.error("auth", f"auth '{auth}' needs '{name}'", f"add '{name}:'")
        if auth != needed_by and name in given:
            given.key_error(name, f"'{name}' is for auth '{needed_by}'", f"write 'auth: {needed_by}', or remove it")


def url_fault(url: str, *, local: bool) -> tuple[str, str] | None:
    """What is wrong with the address of a repository, and what to do; None if git may be given it.

    Args:
        local: whether a repository on this machine may be named.
    """
    shown = repr(url)
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in url) or url != url.strip():
        return f"{shown} has characters that no address has", "write it in one line"
    if url.startswith("-"):
        return f"{shown} would be an option of git", "write it like https://host/path"
    if re.match(r"[A-Za-z0-9+.-]*::", url):
        return f"{shown} is a transport that runs a program", "use https or ssh"
    if found := _URL.fullmatch(url):
        return _transport_fault(found, shown)
    if url.startswith(("/", "./", "../", "~", "file:")):
        if local:
            return None
        return f"{shown} is a repository on this machine", f"set {paths.ALLOW_OUTSIDE}=1 if you trust what names it"
    if _SCP.fullmatch(url) and not url.split(":")[0].startswith("-"):
        return None
    return f"{shown} is not the address of a repository", "write it like https://host/path or git@host:path"


def _transport_fault(found: re.Match[str], shown: str) -> tuple[str, str] | None:
    transport = found["transport"].lower()
    if transport not in _TRANSPORTS:
        return f"the transport '{found['transport']}' is not supported", "use https or ssh"
    if ":" in (found["user"] or "") or _TOKEN.match(found["user"] or ""):
        return "an address holds no password: the file is for everybody", "use 'auth: token' with 'token_env'"
    if (found["user"] or "").startswith("-") or not _HOST.fullmatch(found["host"]):
        return f"{shown} has no host that can be one", "write it like https://host/path"
    return None


def ref_fault(ref: str, *, commit: bool = False) -> tuple[str, str] | None:
    """What is wrong with the name of a branch, a tag or a commit, and what to do; None if it can be one."""
    if commit and not _COMMIT.fullmatch(ref):
        return f"{ref!r} is not the id of a commit", "use 7 to 64 of its hex digits; a name goes to branch, tag or ref"
    if not ref or len(ref) > 255 or _NO_REF.search(ref):
        return f"{ref!r} cannot be the name of a branch or tag", "see git check-ref-format for what can"
    return None


def folder_name(url: str) -> str:
    """The folder that `git clone` would choose: "shop" for git@host:acme/shop.git."""
    return posixpath.basename(re.split(r"[:]", url.rstrip("/"))[-1].rstrip("/")).removesuffix(".git") or "repository"


def commit(source: GitSource, facts: Facts) -> str:
    """The commit that a source's checkout has; "" where there is none. Its files are watched from now on."""

    def text(path: str) -> str | None:
        try:
            return facts.read(path)
        except Unreadable:
            return None

    if text(f"{source.path}/.git/HEAD") is None and text(f"{source.path}/.git") is None:
        facts.watched.append(f"{source.path}/.git/HEAD")
        return ""
    return Checkout(source.path, text, facts.watched.append).sha() or ""


def folders(document: Node, directory: str) -> dict[str, str]:
    """The services whose checkouts a document speaks of, by the absolute path of the checkout."""
    found: dict[str, str] = {}
    services: Mapping[str, Node] = document.mapping["services"].mapping if "services" in document.mapping else {}
    for name, node in services.items():
        given = node.mapping.get("git")
        written = given.mapping.get("path") or given.mapping.get("url") if given is not None else None
        if given is not None and written is not None:
            path = as_text(written) if "path" in given.mapping else folder_name(as_text(written))
            found[posixpath.normpath(posixpath.join(directory, path))] = name
    return found
