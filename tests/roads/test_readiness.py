"""A service is ready when it says so itself, in any of the ways it can, and never because of somebody else."""

import socket

import pytest

SERVER = """
    import socket, sys

    status, port = sys.argv[1], int(sys.argv[2])
    host = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as server:
        kept = []
        while True:
            client, _ = server.accept()
            with client:
                if status == "never":
                    kept.append(client.dup())
                    continue
                client.recv(65536)
                client.sendall(f"HTTP/1.1 {status} Said\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
"""
"""`server.py STATUS PORT [HOST]` answers each request with a status, or not at all."""


@pytest.fixture
def stranger(free_port):
    """A port on which this test process listens."""
    with socket.create_server(("127.0.0.1", free_port)):
        yield free_port


@pytest.mark.parametrize(
    "speech",
    [
        pytest.param("echo it is ready now", id="on stdout"),
        pytest.param("echo it is ready now >&2", id="on stderr"),
        pytest.param("printf 'it is re'; sleep 0.2; echo 'ady now'", id="in two writes"),
        pytest.param("printf 'it is ready now'", id="without an end of line"),
        pytest.param("for i in 1 2 3 4 5 6 7 8; do echo line $$i; done; echo it is ready now", id="among others"),
    ],
)
def test_a_line_of_its_log_makes_a_service_ready(project, speech):
    road = project(f"""
        services:
          web:
            command: |
              {speech}
              exec sleep 1000
            healthcheck: {{log: "is ready"}}
    """)
    road.up()
    assert (road.phase("web"), road.service("web")["health"]) == ("ready", "healthy")


def test_a_line_that_never_comes_ends_in_time_and_holds_what_waits_for_it(project):
    road = project("""
        services:
          db:
            command: echo something else; exec sleep 1000
            healthcheck: {log: "is ready"}
          web: {command: echo web >> trace, depends_on: [db]}
    """)
    ended = road.run("up", "-d", "--timeout", "700ms")
    assert ended.exit == 124
    assert "db" in ended.err
    assert road.phases() == {"db": "starting", "web": "blocked"}
    assert road.words() == []


def test_a_line_that_never_comes_fails_when_the_start_period_is_over(project):
    road = project("""
        services:
          db:
            command: exec sleep 1000
            healthcheck: {log: "is ready", start_period: 200ms, retries: 2, timeout: 100ms}
    """)
    outcome = road.json("up", "-d")
    assert not outcome["ok"]
    assert road.phase("db") == "unhealthy"
    assert "is ready" in outcome["failed"][0]["last_probe"]


def test_a_line_of_an_earlier_run_does_not_count(project):
    road = project("""
        services:
          web:
            command: "[ -e again ] || echo is ready; touch again; exec sleep 1000"
            healthcheck: {log: "is ready"}
    """)
    road.up()
    restart = road.begin("restart", "web")
    road.wait_until(lambda: road.phase("web") == "starting", "the second run is asked")
    assert road.run("wait", "web", "--timeout", "500ms").exit == 124
    assert road.phase("web") == "starting"
    road.done("stop", "web")
    assert restart.end().exit == 1


def answering(status, accepted, port):
    accepting = f", status: {accepted}" if accepted else ""
    return f"""
        services:
          web:
            command: exec python3 -S server.py {status} $$PORT
            ports: [{port}]
            healthcheck: {{http: {{url: /health{accepting}}}}}
    """


@pytest.mark.parametrize(("status", "accepted"), [(200, ""), (302, ""), (404, "[404, 418]")])
def test_an_accepted_status_makes_a_service_ready(project, free_port, status, accepted):
    road = project(answering(status, accepted, free_port))
    road.edit(SERVER, file="server.py")
    road.up()
    assert road.phase("web") == "ready"


@pytest.mark.parametrize(("status", "accepted"), [(404, ""), (503, ""), (200, "[404]")])
def test_another_status_does_not(project, free_port, status, accepted):
    road = project(answering(status, accepted, free_port))
    road.edit(SERVER, file="server.py")
    road.begin("up", "-d")
    road.wait_until(
        lambda: road.services() and f"HTTP/1.1 {status}" in road.json("why", "web").get("last_probe", ""),
        "it has answered",
    )
    assert road.phase("web") == "starting"


def test_a_server_that_accepts_and_never_answers_is_not_ready(project, free_port):
    road = project(f"""
        services:
          web:
            command: exec python3 -S server.py never $$PORT
            ports: [{free_port}]
            healthcheck: {{http: /health, timeout: 100ms, interval: 100ms, start_period: 1s, retries: 2}}
          after: {{command: echo after >> trace, depends_on: [web]}}
    """)
    road.edit(SERVER, file="server.py")
    outcome = road.json("up", "-d")
    assert {failure["service"] for failure in outcome["failed"]} == {"web", "after"}
    road.wait_until(
        lambda: "no answer within 0.1s" in road.json("why", "web")["last_probe"], "it is asked and is silent"
    )
    assert road.phase("web") == "unhealthy"
    assert road.words() == []


