"""Checkouts: how they stand, and moving what is checked out."""

from nexsock.model.git import Branch, CheckoutStatus, Commit, GitItem
from nexsock.protocol import api
from nexsock.web.api.outcomes import moved
from nexsock.web.call import Call


async def all_checkouts(call: Call) -> tuple[CheckoutStatus, ...]:
    return await call.api.git_status(api.ServicesRequest(project=call.project, services=()))


async def checkouts(call: Call) -> tuple[CheckoutStatus, ...]:
    return await call.api.git_status(_services(call))


async def branches(call: Call) -> tuple[Branch, ...]:
    return await call.api.git_branches(
        api.GitBranchesRequest(project=call.project, service=call.service, remote=call.query.remote)
    )


async def log(call: Call) -> tuple[Commit, ...]:
    asked = call.query
    return await call.api.git_log(
        api.GitLogRequest(project=call.project, service=call.service, count=asked.count, branch=asked.branch)
    )


async def clone(call: Call) -> tuple[GitItem, ...]:
    return await moved(call.api.git_clone(_services(call)))


async def fetch(call: Call) -> tuple[GitItem, ...]:
    return await moved(call.api.git_fetch(_services(call)))


async def pull(call: Call) -> tuple[GitItem, ...]:
    return await moved(call.api.git_pull(_services(call)))


async def checkout(call: Call) -> tuple[GitItem, ...]:
    asked = call.body
    request = api.GitCheckoutRequest(
        project=call.project, service=call.service, ref=asked.ref, commit=asked.commit, create=asked.create
    )
    return await moved(call.api.git_checkout(request))


def _services(call: Call) -> api.ServicesRequest:
    return api.ServicesRequest(project=call.project, services=(call.service,))
