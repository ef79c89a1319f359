"""The contract with plugins says of each hook what it is told and what it may answer, and travels as plain data."""

import re

import msgspec
import pytest

from nexsock import hooks
from nexsock.hooks import Manifest, NoHooks, PreStart, PreStop

START = PreStart(
    project="shop",
    directory="/shop",
    service="web",
    run=2,
    cause="it was wanted",
    command=("web", "--fast"),
    working_dir="/shop",
    environment={"PORT": "3000"},
    ports={"http": 3000},
)


def test_an_event_travels_as_plain_data():
    plain = hooks.to_plain(START)
    assert (plain["command"], hooks.from_plain("pre_start", plain)) == (("web", "--fast"), START)


def test_an_event_of_a_wrong_type_is_refused():
    with pytest.raises(msgspec.ValidationError, match=r"\$\.run"):
        hooks.from_plain("pre_start", {**hooks.to_plain(START), "run": "second"})


@pytest.mark.parametrize("hook", hooks.HOOKS)
def test_every_hook_stands_in_the_table_with_what_it_may_answer(hook):
    found = re.search(rf"^    {hook} .*?(yes|-) +(\S.*)$", hooks.__doc__, re.MULTILINE)
    may_change = set(found[2].split(", ")) - {"-"}
    assert (found[1] == "yes", may_change) == (hook in hooks.MAY_DENY, hooks.MAY_CHANGE.get(hook, set()))


@pytest.mark.parametrize("hook", hooks.HOOKS)
def test_every_hook_is_told_its_project(hook):
    fields = {field.name for field in msgspec.structs.fields(hooks.EVENTS[hook])}
    assert {"project", "directory"} <= fields


def test_every_change_needs_a_capability_of_its_name():
    assert frozenset({"deny"}).union(*hooks.MAY_CHANGE.values()) <= set(hooks.CAPABILITIES)


@pytest.mark.parametrize(
    ("said", "closed"),
    [({}, False), ({"capabilities": ("deny",)}, True), ({"capabilities": ("deny",), "on_failure": "open"}, False)],
)
def test_a_gate_that_is_broken_is_closed_unless_it_says_otherwise(said, closed):
    assert Manifest(name="gate", abi="1.0", **said).fails_closed is closed


async def test_where_nobody_listens_nothing_changes():
    started = await NoHooks().pre_start(START)
    stopped = await NoHooks().pre_stop(PreStop(project="shop", directory="/shop", service="web", run=2, grace_s=3.0))
    assert (started.command, started.environment, stopped.grace_s) == (START.command, START.environment, 3.0)
