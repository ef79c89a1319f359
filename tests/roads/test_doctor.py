"""The clean-up that `doctor` offers, with real leftovers."""

import json
import shutil


def test_doctor_takes_away_what_a_deleted_project_left_behind_and_nothing_else(project):
    """Two projects were up; the folder of one is deleted."""
    text = "services:\n  web: {command: echo hi; exec sleep 1000, ports: {http: auto}}\n"
    kept, gone = project(text), project(text, name="gone")
    kept.up()
    gone.up()
    gone.done("down")
    shutil.rmtree(gone.folder)
    told = kept.json("doctor")
    assert [one["id"] for one in told["leftovers"]] == [gone.id]
    assert kept.run("doctor", "--fix").exit == 2
    assert gone.state.exists()
    kept.done("doctor", "--fix", "--yes")
    assert not gone.state.exists()
    assert kept.json("doctor")["leftovers"] == []
    assert kept.phase("web") == "running"
    table = json.loads((kept.home.folder / "state" / "ports.json").read_text())
    assert list(table["projects"]) == [kept.id]
    gone.folder.mkdir()
