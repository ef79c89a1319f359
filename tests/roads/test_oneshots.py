"""A oneshot runs when something that it reads has changed, and says why it does or does not."""

BUILD = """
    services:
      build:
        command: "cat src/*.txt >> trace; echo >> trace"
        oneshot: true
        inputs: ["src/**"]
      web: {command: exec sleep 1000, depends_on: [build], stop_grace_period: 300ms}
"""


def reasons(plan):
    """What a plan does and skips, by service."""
    steps = {step["service"]: step["reason"] for step in plan["steps"]}
    return {**steps, **{skip["service"]: skip["reason"] for skip in plan["skips"]}}


def test_it_is_skipped_until_an_input_changes_and_the_plan_names_that(project):
    road = project(BUILD)
    road.edit("one", "src/1.txt")
    road.up()
    assert reasons(road.json("plan")) == {"build": "inputs unchanged since run 1"}
    assert road.json("up", "-d")["skipped"][0]["reason"] == "inputs unchanged since run 1"
    road.edit("two", "src/2.txt")
    assert reasons(road.json("plan")) == {"build": "inputs changed: src/2.txt"}
    assert road.json("up", "-d")["ok"]
    assert road.words() == ["one", "onetwo"]
    assert road.history("build")[0]["cause"] == "inputs changed: src/2.txt"


def test_in_watch_mode_it_runs_again_when_an_input_changes_and_not_when_one_is_touched(project):
    road = project(BUILD)
    road.edit("one", "src/1.txt")
    road.up("--watch")
    pid = road.pid("web")
    road.touch("src/1.txt")
    road.edit("two", "src/deep/2.txt")
    road.wait_until(lambda: len(road.history("build")) == 2 and road.phase("build") == "completed", "it has run again")
    road.edit("new", "src/1.txt")
    road.wait_until(lambda: road.words() == ["one", "one", "new"], "and again")
    road.wait_until(lambda: road.phase("build") == "completed", "and it is done")
    assert road.history("build")[0]["cause"] == "inputs changed: src/1.txt"
    assert (len(road.history("build")), road.pid("web")) == (3, pid)


def test_in_watch_mode_one_that_writes_what_it_reads_is_suspended(project):
    road = project("""
        services:
          build: {command: echo x >> src/count, oneshot: true, inputs: [src]}
    """)
    road.edit("x\n", "src/count")
    road.up("--watch")
    road.edit("x\n", "src/other")
    suspended = "src/count caused 10 restarts within a minute: its watch is suspended; name fewer 'inputs'"
    road.wait_until(lambda: any(suspended in event["reason"] for event in road.events("warning")), "it is suspended")


def test_run_leaves_it_alone_until_it_is_forced(project):
    road = project(BUILD)
    road.edit("one", "src/1.txt")
    road.up()
    ended = road.run("run", "build")
    assert (ended.exit, "inputs unchanged since run 1" in ended.err, road.words()) == (0, True, ["one"])
    assert road.run("run", "--force", "build").exit == 0
    assert road.words() == ["one", "one"]
