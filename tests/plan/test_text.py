from nexsock.model.plan import FieldChange, Hold, Plan, Step
from nexsock.plan import text

FIELD = FieldChange(path="environment.PORT", old='"3000"', new='"3001"', origin="nexsock.yaml:14:13")


def test_an_empty_plan_says_so():
    assert text.render(Plan()) == "nothing to do"


def test_steps_come_before_holds_and_fields_below_their_step():
    plan = Plan(
        steps=(Step(action="restart", service="api", reason="environment.PORT changed", fields=(FIELD,)),),
        holds=(Hold(service="web", waits_for="api to be replaced"),),
    )
    assert text.render(plan).splitlines() == [
        "restart api: environment.PORT changed",
        '  environment.PORT: "3000" → "3001" (nexsock.yaml:14:13)',
        "hold    web: waits for api to be replaced",
    ]


def test_a_step_without_fields_shows_its_own_place():
    step = Step(action="start", service="api", reason="not started yet", origin="nexsock.yaml:2:3")
    assert text.step_lines(step) == ["start   api: not started yet (nexsock.yaml:2:3)"]


def test_a_field_that_comes_or_goes_is_told_so():
    assert text.field_line(FieldChange(path="tty", old=None, new="true")) == "tty: true added"
    assert text.field_line(FieldChange(path="tty", old="true", new=None)) == "tty: true removed"


def test_a_hold_says_until_when_and_why():
    hold = Hold(service="web", waits_for="its next try", until=100.5, because="exited with 1")
    assert text.hold_line(hold) == "hold    web: waits for its next try at 100.5 (exited with 1)"


def test_a_signal_is_named():
    step = Step(action="signal", service="api", reason="its grace period is over", signal="SIGKILL")
    assert text.step_lines(step) == ["signal SIGKILL api: its grace period is over"]
