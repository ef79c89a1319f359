from nexsock.model.status import Because, Next, Why
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
