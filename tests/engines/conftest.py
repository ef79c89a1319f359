"""Services, runs and orders to try an engine with."""

import os

import pytest

from nexsock.engines.base import EndOrder, LaunchOrder
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, Run

ENVIRONMENT = {"PATH": os.environ["PATH"]}


class Keeper:
    """Holds copies of descriptors, as the real one does."""

    def __init__(self):
        self.vault = {}

    async def store(self, name, descriptor):
        self.vault[name] = os.dup(descriptor)

    async def fetch(self, name):
        return os.dup(self.vault[name]) if name in self.vault else None

    async def drop(self, name):
        if name in self.vault:
            os.close(self.vault.pop(name))


@pytest.fixture
def keeper():
    """A vault for descriptors; what is left in it is closed."""
    made = Keeper()
    yield made
    for descriptor in made.vault.values():
        os.close(descriptor)


def make_service(name="web", **fields):
    launch = Launch(command=(name,), working_dir=fields.pop("working_dir", "/"), ports=fields.pop("ports", {}))
    return Service(name=name, launch=launch, **fields)


def make_run(number=1, **fields):
    cause = Cause(kind="user", text="it was wanted")
    return Run(number=number, instance=f"i{number}", cause=cause, fingerprint="f", **fields)


@pytest.fixture
def service():
    return make_service


@pytest.fixture
def run():
    return make_run


@pytest.fixture
def start():
    """An order to start run 1 of a service."""

    def order(service, **fields):
        return LaunchOrder(service=service, run=make_run(), environment=ENVIRONMENT, **fields)

    return order


@pytest.fixture
def finish():
    """An order to end run 1 of a service."""

    def order(service, asked=True, **fields):
        return EndOrder(service=service, run=make_run(**fields), environment=ENVIRONMENT, asked=asked)

    return order
