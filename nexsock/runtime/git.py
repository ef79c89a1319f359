"""Ask and change git checkouts by the system's git. What may be done to a checkout is decided elsewhere
(lifecycle.checkout); nothing here throws work away: no reset, no stash, no force, no clean.
"""

import asyncio
import os
import re
import secrets
import shutil

from nexsock.model.git import Branch, Commit, Facts, GitSource
from nexsock.runtime.git_command import Command, GitFailed, Tell

CLONING = ".cloning"
"""ends the names of folders in which clones are made before they get their place"""

_FETCH = ("--no-recurse-submodules", "--upload-pack=git-upload-pack")
"""Said with each command: a repository's settings may name another program, and a file in it other submodules."""
_AS_IT_IS = ("--ff-only", "--no-verify", "--no-autostash", "--no-squash")
_SUBMODULES = ("--init", "--recursive", "--checkout")


class Git:
    """The checkouts of one user, by commands of git."""

    def __init__(self, command: Command) -> None:
        self._ask = command.ask
        self._work = command.work

    # -- questions

    async def facts(self, path: str) -> Facts:
        """How the checkout at a path stands."""
        if (nothing := _not_a_checkout(path)) is not None:
            return nothing
        how = ("--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
        told = await self._ask(path, "status", *how)
        origin = await self._ask(path, "config", "--get-all", "remote.origin.url", accepted=(0, 1))
        shallow = (await self._ask(path, "rev-parse", "--is-shallow-repository")).strip() == "true"
        return parse_status(told, next(iter(origin.splitlines()), None), shallow)

    async def log(self, path: str, count: int, branch: str = "") -> tuple[Commit, ...]:
        """The last commits, newest first."""
        form = "--format=%H%x00%an%x00%ae%x00%ct%x00%s%x00%b"
        told = await self._ask(
            path, "log", "-z", f"--max-count={count}", form, "--end-of-options", branch or "HEAD", "--"
        )
        fields = told.split("\0")  # a whole number of commits, and what follows the last one
        return tuple(_commit(*fields[at : at + 6]) for at in range(0, len(fields) - 6, 6))

    async def branches(self, path: str, remote: bool) -> tuple[Branch, ...]:
        """The branches by name; those of remotes as well when asked for."""
        form = "--format=%(refname)%00%(objectname)%00%(HEAD)%00%(upstream:short)"
        told = await self._ask(path, "for-each-ref", form, "refs/heads", *(["refs/remotes"] if remote else []))
        found = [_branch(*line.split("\0")) for line in told.splitlines()]
        return tuple(branch for branch in found if not (branch.remote and branch.name.endswith("/HEAD")))

    # -- acts

    async def clone(self, source: GitSource, tell: Tell) -> None:
        """Make the checkout of a source, or nothing: it is made beside its place and renamed when it is whole."""
        making = await asyncio.to_thread(_place_beside, source.path)
        try:
            await self._clone_into(making, source, tell)
            os.utime(f"{making}/.git/logs/HEAD")  # git moves HEAD before it writes files here (see commits.moved_since)
            os.rename(making, source.path)
        except OSError as error:
            raise GitFailed(f"the clone cannot be put at {source.path}: {error.strerror}") from error
        finally:
            await asyncio.to_thread(shutil.rmtree, making, ignore_errors=True)

    async def _clone_into(self, folder: str, source: GitSource, tell: Tell) -> None:
        depth = [f"--depth={source.depth}"] if source.depth else []
        named = [f"--branch={source.ref}"] if source.pin in ("branch", "tag") else []
        await self._work(
            source,
            "/",
            tell,
            "clone",
            "--progress",
            "--template=",
            "--origin=origin",
            *depth,
            *named,
            "--",
            source.url,
            folder,
        )
        if source.pin in ("commit", "ref"):
            await self._check_out_pin(folder, source, tell)
        await self._submodules(folder, source, tell)

    async def _check_out_pin(self, folder: str, source: GitSource, tell: Tell) -> None:
        """A commit may be one that a shallow clone has not; a `ref` is a branch, a tag or a commit, in this order."""
        if source.pin == "ref" and await self._knows(folder, f"refs/remotes/origin/{source.ref}"):
            await self._work(source, folder, tell, "switch", "--progress", source.ref)
            return
        if source.depth and not await self._knows(folder, f"{source.ref}^{{commit}}"):
            await self._fetch(folder, source, tell, f"--depth={source.depth}", ref=source.ref)
        await self._work(source, folder, tell, "switch", "--progress", "--detach", source.ref)

    async def fetch(self, source: GitSource, tell: Tell) -> None:
        """Learn what the remote has; nothing that is checked out changes.

        Without a depth: a shallow clone gets what is new, where a depth would cut that off from what it has.
        """
        await self._fetch(source.path, source, tell)

    async def fast_forward(self, source: GitSource, tell: Tell) -> None:
        """Take what was fetched, if nothing of one's own is in the way."""
        await self._work(source, source.path, tell, "merge", *_AS_IT_IS, "--progress", "@{upstream}")
        await self._submodules(source.path, source, tell)

    async def switch(self, source: GitSource, ref: str, tell: Tell, *, create: bool, detach: bool) -> None:
        """Check out a branch, one that is made here, or a commit; `ref` is known to be the name of one."""
        how = ["-c"] if create else ["--detach"] if detach else []
        await self._work(source, source.path, tell, "switch", "--progress", *how, ref)
        await self._submodules(source.path, source, tell)

    async def learn_branch(self, source: GitSource, ref: str, tell: Tell) -> None:
        """Fetch, and where a shallow clone follows a few branches only, have it follow this one as well."""
        followed = await self._ask(source.path, "config", "--get-all", "remote.origin.fetch", accepted=(0, 1))
        if "*" in followed or not followed:
            await self.fetch(source, tell)
            return
        depth = [f"--depth={source.depth}"] if source.depth else []
        await self._fetch(source.path, source, tell, *depth, ref=f"+refs/heads/{ref}:refs/remotes/origin/{ref}")
        await self._ask(source.path, "remote", "set-branches", "--add", "origin", ref)

    async def _fetch(self, path: str, source: GitSource, tell: Tell, *options: str, ref: str = "") -> None:
        named = [ref] if ref else []
        await self._work(source, path, tell, "fetch", "--progress", *_FETCH, *options, "origin", *named)

    async def _submodules(self, path: str, source: GitSource, tell: Tell) -> None:
        """Those that the commit names, where they are asked for; changes in them stay."""
        if source.submodules:
            depth = [f"--depth={source.depth}"] if source.depth else []
            await self._work(source, path, tell, "submodule", "update", *_SUBMODULES, "--progress", *depth)

    async def _knows(self, path: str, name: str) -> bool:
        return bool(await self._ask(path, "rev-parse", "--quiet", "--verify", name, accepted=(0, 1, 128)))

    async def is_branch(self, path: str, ref: str) -> bool:
        """Whether a branch of this name is here or on a remote."""
        told = await self._ask(path, "for-each-ref", "--count=1", f"refs/heads/{ref}", f"refs/remotes/*/{ref}")
        return bool(told.strip())


def _not_a_checkout(path: str) -> Facts | None:
    """What is there instead of a checkout: nothing (an empty folder is as good), or something else."""
    try:
        names = os.listdir(path)
    except FileNotFoundError:
        names = []
    except NotADirectoryError:
        return Facts(is_checkout=False)
    if not names:
        return Facts(exists=False, is_checkout=False)
    return None if ".git" in names else Facts(is_checkout=False)


def _place_beside(path: str) -> str:
    """A new folder beside a path, and nothing else that an earlier clone to it left there."""
    parent, name = os.path.split(path)
    os.makedirs(parent, exist_ok=True)
    ours = re.compile(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}{re.escape(CLONING)}")
    for left in os.listdir(parent):
        if ours.fullmatch(left):
            shutil.rmtree(os.path.join(parent, left), ignore_errors=True)
    making = os.path.join(parent, f".{name}.{secrets.token_hex(4)}{CLONING}")
    os.mkdir(making)
    return making


def parse_status(told: str, origin: str | None, shallow: bool) -> Facts:
    """What `git status --porcelain=v2 --branch -z` says.

    Source: git-status(1), "Porcelain Format Version 2".
    """
    head: dict[str, str] = {}
    changed = untracked = 0
    entries = iter(told.split("\0"))
    for entry in entries:
        match entry[:2]:
            case "# ":
                name, _, value = entry[2:].partition(" ")
                head[name] = value
            case "1 " | "u ":
                changed += 1
            case "2 ":
                changed += 1
                next(entries, None)  # where it was renamed from
            case "? ":
                untracked += 1
    ahead, _, behind = head.get("branch.ab", "").partition(" ")
    commit, branch = head.get("branch.oid", "(initial)"), head.get("branch.head", "(detached)")
    return Facts(
        branch=None if branch == "(detached)" else branch,
        commit=None if commit == "(initial)" else commit,
        upstream=head.get("branch.upstream"),
        ahead=int(ahead) if ahead else None,
        behind=-int(behind) if behind else None,
        changed=changed,
        untracked=untracked,
        origin=origin,
        shallow=shallow,
    )


def _commit(commit: str, author: str, email: str, at: str, subject: str, body: str) -> Commit:
    written = float(at) if at.isdecimal() else 0.0
    return Commit(commit=commit, author=author, email=email, at=written, subject=subject, body=body.strip())


def _branch(ref: str, commit: str, head: str, upstream: str) -> Branch:
    _, kind, name = ref.split("/", 2)
    return Branch(
        name=name,
        commit=commit,
        current=head == "*",
        remote=name.split("/")[0] if kind == "remotes" else None,
        upstream=upstream or None,
    )
