"""A project as the daemon knows it, with records that the test writes down."""

import pytest

from nexsock import errors
from nexsock.daemon.shared import NoPlugins
from nexsock.model.project import Project
from nexsock.model.service import Dependency, Launch, Service
from nexsock.model.state import Cause, ProjectState, Record, Run
from nexsock.model.status import ProjectInfo


def make_service(name, *needs, **fields):
    """A service that needs others to be started."""
    depends_on = {other: Dependency(condition="started") for other in needs}
    return Service(name=name, launch=Launch(command=(name,), working_dir="/shop"), depends_on=depends_on, **fields)


def make_run(number=1, **fields):
    cause = Cause(kind="user", text="it was wanted")
    return Run(number=number, instance=f"i{number}", **{"cause": cause, "fingerprint": "f", **fields})


class House:
    """Stands for a host, its reconciler and its store in one. Everything in the file is wanted."""

    def __init__(self, *services):
        self.project = Project(
            id="shop-1",
            name="shop",
            directory="/shop",
            services={one.name: one for one in services},
            origins={f"services.{one.name}": "nexsock.yaml:3:5" for one in services},
        )
        self.state = ProjectState()
        self.wanted = frozenset(self.project.services)
        self.watching = False
        self.fault = None
        self.logs_dir = "/logs"
        self.logged = {}
        self.history = {}
        self.launches = {}
        self.environments = {}
        self.leading = {}
        self.plugins = NoPlugins()
        self.looked = 0
        self.barriers = 0
        self.refusal = None

    @property
    def reconciler(self):
        return self

    @property
    def store(self):
        return self

    def holds(self, name, phase, **fields):
        """Have a record of a service in this phase."""
        self.state.records[name] = Record(name=name, phase=phase, **fields)

    # -- as the host

    def info(self):
        return ProjectInfo(name="shop", dir="/shop", id="shop-1")

    def one(self, name):
        return self.names([name])[0]

    def names(self, wanted):
        for name in wanted:
            if name not in self.project.services and name not in self.state.records:
                raise errors.NotFound(f"no service '{name}'")
        return tuple(wanted)

    @property
    def busy(self):
        return any(record.alive for record in self.state.records.values())

    def removed(self):
        return tuple(name for name in self.state.records if name not in self.project.services)

    def service(self, name):
        if name not in self.project.services:
            raise errors.NotFound(f"no service '{name}'")
        return self.project.services[name]

    def last_lines(self, name, count):
        return tuple(self.logged.get(name, ())[-count:])

    # -- as the engine

    @property
    def machinery(self):
        return self

    @property
    def processes(self):
        return self

    def leaders(self):
        self.looked += 1
        return self.leading

    # -- as the reconciler

    def record(self, name):
        return self.state.records.get(name) or Record(name=name)

    # -- as the store

    def runs(self, name):
        return self.history.get(name, ())

    def launch(self, name, run):
        return self.launches.get(run.fingerprint)

    def environment(self, digest):
        return self.environments.get(digest)

    async def barrier(self):
        self.barriers += 1
        return True


@pytest.fixture
def house():
    return House


@pytest.fixture
def service():
    return make_service


@pytest.fixture
def run():
    return make_run
