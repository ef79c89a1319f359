"""The brain's process: the daemon's parts put together around the keeper's channel, and lived through once."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable

from nexsock import errors
from nexsock.daemon import answers, idle, lifespan, listen, revival, settings
from nexsock.daemon.bus import Bus
from nexsock.daemon.loader import Loader
from nexsock.daemon.local import LocalApi
from nexsock.daemon.numbers import Numbers
from nexsock.daemon.projects import Projects
from nexsock.daemon.shared import Shared
from nexsock.daemon.worker import Worker
from nexsock.engines.exits import Exits
from nexsock.engines.growth import Growth
from nexsock.lifecycle import tunnel
from nexsock.model.settings import Told, idle_timeout_s
from nexsock.places import Places
from nexsock.plugins.host import PluginHost
from nexsock.runtime import ports
from nexsock.runtime.hands import Hands
from nexsock.runtime.relay import Relay
from nexsock.store.writer import Writer

_log = logging.getLogger(__name__)


def main(
    places: Places,
    channel: int,
    lock: int,
    *,
    keeper_argv: Callable[[int, int], list[str]],
    worker: Worker | None = None,
    tcp: str = "",
    anywhere: bool = False,
) -> None:
    """Be the brain until somebody ends it.

    Args:
        channel, lock: the descriptors that the keeper has handed over.
        keeper_argv: makes the command of a next keeper from our pid and a soft limit on descriptors.
        worker: a loading worker that was started already, because a load is to be expected.
        tcp: an address to listen on besides the Unix socket.
    """
    starter = os.environ.pop("NOTIFY_SOCKET", "")
    _sign(lock)
    try:
        _keeper = asyncio.run(_live(places, channel, lock, keeper_argv, worker, tcp, anywhere, starter))
    except BaseException as error:
        lifespan.tell_starter(f"ERRNO=1\nSTATUS={error}", starter)
        raise
    os._exit(0)  # with the channel still open: a keeper kills a brain that has closed it and goes on


def _sign(lock: int) -> None:
    """Write our pid into the lock's file: whoever finds the socket's file gone can ask us for a new one."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


async def _live(
    places: Places,
    channel: int,
    lock: int,
    keeper_argv: Callable[[int, int], list[str]],
    worker: Worker | None,
    tcp: str,
    anywhere: bool,
    starter: str,
) -> Hands:
    control = lifespan.Control()
    exits = Exits()
    keeper = Hands(
        channel,
        lock,
        keeper_argv,
        on_exit=exits.tell,
        on_grew=lambda instance: growth.tell(instance),
        on_lost=lambda: growth.lost(),
        on_terminate=control.shutdown,
    )
    growth = Growth(keeper)
    runs = await keeper.connect()
    relay = Relay(keeper, places.tunnels_dir, limit=tunnel.WAITING_LIMIT, patience_s=tunnel.PATIENCE_S)
    writer = Writer()

    loader = Loader(Numbers(places.ports, ports.ephemeral()), begun=worker)
    told = await settings.read(places, loader, os.environ)
    idling: set[asyncio.Task[None]] = set()

    async def build(control: lifespan.Control) -> LocalApi:
        bus = Bus()
        await relay.take_up()
        plugins = PluginHost(
            settings.plugins_dir(told, places),
            places.plugins_state,
            survey=lambda directory: answers.survey(projects.hosts.values(), directory),
            faulted=lambda status: bus.emit(answers.fault_of(status)),
        )
        shared = Shared(
            places=places,
            keeper=keeper,
            writer=writer,
            emit=bus.emit,
            exits=exits,
            growth=growth,
            relay=relay,
            plugins=plugins,
            database_url=told["database.url"].value,
        )
        projects = Projects(shared, loader)
        api = LocalApi(projects, bus, shutdown=control.shutdown, clients=control.clients)
        projects.hosts.update(await revival.revive(shared, loader, runs))
        relay.settle(projects.hosts.keys())
        plugins.warm()
        if not projects.hosts:
            await loader.warm()  # somebody has just started us, to bring something up
        if (timeout_s := idle_timeout_s(told["daemon.idle_timeout"])) is not None:
            ending = idle.end_when_idle(timeout_s, projects.hosts.values, control.clients, control.shutdown)
            idling.add(asyncio.create_task(ending, name="idle"))
        return api

    restart = await lifespan.serve(
        places,
        keeper,
        build,
        control=control,
        tcp=listen.bind_tcp(tcp, anywhere=anywhere) if tcp else _listener(told["daemon.listen"]),
        ready=lambda state: lifespan.tell_starter(state, starter),
    )
    for task in idling:
        task.cancel()
    writer.close()
    await relay.let_go()
    if not restart:
        await keeper.stop()
    return keeper


def _listener(told: Told) -> socket.socket | None:
    """The socket that the settings ask for; one that cannot be had must not keep services from being looked after."""
    if not told.value:
        return None
    try:
        return listen.bind_tcp(told.value)
    except (errors.NexsockError, OSError) as error:
        _log.warning("%s: nothing listens on %s: %s", told.origin, told.value, error)
        return None
