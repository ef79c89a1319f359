"""`git`: look at the checkouts of services, and move them."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from nexsock import errors
from nexsock.cli import arguments
from nexsock.cli.session import Session
from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.protocol.api import GitBranchesRequest, GitCheckoutRequest, GitLogRequest, ServicesRequest
from nexsock.views import document
from nexsock.views import git as drawing
from nexsock.views.progress import CLEAR_LINE

app = typer.Typer(rich_markup_mode=None)
git = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Look at the repositories of services, or move what is checked out.",
)
app.add_typer(git, name="git")

All = Annotated[bool, typer.Option("--all", help="Every service that has a repository; so it is when none is named.")]


@git.command()
def status(context: typer.Context, services: arguments.Services = None) -> int:
    """Show how each checkout stands, and what to do about it."""
    session: Session = context.obj
    found: tuple[CheckoutStatus, ...] = session.call("git_status", _request(session, services))
    text = drawing.checkouts(found, colour=session.look.colour, columns=session.look.columns)
    return session.answer({"checkouts": document.plain(found)}, text)


@git.command()
def clone(context: typer.Context, services: arguments.Services = None, everything: All = False) -> int:
    """Clone what is missing. What is there stays as it is."""
    return _act(context.obj, "git_clone", services, everything)


@git.command()
def fetch(context: typer.Context, services: arguments.Services = None, everything: All = False) -> int:
    """Learn what the remotes have. What is checked out stays as it is."""
    return _act(context.obj, "git_fetch", services, everything)


@git.command()
def pull(context: typer.Context, services: arguments.Services = None, everything: All = False) -> int:
    """Fetch and fast-forward, then restart what runs from it.

    A tree with changes, or with commits that its remote has not, is left as it is.
    """
    return _act(context.obj, "git_pull", services, everything)


@git.command()
def checkout(
    context: typer.Context,
    service: arguments.Service,
    branch: Annotated[
        str, typer.Argument(metavar="[BRANCH]", show_default=False, help="What the file asks for, if absent.")
    ] = "",
    create: Annotated[bool, typer.Option("--create", help="Make the branch, from what is checked out.")] = False,
) -> int:
    """Switch a checkout to a branch, then restart what runs from it."""
    return _switch(context.obj, service, branch, create=create, commit=False)


@git.command(name="checkout-commit")
def checkout_commit(
    context: typer.Context,
    service: arguments.Service,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", show_default=False)],
) -> int:
    """Switch a checkout to a commit or a tag, then restart what runs from it."""
    return _switch(context.obj, service, commit, create=False, commit=True)


@git.command()
def branches(
    context: typer.Context,
    service: arguments.Service,
    remote: Annotated[bool, typer.Option("--remote", help="Those of the remotes as well.")] = False,
) -> int:
    """List the branches of a checkout."""
    session: Session = context.obj
    request = GitBranchesRequest(project=session.project(with_environ=True), service=service, remote=remote)
    found: tuple[Branch, ...] = session.call("git_branches", request)
    told = {"service": service, "branches": document.plain(found)}
    return session.answer(told, drawing.branches(found, colour=session.look.colour))


@git.command()
def log(
    context: typer.Context,
    service: arguments.Service,
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", min=1, help="So many at most.")] = 20,
    branch: Annotated[str, typer.Option("--branch", metavar="BRANCH", help="Of this branch.")] = "",
) -> int:
    """List the last commits of a checkout."""
    session: Session = context.obj
    request = GitLogRequest(project=session.project(with_environ=True), service=service, count=count, branch=branch)
    found: tuple[Commit, ...] = session.call("git_log", request)
    told = {"service": service, "commits": document.plain(found)}
    return session.answer(told, drawing.commits(found, colour=session.look.colour, now=session.now()))


def _request(session: Session, services: list[str] | None) -> ServicesRequest:
    return ServicesRequest(project=session.project(with_environ=True), services=tuple(services or ()))


def _switch(session: Session, service: str, ref: str, *, create: bool, commit: bool) -> int:
    if create and not ref:
        raise errors.UsageError(
            "--create needs the name of the branch", hint=f"nexsock git checkout {service} NAME --create"
        )
    request = GitCheckoutRequest(
        project=session.project(with_environ=True), service=service, ref=ref, create=create, commit=commit
    )
    return _finish(session, session.stream("git_checkout", request))


def _act(session: Session, operation: str, services: list[str] | None, everything: bool) -> int:
    if everything and services:
        raise errors.UsageError("--all and names of services exclude each other", hint="leave out one")
    return _finish(session, session.stream(operation, _request(session, services)))


def _finish(session: Session, items: Iterator[Any]) -> int:
    """Show how far everything is, and what came of it; 1 when something was not done."""
    ended: list[GitItem] = []
    colour, shown = session.look.colour, not (session.options.json or session.options.quiet)
    for item in items:
        assert isinstance(item, GitItem)
        over = bool(item.done or item.failed)
        if shown and colour:
            session.tell(CLEAR_LINE + ("" if over else drawing.progress(item)))
        if over:
            ended.append(item)
            if shown:
                session.say(drawing.item(item, colour=colour))
    ok = not any(item.failed for item in ended)
    session.answer({"ok": ok, "results": document.plain(tuple(ended))}, "")
    return 0 if ok else 1
