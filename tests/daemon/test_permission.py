"""A watched change replaces a run only when plugins let that happen, and who is refused is told why."""

import asyncio

import pytest

from nexsock import errors, masking
from nexsock.daemon.permission import Permission
from nexsock.daemon.voice import Voice
from nexsock.hooks import NoHooks, StartVerdict, StopVerdict
from nexsock.model.plugin import Denial
from nexsock.model.state import Cause

SECRET = "sesame-4711-open"
CHANGED = Cause(kind="watch", text="app.py changed")


class Gate(NoHooks):
    """Listens, and answers when it is opened: with a no if it has a reason."""

    def __init__(self, reason="", listens=True):
        self.reason = reason
        self.listens = listens
        self.opened = asyncio.Event()

    def wanted(self, hook, directory):
        return self.listens

    async def pre_start(self, event):
        return StartVerdict(command=event.command, environment=event.environment)

    async def pre_stop(self, event):
        await self.opened.wait()
        return StopVerdict(grace_s=1.0, denied=Denial(plugin="gate", reason=self.reason) if self.reason else None)


class Reconciler:
    def __init__(self, house):
        self.project, self.state, self.record = house.project, house.state, house.record
        self.environ = {}
        self.replaced = []

    def grant(self, name, verdict):
        """What was let happen in which time is of no matter here."""

    def replace(self, name, cause, cascade):
        self.replaced.append((name, cause.text, cascade))


@pytest.fixture
def reconciler(house, service, run):
    found = house(service("web"))
    found.holds("web", "ready", run=run())
    return Reconciler(found)


@pytest.fixture
def told():
    return []


@pytest.fixture
def permission(reconciler, told):
    """Makes the Permission that asks a gate; nothing has to be looked at for it."""
    veil = masking.Veil()
    veil.learn([SECRET])
    made = []

    def ask(gate):
        made.append(Permission(gate, reconciler, None, Voice("shop-1", veil, told.append)))
        return made[-1]

    yield ask
    for one in made:
        one.close()


async def settled():
    """All that can go on without an answer has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_where_nobody_listens_a_run_is_replaced_at_once(permission, reconciler):
    permission(Gate(listens=False)).replace("web", CHANGED, True)
    assert reconciler.replaced == [("web", "app.py changed", True)]


async def test_a_run_is_replaced_when_it_is_let_and_not_before(permission, reconciler):
    gate = Gate()
    permission(gate).replace("web", CHANGED, False)
    await settled()
    before = list(reconciler.replaced)
    gate.opened.set()
    await settled()
    assert (before, reconciler.replaced) == ([], [("web", "app.py changed", False)])


async def test_a_run_that_may_not_be_ended_stays_and_that_is_told_without_secrets(permission, reconciler, told):
    gate = Gate(f"{SECRET} is in use")
    permission(gate).replace("web", CHANGED, False)
    gate.opened.set()
    await settled()
    said = f"app.py changed, and it is not restarted: plugin 'gate' says no: web: {masking.MASK} is in use"
    assert (reconciler.replaced, [(one.service, one.reason) for one in told]) == ([], [("web", said)])


async def test_a_command_is_refused_without_secrets(permission):
    gate = Gate(f"{SECRET} is in use")
    gate.opened.set()
    with pytest.raises(errors.Refused) as refused:
        await permission(gate).to_end(["web"], "stop was asked for")
    assert SECRET not in refused.value.message


async def test_nothing_is_replaced_once_the_project_was_let_go(permission, reconciler):
    gate = Gate()
    asked = permission(gate)
    asked.replace("web", CHANGED, False)
    await settled()
    asked.close()
    gate.opened.set()
    await settled()
    assert reconciler.replaced == []
