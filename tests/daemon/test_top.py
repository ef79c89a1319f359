"""Samples of what services use: of those that were asked for, as many as were asked for, and none beside."""

import subprocess

import pytest

from nexsock.daemon import top
from nexsock.runtime import identity
from nexsock.runtime.usage import Leader


@pytest.fixture
def shop(house, service, run):
    """web is a process that sleeps; db has ended, load belongs to a profile."""
    found = house(service("db"), service("web"), service("load", active=False))
    found.holds("db", "failed")
    sleeper = subprocess.Popen(["sleep", "60"], start_new_session=True)
    found.holds("web", "running", run=run(pid=sleeper.pid))
    started = identity.start_ticks(sleeper.pid)
    main = identity.Identity(sleeper.pid, started, identity.boot_id(), "nobody's mark")
    found.leading = {"web": Leader(main, ())}
    yield found
    sleeper.kill()
    sleeper.wait()


async def sampled(shop, *names, count=1):
    return [sample async for sample in top.samples(shop, names, 0.0, count)]


async def test_a_sample_has_what_is_active_and_what_runs(shop):
    (sample,) = await sampled(shop)
    assert [(one.name, one.phase, one.processes > 0) for one in sample.services] == [
        ("db", "failed", False),
        ("web", "running", True),
    ]


async def test_a_sample_of_named_services_has_only_these(shop):
    (sample,) = await sampled(shop, "db")
    assert [one.name for one in sample.services] == ["db"]


async def test_there_are_as_many_samples_as_were_asked_for(shop):
    assert len(await sampled(shop, "web", count=3)) == 3


async def test_nothing_is_looked_at_when_nobody_waits_for_a_sample(shop):
    samples = top.samples(shop, ("web",), 0.0, None)
    await anext(samples)
    looked = shop.looked
    await samples.aclose()
    assert shop.looked == looked == 2
