"""What the pages of services show, from answers alone."""

from msgspec.structs import replace

from nexsock.model.status import ProjectInfo, ProjectStatus, ServiceDetail, ServiceStatus, ServiceUsage, Usage
from nexsock.web.api import gather
from nexsock.web.frame import Frame
from nexsock.web.pages import lines, phases, services

NOW = 1_000.0
FRAME = Frame(now=NOW, path="/services")
SHOP = ProjectInfo(name="shop", dir="/shop", id="shop-1")
WEB = ServiceStatus(name="web", phase="ready", ready=True, health="healthy", ports={"http": 80, "admin": 81})
DB = ServiceStatus(name="db", phase="failed", ready=False, exit_code=3)
STATUS = ProjectStatus(project=SHOP, services=(WEB, DB))


def look(at: float, cpu: float) -> Usage:
    used = ServiceUsage(name="web", phase="ready", processes=1, cpu_percent=cpu, memory_bytes=1024)
    return Usage(at=at, memory="pss", services=(used, ServiceUsage(name="db", phase="failed")))


def test_a_failed_service_says_how_it_ended():
    rows = services.show_list(FRAME, gather.Services(status=STATUS))["rows"]
    assert [(row["kind"], row["reason"]) for row in rows] == [("good", ""), ("bad", "exited with 3")]


def test_a_pending_restart_is_said_beside_the_reason():
    assert phases.reason(replace(DB, reason="no disk", stale=True)) == "no disk; a restart is pending"


def test_health_is_said_where_the_phase_does_not_say_it():
    looks = [("ready", "healthy"), ("unhealthy", "unhealthy"), ("running", "-"), ("stopping", "healthy")]
    told = [phases.health(replace(WEB, phase=phase, health=health)) for phase, health in looks]
    assert told == ["", "", "", "healthy"]


def test_the_first_service_of_each_look_is_where_its_count_leads():
    status = replace(STATUS, services=(WEB, DB, replace(DB, name="old"), replace(WEB, name="api")))
    rows = services.show_list(FRAME, gather.Services(status=status))["rows"]
    assert [row["name"] for row in rows if row["first"]] == ["web", "db"]


def test_every_phase_of_the_model_has_a_look():
    assert set(phases.KINDS) == set(ServiceStatus.__annotations__["phase"].__args__)


def test_several_ports_are_told_apart_and_each_leads_to_its_own():
    assert [(port["name"], port["href"]) for port in services.ports(WEB)] == [
        ("http", "http://localhost:80/"),
        ("admin", "http://localhost:81/"),
    ]


def test_trouble_is_counted_first():
    assert phases.counts(STATUS.services) == [("bad", 1, "failing"), ("good", 1, "up")]


def test_what_does_not_run_has_no_line():
    assert set(lines.by_service((look(1, 2.0), look(2, 4.0)))) == {"web"}


def test_a_line_ends_at_the_right_and_says_its_last_figure():
    drawn = lines.by_service((look(1, 0.0), look(2, 10.0)))["web"].cpu
    assert (drawn.points.split()[-1], drawn.last, drawn.label) == ("72.0,1.0", "10.0%", "processor 10.0%")


def test_a_single_look_is_a_line_already():
    assert len(lines.by_service((look(1, 1.0),))["web"].memory.points.split()) == 2


def test_only_services_that_are_not_needed_yet_are_offered():
    detail = ServiceDetail(service=WEB, command="serve", working_dir="/shop")
    found = gather.Service(detail=detail, status=STATUS, why=None, lines=(), needs=())
    assert services.show_one(FRAME, found)["others"] == ["db"]
