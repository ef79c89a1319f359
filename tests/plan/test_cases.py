"""Every case of tests/cases/plan, and what must be true of the plan of each."""

from nexsock.model.plan import Plan
from nexsock.plan import planner, text


def plan_of(case, only=None) -> Plan:
    return planner.plan(case.desired, case.records, case.observed, now=case.now, only=only)


def test_the_plan_reads_as_expected(case):
    assert text.render(plan_of(case, case.only)) == case.expected


def test_a_plan_of_some_services_is_the_restriction_of_the_whole(case):
    whole = plan_of(case)
    for name in case.desired.order:
        steps = tuple(step for step in whole.steps if step.service == name)
        holds = tuple(hold for hold in whole.holds if hold.service == name)
        skips = tuple(skip for skip in whole.skips if skip.service == name)
        assert plan_of(case, [name]) == Plan(steps=steps, holds=holds, skips=skips)


def test_every_step_has_a_reason_and_every_hold_says_what_it_waits_for(case):
    plan = plan_of(case)
    assert all(step.reason for step in plan.steps)
    assert all(hold.waits_for for hold in plan.holds)


def test_a_service_has_at_most_one_step_hold_or_skip(case):
    plan = plan_of(case)
    named = [entry.service for entry in (*plan.steps, *plan.holds, *plan.skips)]
    assert len(named) == len(set(named))


def test_no_step_reaches_a_service_that_a_held_one_waits_to_end(case):
    """Dependents end first: what waits for them is not stopped in the same plan."""
    plan = plan_of(case)
    ending = {step.service for step in plan.steps if step.action in ("stop", "restart")}
    started = {step.service for step in plan.steps if step.action in ("start", "run")}
    needs = {name: set(service.depends_on) for name, service in case.desired.project.services.items()}
    assert not any(needs.get(name, set()) & (ending | started) for name in started)


def test_planning_twice_gives_the_same(case):
    assert plan_of(case) == plan_of(case)
