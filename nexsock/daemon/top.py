"""What services use, sampled while somebody looks: one sample for each that a client waits for, and none else."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from nexsock.daemon.host import Host
from nexsock.model.status import ServiceUsage, Usage
from nexsock.runtime import clock, usage

LEAST_INTERVAL_S = 0.1


async def samples(host: Host, chosen: Sequence[str], interval_s: float, count: int | None) -> AsyncIterator[Usage]:
    """A sample after each interval, `count` of them or without an end.

    Args:
        chosen: names of services; empty: all of the file and what else runs.
    """
    interval_s = max(interval_s, LEAST_INTERVAL_S)
    before, before_mono = await _look(host, chosen)
    while count is None or count > 0:
        await asyncio.sleep(interval_s)
        now, now_mono = await _look(host, chosen)
        yield _sample(host, chosen, before, now, now_mono - before_mono)
        before, before_mono = now, now_mono
        count = None if count is None else count - 1


async def _look(host: Host, chosen: Sequence[str]) -> tuple[usage.Look, float]:
    leaders = host.machinery.processes.leaders()
    wanted = {name: leader for name, leader in leaders.items() if not chosen or name in chosen}
    return await asyncio.to_thread(usage.look, wanted), clock.monotonic()


def _sample(host: Host, chosen: Sequence[str], before: usage.Look, now: usage.Look, elapsed_s: float) -> Usage:
    names = chosen or [
        *(name for name, service in host.project.services.items() if service.active or name in now.trees),
        *(name for name in now.trees if name not in host.project.services),
    ]
    services = tuple(_service(host, name, before, now, elapsed_s) for name in names)
    return Usage(at=clock.wall(), memory=now.memory, services=services, project=host.info())


def _service(host: Host, name: str, before: usage.Look, now: usage.Look, elapsed_s: float) -> ServiceUsage:
    record = host.reconciler.record(name)
    tree = now.trees.get(name)
    if tree is None or not tree.cpu_s:
        return ServiceUsage(name=name, phase=record.phase)
    return ServiceUsage(
        name=name,
        phase=record.phase,
        pid=record.run.pid if record.run is not None else None,
        processes=len(tree.cpu_s),
        cpu_percent=usage.cpu_percent(before.trees.get(name), tree, elapsed_s),
        memory_bytes=tree.memory_bytes,
        threads=tree.threads,
        descriptors=tree.descriptors,
        listening=tree.ports,
    )