def test_a_port_that_is_listened_on_by_ipv6_alone_is_found(project, free_port):
    road = project(f"""
        services:
          web:
            command: exec python3 -S server.py 200 {free_port} ::1
            ports: [{free_port}]
            healthcheck: {{tcp: {free_port}}}
    """)
    road.edit(SERVER, file="server.py")
    assert road.run("up", "-d", "--timeout", "50s").exit == 0


def test_a_probing_command_has_the_place_and_the_environment_of_its_service(project):
    road = project("""
        services:
          web:
            command: sleep 1000
            working_dir: inner
            environment: {WORD: open}
            healthcheck: {test: 'pwd > ../place; test "$$WORD" = open'}
    """)
    (road.folder / "inner").mkdir()
    road.up()
    assert road.words("place") == [str(road.folder / "inner")]


def test_a_port_that_somebody_holds_fails_at_once_and_names_him(project, stranger):
    road = project(f"""
        services:
          web:
            command: echo web >> trace
            ports: [{stranger}]
            restart: "no"
    """)
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert f"port {stranger}" in ended.err
    assert "process" in ended.err
    assert road.words() == []


def test_a_strangers_listener_never_counts_as_readiness(project, stranger):
    road = project(f"""
        services:
          web:
            command: exec sleep 1000
            healthcheck: {{tcp: "127.0.0.1:{stranger}", start_period: 200ms, retries: 1}}
    """)
    assert road.run("up", "-d").exit == 1
    assert f"port {stranger} is held by" in road.json("why", "web")["last_probe"]


def test_what_dies_while_it_is_probed_fails_at_once_with_its_last_words(project):
    road = project("""
        services:
          web:
            command: echo no such table >&2; sleep 0.2; exit 23
            restart: "no"
            healthcheck: {tcp: 1, start_period: 60s}
    """)
    outcome = road.json("up", "-d", "--timeout", "50s")
    (failure,) = outcome["failed"]
    assert "23" in failure["reason"]
    assert failure["last_log"] == ["no such table"]
    assert not outcome["timed_out"]


def test_health_that_changes_is_told_once_in_each_direction(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            healthcheck: {test: test -e well, interval: 20ms, retries: 2, start_period: 10s}
    """)
    road.touch("well")
    road.up()
    for _ in range(2):
        (road.folder / "well").unlink()
        road.wait_until(lambda: road.phase("web") == "unhealthy", "it is unhealthy")
        road.touch("well")
        road.wait_until(lambda: road.phase("web") == "ready", "it is well again")
    told = [event["phase"] for event in road.events("phase")]
    assert told == ["starting", "ready", "unhealthy", "ready", "unhealthy", "ready"]


def test_a_probe_that_cannot_be_run_is_a_failure_and_the_next_one_is_made(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            healthcheck: {test: [CMD, ./probe], interval: 20ms, retries: 1000, start_period: 10s}
    """)
    up = road.begin("up", "-d")
    road.wait_until(lambda: road.services() and road.json("why", "web").get("last_probe"), "it was probed")
    road.edit("#!/bin/sh\n", file="probe.new")
    (road.folder / "probe.new").chmod(0o755)
    (road.folder / "probe.new").rename(road.folder / "probe")
    assert up.end().exit == 0


def test_probes_end_with_their_service(project):
    road = project("""
        services:
          web:
            command: exec sleep 1000
            healthcheck: {test: echo probe >> probes, interval: 10ms}
          clock: {command: sleep 0.3, oneshot: true}
    """)
    road.up("web")
    road.done("stop", "web")
    probes = len(road.words("probes"))
    road.up("clock")
    assert len(road.words("probes")) == probes


def test_a_service_that_becomes_unhealthy_is_restarted_where_it_says_so(project):
    road = project("""
        services:
          web:
            command: touch well; exec sleep 1000
            healthcheck: {test: test -e well, interval: 20ms, retries: 2, on_unhealthy: restart}
            restart_policy: {delay: 10ms}
            stop_grace_period: 300ms
    """)
    road.up()
    first = road.pid("web")
    (road.folder / "well").unlink()
    road.wait_until(lambda: road.service("web").get("pid") not in (None, first), "another run stands")
    road.wait_until(lambda: road.phase("web") == "ready", "it is ready")
    assert first not in road.processes("web")


def test_readiness_that_always_fails_restarts_within_bounds(project):
    road = project("""
        services:
          web:
            command: sleep 1000
            healthcheck: {test: "exit 1", start_interval: 10ms, start_period: 0s, retries: 2, on_unhealthy: restart}
            restart: always
            restart_policy: {delay: 20ms, factor: 1, max_in_window: 4}
            stop_grace_period: 300ms
    """)
    road.run("up", "-d")
    road.wait_until(lambda: road.phase("web") == "failed", "it is given up")
    assert [event["phase"] for event in road.events("phase")].count("starting") == 4
    assert road.processes("web") == []
