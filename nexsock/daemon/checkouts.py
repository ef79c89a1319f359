"""Make and move the checkouts of services: one act at a time for each, a few at once in all, none on the loop.

What may be done is decided by lifecycle.checkout. A tree with changes of its own, or with commits that its remote has
not, is never touched; each refusal says what a person would do.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping

from nexsock import places
from nexsock.lifecycle import checkout as judging
from nexsock.model.git import CheckoutStatus, Facts, GitSource
from nexsock.model.project import Project
from nexsock.runtime.git import Git
from nexsock.runtime.git_command import Command, GitFailed, Limits, Tell

ALLOW_LOCAL = "NEXSOCK_ALLOW_OUTSIDE"
"""The caller's variable that, set to 1, lets a project clone from this machine and to folders outside its own."""
AT_ONCE = 4

Say = Callable[[str, str], None]
"""Hears what is done for a service."""


class Checkouts:
    """The checkouts of all projects of a daemon."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._turns: dict[str, asyncio.Lock] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    # -- before a start

    async def provide(
        self, project: Project, names: Iterable[str], environ: Mapping[str, str], say: Say
    ) -> tuple[bool, dict[str, str]]:
        """Clone what is missing of these services, and fast-forward what is to be kept up to date.

        Returns:
            Whether a checkout is another now, and why that of a service is not as it must be to start it.
        """
        git = self._git(environ)
        sources: dict[GitSource, list[str]] = {}
        for name in names:
            if (source := project.services[name].git) is not None:
                sources.setdefault(source, []).append(name)
        provided = await asyncio.gather(
            *(self._provide_one(git, project, source, users, say) for source, users in sources.items())
        )
        faults = {
            name: fault
            for users, (_, fault) in zip(sources.values(), provided, strict=True)
            if fault is not None
            for name in users
        }
        return any(moved for moved, _ in provided), faults

    async def _provide_one(
        self, git: Git, project: Project, source: GitSource, users: list[str], say: Say
    ) -> tuple[bool, str | None]:
        def tell(what: str) -> None:
            for name in users:
                say(name, what)

        try:
            async with self._turn(source):
                facts = await git.facts(source.path)
                if not facts.exists:
                    await self._clone(git, project, source, users[0], _steps(tell, f"cloning {source.url}"))
                    tell("cloned")
                    return True, None
                state = judging.states(source, facts)[0]
                if state in ("occupied", "wrong_origin"):
                    return False, _refusal(users[0], source, facts)
                if source.update == "never":
                    return False, None
                return await self._keep_up(git, source, users[0], tell), None
        except GitFailed as error:
            return False, str(error)

    async def _keep_up(self, git: Git, source: GitSource, user: str, tell: Callable[[str], None]) -> bool:
        """Fast-forward where that is possible; where it is not, what is there is good enough, and that is told."""
        try:
            await git.fetch(source, _steps(tell, "fetching"))
            facts = await git.facts(source.path)
            if judging.obstacle(judging.states(source, facts), facts) is not None:
                tell(f"not updated: {_refusal(user, source, facts)}")
                return False
            if not facts.behind:
                return False
            await git.fast_forward(source, _steps(tell, "updating"))
        except GitFailed as error:
            tell(f"not updated: {error}")
            return False
        tell("updated")
        return True

    # -- what people ask for

    async def status(self, service: str, source: GitSource, environ: Mapping[str, str]) -> CheckoutStatus:
        """How the checkout of a service stands."""
        return judging.status(service, source, await self._git(environ).facts(source.path))

    def reading(self, environ: Mapping[str, str]) -> Git:
        """Questions that need no turn: they change nothing."""
        return self._git(environ)

    async def clone(
        self, project: Project, service: str, source: GitSource, environ: Mapping[str, str], tell: Tell
    ) -> str:
        """Make the checkout; one that is there stays as it is.

        Raises:
            GitFailed: why there is none.
        """
        git = self._git(environ)
        async with self._turn(source):
            facts = await git.facts(source.path)
            if not facts.exists:
                await self._clone(git, project, source, service, tell)
                return "cloned"
            if judging.states(source, facts)[0] in ("occupied", "wrong_origin"):
                raise GitFailed(_refusal(service, source, facts))
            return "is there already"

    async def fetch(self, service: str, source: GitSource, environ: Mapping[str, str], tell: Tell) -> str:
        """Learn what the remote has."""
        git = self._git(environ)
        async with self._turn(source):
            await self._there(git, service, source)
            await git.fetch(source, tell)
            facts = await git.facts(source.path)
            return f"{facts.behind} behind, {facts.ahead} ahead" if facts.behind or facts.ahead else "up to date"

    async def pull(self, service: str, source: GitSource, environ: Mapping[str, str], tell: Tell) -> str:
        """Fetch, then fast-forward.

        Raises:
            GitFailed: it cannot be fast-forwarded, and what would help.
        """
        git = self._git(environ)
        async with self._turn(source):
            await self._there(git, service, source)
            await git.fetch(source, tell)
            facts = await git.facts(source.path)
            if judging.obstacle(judging.states(source, facts), facts) is not None:
                raise GitFailed(_refusal(service, source, facts))
            if not facts.behind:
                return "up to date"
            await git.fast_forward(source, tell)
            after = await git.facts(source.path)
            return f"{_short(facts.commit)} → {_short(after.commit)}"

    async def checkout(
        self,
        service: str,
        source: GitSource,
        environ: Mapping[str, str],
        tell: Tell,
        *,
        ref: str,
        create: bool,
        commit: bool,
    ) -> str:
        """Switch to a branch, to a new one, or to a commit.

        Raises:
            GitFailed: there is no such thing, or changes of one's own are in the way.
        """
        git = self._git(environ)
        async with self._turn(source):
            facts = await self._there(git, service, source)
            if facts.changed:
                raise GitFailed(_refusal(service, source, facts))
            if not create and not commit and not await git.is_branch(source.path, ref):
                await git.learn_branch(source, ref, tell)
            await git.switch(source, ref, tell, create=create, detach=commit)
            after = await git.facts(source.path)
            return f"on {after.branch or _short(after.commit)}"

    # -- shared

    async def _there(self, git: Git, service: str, source: GitSource) -> Facts:
        facts = await git.facts(source.path)
        if not facts.exists or not facts.is_checkout:
            raise GitFailed(_refusal(service, source, facts))
        return facts

    async def _clone(self, git: Git, project: Project, source: GitSource, service: str, tell: Tell) -> None:
        if source.own:
            raise GitFailed(_refusal(service, source, Facts(exists=False, is_checkout=False)))
        await asyncio.to_thread(_refuse_links, project.directory, source.path)
        await git.clone(source, tell)

    def _git(self, environ: Mapping[str, str]) -> Git:
        return Git(Command(environ, local=environ.get(ALLOW_LOCAL) == "1", limits=self._limits))

    def _turn(self, source: GitSource) -> "_Turn":
        return _Turn(self._turns.setdefault(os.path.realpath(source.path), asyncio.Lock()), self._room)


class _Turn:
    """The only one at a checkout, and one of a few in all."""

    def __init__(self, lock: asyncio.Lock, room: asyncio.Semaphore) -> None:
        self._lock = lock
        self._room = room

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            await self._room.acquire()
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(self, *exception: object) -> None:
        self._room.release()
        self._lock.release()


def _refusal(service: str, source: GitSource, facts: Facts) -> str:
    """Why a checkout is left as it is, and the command that a person would run."""
    found = judging.states(source, facts)
    obstacle = "is not there" if not facts.exists else judging.obstacle(found, facts) or "is not what it should be"
    advice = judging.advice(service, source, found[0], on_pin=True)
    return f"{source.path} {obstacle}" + (f"; run '{advice}'" if advice else "")


def _refuse_links(directory: str, path: str) -> None:
    """A clone goes where its path says: no link on the way leads out of the project.

    Raises:
        GitFailed: one does.
    """
    parent = os.path.dirname(path)
    if path.startswith(directory.rstrip("/") + "/") and places.leads_out(parent, directory):
        raise GitFailed(f"{parent} leads out of the project by a link", hint="remove the link, or choose another path")


def _steps(tell: Callable[[str], None], doing: str) -> Tell:
    """Tells of a long command in quarters, so that an event log is not filled with it."""
    last = ""

    def step(what: str, percent: int | None) -> None:
        nonlocal last
        said = f"{doing}: {what}" + ("" if percent is None else f" {percent // 25 * 25}%")
        if said != last:
            last = said
            tell(said)

    return step


def _short(commit: str | None) -> str:
    return (commit or "nothing")[:8]
