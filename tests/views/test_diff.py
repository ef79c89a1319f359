import pytest

from nexsock.model.plan import FieldChange
from nexsock.model.status import RunDiff, RunStatus
from nexsock.views import diff


@pytest.fixture
def runs(now):
    old = RunStatus(run=4, cause="it was wanted", started_at=now - 90, exited_at=now - 30, exit="ended by SIGTERM",
                    ended="environment.PORT changed", commit="c0ffee" * 7)  # fmt: skip
    new = RunStatus(run=5, cause="environment.PORT changed", origin="n.yaml:3:5", started_at=now - 30)
    return {"old": old, "new": new}


def test_two_runs_stand_side_by_side_above_the_fields_that_differ(runs, now):
    fields = (
        FieldChange(path="environment.PORT", old='"3000"', new='"3001"', origin="n.yaml:3:5"),
        FieldChange(path="environment.API_TOKEN", old="••••••", new="••••••"),
        FieldChange(path="tty", old=None, new="true"),
        FieldChange(path="limits.nofile", old="64", new=None),
    )
    found = RunDiff(service="web", **runs, fields=fields, same_launch=False)
    assert diff.render(found, colour=False, now=now) == (
        "web: run 4 and run 5\n"
        "         RUN 4                                       RUN 5\n"
        "cause    it was wanted                               environment.PORT changed (n.yaml:3:5)\n"
        "started  1m 30s ago                                  30s ago\n"
        "lasted   1m                                          -\n"
        "end      ended by SIGTERM: environment.PORT changed  -\n"
        "commit   c0ffeec0ffee                                -\n"
        "\n"
        'environment.PORT: "3000" → "3001"  (n.yaml:3:5)\n'
        "environment.API_TOKEN: •••••• (another value)\n"
        "tty: true (new)\n"
        "limits.nofile: 64 (removed)\n"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"same_launch": True}, "Both were launched alike"),
        ({"same_launch": False, "known": False}, "what the older one was launched with is not remembered"),
        ({"same_launch": False}, "inputs of a oneshot, or the value of a secret"),
    ],
)
def test_runs_without_differing_fields_say_why(runs, now, facts, said):
    assert said in diff.render(RunDiff(service="web", **runs, **facts), colour=False, now=now)


def test_inherited_variables_are_named_and_many_are_counted(runs, now):
    names = tuple(f"V{number}" for number in range(10))
    shown = diff.render(RunDiff(service="web", **runs, inherited=names), colour=False, now=now)
    assert shown.endswith("inherited differently from the caller: V0, V1, V2, V3, V4, V5, V6, V7 and 2 more\n")
