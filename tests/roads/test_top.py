"""What services use, of real processes."""

import json


def test_top_counts_what_a_service_started(project):
    """A service of three processes, one of which is busy; a second one is quiet."""
    road = project("""
        services:
          web: {command: "sleep 1000 & while :; do :; done & wait"}
          db: {command: exec sleep 1000}
    """)
    road.up()
    road.wait_until(lambda: len(road.processes("web")) == 3, "web has started its processes")
    samples = [json.loads(line) for line in road.done("--json", "top", "-n", "2", "--interval", "1s").splitlines()]
    assert len(samples) == 2
    web, db = ({one["name"]: one for one in samples[1]["services"]}[name] for name in ("web", "db"))
    assert (web["processes"], db["processes"]) == (3, 1)
    assert web["cpu_percent"] > db["cpu_percent"]
    assert min(web["memory_bytes"], db["memory_bytes"], db["descriptors"]) > 0
    assert "web" in road.done("top", "web")
