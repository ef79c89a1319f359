"""`why` leads from the symptom to the cause, and to what was changed since it worked."""


def test_why_tells_the_edit_that_broke_a_dependency(project):
    """db is edited so that it fails; web, held by it, is explained by the field and its place."""
    text = """
        services:
          db:
            command: 'echo "limit is $$LIMIT"; test "$$LIMIT" = 1 && exec sleep 1000'
            environment:
              LIMIT: "1"
            restart: "no"
            healthcheck: {log: limit is 1}
          web:
            command: exec sleep 1000
            depends_on: [db]
    """
    road = project(text)
    road.up()
    road.edit(text.replace('LIMIT: "1"', 'LIMIT: "2"'))
    assert road.run("up", "-d").exit == 1
    road.done("stop", "web")
    assert road.run("start", "web").exit == 1
    found = road.json("why", "web")
    assert [link["service"] for link in found["chain"]] == ["web", "db"]
    assert (found["phase"], found["last_exit"], found["last_log"]) == ("blocked", "exited with 1", ["limit is 2"])
    change = found["last_change"]
    assert (change["service"], change["worked_run"], change["run"]) == ("db", 1, 2)
    assert change["fields"] == [
        {"path": "environment.LIMIT", "old": '"1"', "new": '"2"', "origin": "nexsock.yaml:5:14"}
    ]
    assert "'nexsock start db'" in found["advice"]
    assert 'environment.LIMIT: "1" → "2"  (nexsock.yaml:5:14)' in road.done("why", "web")


def test_why_explains_what_is_well_what_was_stopped_and_a_broken_file(project):
    text = "services:\n  db: {command: exec sleep 1000}\n  web: {command: exec sleep 1000, depends_on: [db]}\n"
    road = project(text)
    road.up("-w")
    assert road.json("why", "web")["run"]["kind"] == "user"
    road.edit(text.replace("depends_on", "depend_on"))
    road.wait_until(lambda: "config_error" in road.json("why", "web"), "the newer file is known to be broken")
    assert "nexsock.yaml:3:" in road.done("why", "web")
    road.edit(text)
    road.done("stop", "web")
    assert road.json("why", "web")["chain"][0]["because"] == "is stopped by hand"
