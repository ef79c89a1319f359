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


def test_run_leaves_it_alone_until_it_is_forced(project):
    road = project(BUILD)
    road.edit("one", "src/1.txt")
    road.up()
    ended = road.run("run", "build")
    assert (ended.exit, "inputs unchanged since run 1" in ended.err, road.words()) == (0, True, ["one"])
    assert road.run("run", "--force", "build").exit == 0
    assert road.words() == ["one", "one"]
