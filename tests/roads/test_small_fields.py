"""Fields that are a line of the reference each, and what they do to a real process."""


def test_an_exit_code_that_means_success_ends_it_well(project):
    road = project("""
        services:
          good: {command: exit 7, success_exit_codes: [0, 7]}
          bad: {command: exit 7, restart: "no"}
          killed: {command: kill -INT $$$$, success_exit_codes: [130]}
          once: {command: exit 7, oneshot: true, success_exit_codes: [7]}
          after: {command: exec sleep 1000, depends_on: [once]}
    """)
    road.run("up", "-d")
    expected = {"good": "completed", "bad": "failed", "killed": "completed", "once": "completed", "after": "running"}
    road.wait_until(lambda: road.phases() == expected, f"all have come to rest as {expected}")


def test_limits_hold_for_what_a_service_starts(project):
    road = project("""
        services:
          web:
            command: (ulimit -n; ulimit -Hn; ulimit -d; cat /proc/self/stat | cut -d' ' -f19) > trace; exec sleep 1000
            limits: {nofile: 64, memory: 256MiB, nice: 19}
    """)
    road.up()
    road.wait_until(lambda: len(road.words()) == 4, "it has written its limits down")
    assert road.words() == ["64", "64", str(256 * 1024), "19"]


def test_a_limit_that_may_not_be_set_is_told_with_its_name(project):
    road = project("services: {web: {command: exec sleep 1000, limits: {nofile: 1000000000}}}")
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "limits.nofile of 1000000000 cannot be set" in ended.err


def test_a_log_keeps_as_much_as_the_file_says_and_another_amount_without_a_restart(project):
    road = project("""
        services:
          web: {command: "while :; do echo 0123456789; sleep 0.002; done", logging: {max_size: 1KiB, max_files: 3}}
    """)
    road.up()
    logs = road.state / "logs"
    road.wait_until(lambda: (logs / "web.log.2").exists(), "the log is rotated twice")
    before = road.pid("web")
    road.edit("""
        services:
          web: {command: "while :; do echo 0123456789; sleep 0.002; done", logging: {max_size: 2KiB, max_files: 2}}
    """)
    road.up()
    road.wait_until(lambda: not (logs / "web.log.2").exists(), "less is kept")
    road.wait_until(lambda: (logs / "web.log.1").stat().st_size >= 2048, "a file is larger")
    assert road.pid("web") == before


def test_labels_are_told_to_who_asks(project):
    road = project("services: {web: {command: exec sleep 1000, labels: {team: orders, tier: 2}}}")
    road.up()
    assert road.json("status", "web")["labels"] == {"team": "orders", "tier": "2"}
    road.edit("services: {web: {command: exec sleep 1000, labels: [team=stock]}}")
    before = road.pid("web")
    road.up()
    assert (road.json("status", "web")["labels"], road.pid("web")) == ({"team": "stock"}, before)
