"""What is remembered of runs, told after they are over."""

import subprocess

SHOP = """
    services:
      web:
        command: echo run $PORT; exec sleep 1000
        environment:
          PORT: "3000"
          API_TOKEN: s3cret
"""


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def said(road, text):
    road.wait_until(lambda: text.encode() in road.log("web"), f"it has said {text!r}")


def test_history_tells_causes_commit_and_the_bytes_of_each_run(project, end):
    """An edit at its place, a crash, and a start by hand; the slice of a run is what it wrote."""
    road = project(SHOP.replace("$PORT", "$$PORT"))
    git(road.folder, "init", "-q")
    git(road.folder, "commit", "-q", "--allow-empty", "-m", "first")
    road.up()
    said(road, "run 3000")
    road.edit(SHOP.replace("$PORT", "$$PORT").replace('"3000"', '"3001"').replace("s3cret", "0ther"))
    road.up()
    said(road, "run 3001")
    end(road.pid("web"))
    road.wait_until(lambda: road.service("web").get("run") == 3, "it was started again")
    road.wait_until(lambda: road.log("web").count(b"run 3001") == 2, "the third run has spoken")
    runs = road.history("web")
    assert [(run["run"], run["kind"]) for run in runs] == [(3, "crash"), (2, "config"), (1, "user")]
    assert runs[1]["origin"] == "nexsock.yaml:5:13"
    assert {run["commit"] for run in runs} == {git(road.folder, "rev-parse", "HEAD").strip()}
    (piece,) = runs[1]["log"]
    with open(piece["path"], "rb") as log:
        assert log.read()[piece["start"] : piece["end"]] == b"run 3001\n"
    assert road.done("logs", "--no-prefix", "--run", "-1", "web").splitlines()[-1] == "run 3001"
    told = road.done("diff", "web", "1", "3")
    assert 'environment.PORT: "3000" → "3001"  (nexsock.yaml:5:13)' in told
    assert "environment.API_TOKEN: •••••• (another value)" in told


def test_what_runs_were_launched_with_outlives_the_daemon_and_holds_no_secret(project, home):
    road = project(SHOP.replace("$PORT", "$$PORT"))
    road.up()
    road.edit(SHOP.replace("$PORT", "$$PORT").replace('"3000"', '"3001"'))
    road.up()
    road.done("down")
    road.done("daemon", "stop")
    assert [field["path"] for field in road.json("diff", "web")["fields"]] == ["environment.PORT"]
    assert b"s3cret" not in (road.state / "state.json").read_bytes()


def test_timings_show_what_an_up_waited_for(project):
    """A oneshot that waits for a word holds what needs it; both, and no other, are the critical path."""
    road = project("""
        services:
          migrate: {command: "cat go >/dev/null", oneshot: true}
          quick: {command: exec sleep 1000}
          web: {command: exec sleep 1000, depends_on: [migrate, quick]}
    """)
    subprocess.run(["mkfifo", str(road.folder / "go")], check=True)
    up = road.begin("up", "-d")
    held = {"migrate": "running", "quick": "running", "web": "blocked"}
    road.wait_until(lambda: road.phases() == held, "migrate alone is waited for")
    (road.folder / "go").write_text("")
    assert up.end().exit == 0
    found = road.json("timings")
    bars = {one["name"]: one for one in found["services"]}
    assert found["critical_path"] == ["migrate", "web"]
    assert [name for name, one in bars.items() if one["on_critical_path"]] == ["migrate", "web"]
    assert bars["web"]["held_s"] >= bars["migrate"]["ready_at_s"] > bars["quick"]["ready_at_s"]
    assert found["total_s"] == bars["web"]["ready_at_s"]
