from nexsock.model.plan import FieldChange, Hold, Plan, Skip, Step
from nexsock.model.status import PlanStatus
from nexsock.views import plan

PLAN = Plan(
    steps=(
        Step(action="start", service="api", reason="not running", origin="nexsock.yaml:3:3"),
        Step(
            action="restart",
            service="web",
            reason="environment changed",
            origin="nexsock.yaml:14:7",
            field_class="restart",
            fields=(
                FieldChange(path="environment.PORT", old='"3000"', new='"3001"', origin="nexsock.yaml:14:7"),
                FieldChange(path="environment.NEW", old=None, new='"x"'),
                FieldChange(path="environment.OLD", old='"y"', new=None),
            ),
        ),
    ),
    holds=(
        Hold(service="worker", waits_for="api to be healthy", on=("api",), origin="nexsock.yaml:20:7"),
        Hold(service="mail", waits_for="the next try", because="exited with 1", until=12.5),
    ),
)


def test_a_plan_says_what_why_where_and_which_field():
    assert plan.render(PlanStatus(plan=PLAN), colour=False) == (
        "+ start    api     not running                             nexsock.yaml:3:3\n"
        "± restart  web     environment changed                     nexsock.yaml:14:7\n"
        '      environment.PORT: "3000" → "3001"  (nexsock.yaml:14:7)\n'
        '      environment.NEW: "x" (new)\n'
        '      environment.OLD: "y" (removed)\n'
        ". hold     worker  waits for api to be healthy             nexsock.yaml:20:7\n"
        ". hold     mail    waits for the next try (exited with 1)\n"
        "\n"
        "2 changes, 2 on hold\n"
    )


def test_an_empty_plan_says_that_there_is_nothing_to_do():
    assert plan.render(PlanStatus(plan=Plan()), colour=False) == "Nothing to do: everything is as the file says.\n"


def test_what_is_skipped_is_told_where_nothing_is_to_be_done():
    skip = Skip(service="migrate", reason="inputs unchanged since run 3", origin="nexsock.yaml:4:5")
    assert plan.render(PlanStatus(plan=Plan(skips=(skip,))), colour=False) == (
        "= skip  migrate  inputs unchanged since run 3  nexsock.yaml:4:5\n"
        "Nothing to do: everything is as the file says.\n"
    )


def test_every_action_has_a_sign():
    from typing import get_args

    from nexsock.model.plan import Action

    assert set(plan.SIGNS) == set(get_args(Action))
