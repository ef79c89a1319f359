"""The operations on the checkouts of services, by the file as it is now: a project need not be up for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial

from nexsock import errors
from nexsock.daemon.checkouts import Checkouts
from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem, GitSource
from nexsock.model.project import Project, ProjectRef
from nexsock.protocol import api
from nexsock.runtime.git_command import GitFailed, Tell

Act = Callable[[str, GitSource, Mapping[str, str], Tell], Awaitable[str]]
"""Does something to the checkout of a service in the environment of a caller; what came of it."""


class GitOperations:
    """What `nexsock git` asks.

    Args:
        load: the project of a request, without what is included from checkouts that are not there.
        moved: called with a project of which a checkout is another now.
    """

    def __init__(
        self,
        checkouts: Checkouts,
        load: Callable[[ProjectRef], Awaitable[Project]],
        moved: Callable[[Project], Awaitable[None]],
    ) -> None:
        self._checkouts = checkouts
        self._load = load
        self._moved = moved

    # -- questions

    async def status(self, request: api.ServicesRequest) -> tuple[CheckoutStatus, ...]:
        project = await self._load(request.project)
        sources, environ = _sources(project, request.services), _environ(request.project)
        looks = (self._checkouts.status(name, source, environ) for name, source in sources.items())
        return tuple(await asyncio.gather(*looks))

    async def branches(self, request: api.GitBranchesRequest) -> tuple[Branch, ...]:
        source = await self._source(request.project, request.service)
        return await self._checkouts.reading(_environ(request.project)).branches(source.path, request.remote)

    async def log(self, request: api.GitLogRequest) -> tuple[Commit, ...]:
        _check_ref(request.branch)
        source = await self._source(request.project, request.service)
        git = self._checkouts.reading(_environ(request.project))
        return await git.log(source.path, max(1, min(request.count, 10_000)), request.branch)

    async def _source(self, ref: ProjectRef, service: str) -> GitSource:
        return next(iter(_sources(await self._load(ref), [service]).values()))

    # -- acts

    async def clone(self, request: api.ServicesRequest) -> AsyncIterator[GitItem]:
        project = await self._load(request.project)
        async for item in self._all(request, project, partial(self._checkouts.clone, project)):
            yield item

    async def fetch(self, request: api.ServicesRequest) -> AsyncIterator[GitItem]:
        project = await self._load(request.project)
        async for item in self._all(request, project, self._checkouts.fetch):
            yield item

    async def pull(self, request: api.ServicesRequest) -> AsyncIterator[GitItem]:
        project = await self._load(request.project)
        async for item in self._all(request, project, self._checkouts.pull):
            yield item
        await self._moved(project)

    async def checkout(self, request: api.GitCheckoutRequest) -> AsyncIterator[GitItem]:
        _check_ref(request.ref)
        project = await self._load(request.project)

        async def act(name: str, source: GitSource, environ: Mapping[str, str], tell: Tell) -> str:
            ref = request.ref or source.ref
            if not ref:
                raise GitFailed(f"the file names no branch for '{name}'", hint="name the branch to check out")
            commit = request.commit or (not request.ref and source.pin in ("tag", "commit"))
            return await self._checkouts.checkout(
                name, source, environ, tell, ref=ref, create=request.create, commit=commit
            )

        asked = api.ServicesRequest(project=request.project, services=(request.service,))
        async for item in self._all(asked, project, act):
            yield item
        await self._moved(project)

    async def _all(self, request: api.ServicesRequest, project: Project, act: Act) -> AsyncIterator[GitItem]:
        """Act on all at once; the items as they come."""
        environ = _environ(request.project)
        items: dict[str, GitItem] = {}  # the newest of each: who reads slowly misses some, and holds nothing up
        news = asyncio.Event()

        def put(item: GitItem) -> None:
            items[item.service] = item
            news.set()

        async def one(name: str, source: GitSource) -> None:
            def tell(what: str, percent: int | None) -> None:
                put(GitItem(service=name, progress=what, percent=percent))

            try:
                done, failed = await act(name, source, environ, tell), ""
            except errors.NexsockError as error:
                done, failed = "", str(error)
            put(GitItem(service=name, done=done, failed=failed, status=await stands(name, source)))

        async def stands(name: str, source: GitSource) -> CheckoutStatus | None:
            try:
                return await self._checkouts.status(name, source, environ)
            except GitFailed:  # the item says already what is wrong
                return None

        sources = _sources(project, request.services)
        work = [asyncio.ensure_future(one(name, source)) for name, source in sources.items()]
        left = len(work)
        try:
            while left:
                await news.wait()
                news.clear()
                for name in tuple(items):
                    item = items.pop(name)
                    left -= bool(item.done or item.failed)
                    yield item
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


def _environ(ref: ProjectRef) -> Mapping[str, str]:
    return ref.environ or {}


def _sources(project: Project, wanted: Sequence[str]) -> dict[str, GitSource]:
    """The sources of these services, or of all that have one.

    Raises:
        NotFound: one is not declared, or has no `git`.
    """
    found = {name: service.git for name, service in project.services.items() if service.git is not None}
    chosen = project.members(wanted)
    for name in chosen:
        if name not in project.services:
            raise errors.NotFound(f"no service '{name}' in project '{project.name}'", hint="see 'nexsock ps -a'")
        if name not in found:
            raise errors.NotFound(f"service '{name}' has no repository of its own", hint="give it 'git:' in the file")
    if not found:
        raise errors.NotFound(
            f"no service of '{project.name}' has a repository of its own", hint="see 'git' in the reference"
        )
    return {name: found[name] for name in chosen or found}


def _check_ref(ref: str) -> None:
    """What a client names must not be taken for an option.

    Raises:
        UsageError: it would be.
    """
    if ref.startswith("-") or any(character.isspace() or ord(character) < 0x20 for character in ref):
        raise errors.UsageError(f"{ref!r} cannot be the name of a branch or commit", hint="see git check-ref-format")
