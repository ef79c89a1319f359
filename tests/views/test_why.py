from nexsock.model.plan import FieldChange
from nexsock.model.status import Because, LastChange, Next, RunStatus, Why
from nexsock.views import why


def test_the_chain_goes_from_symptom_to_cause_and_ends_with_what_comes_next(now):
    found = Why(
        service="web",
        phase="blocked",
        chain=(
            Because(service="web", because="waits for api to be healthy", since=now - 12, origin="nexsock.yaml:20:7"),
            Because(service="api", because="exited with 1", since=now - 2),
        ),
        next=Next(action="api is tried again", at=now + 3),
        last_exit="exited with 1",
        last_log=("Traceback", "\x1b[31mboom\x1b[0m"),
        last_probe="connection refused",
    )
    assert why.render(found, colour=False, now=now) == (
        "web is blocked\n"
        "└─ web: waits for api to be healthy, for 12s  (nexsock.yaml:20:7)\n"
        "   └─ api: exited with 1, for 2s\n"
        "next: api is tried again in 3s\n"
        "last exit: exited with 1\n"
        "last probe of api: connection refused\n"
        "last lines of api:\n"
        "  | Traceback\n"
        "  | boom\n"
    )


def test_a_service_that_is_well_needs_no_chain(now):
    found = Why(service="web", phase="ready", chain=(Because(service="web", because="healthy"),))
    assert why.render(found, colour=False, now=now) == "web is ready\n└─ web: healthy\n"


def changed(now, **facts):
    change = LastChange(service="web", worked_run=4, worked_at=now - 120, **facts)
    failed = (Because(service="web", because="failed"),)
    return why.render(Why(service="web", phase="failed", chain=failed, last_change=change), colour=False, now=now)


def test_what_changed_since_it_worked_stands_with_its_place(now):
    field = FieldChange(path="environment.PORT", old='"3000"', new='"3001"', origin="nexsock.yaml:14:7")
    shown = changed(now, run=5, at=now - 110, fields=(field,), old_commit="a" * 40, new_commit="b" * 40)
    assert shown.splitlines()[2:] == [
        "last change since run 4, which worked until 2m ago, applied 1m 50s ago in run 5:",
        '  environment.PORT: "3000" → "3001"  (nexsock.yaml:14:7)',
        "  git commit: aaaaaaaaaaaa → bbbbbbbbbbbb",
    ]


def test_that_nothing_has_changed_is_said(now):
    assert "launched alike since run 4, which worked until 2m ago" in changed(now)


def test_a_service_that_is_well_says_which_run_it_is_and_why(now):
    run = RunStatus(run=3, cause="environment.PORT changed", origin="n.yaml:3:5", started_at=now - 60)
    found = Why(service="web", phase="ready", chain=(Because(service="web", because="is ready"),), run=run)
    assert "run: 3, started 1m ago: environment.PORT changed (n.yaml:3:5)\n" in why.render(found, colour=False, now=now)


def test_where_nothing_goes_on_by_itself_it_is_said_what_can_be_done(now):
    found = Why(service="web", phase="stopped", chain=(Because(service="web", because="x"),), advice="do this")
    assert "next: nothing by itself; do this\n" in why.render(found, colour=False, now=now)
