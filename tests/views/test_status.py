from nexsock.model.status import DependencyStatus, ProbeStatus, RunStatus, ServiceDetail, TunnelStatus
from nexsock.views import status


def test_the_page_of_a_service(shop, now):
    detail = ServiceDetail(
        service=shop.services[1],
        command="python app.py",
        working_dir="/home/ann/shop",
        depends_on=(
            DependencyStatus(name="migrate", condition="completed_successfully", met=True),
            DependencyStatus(name="cache", condition="started", met=False, required=False),
        ),
        required_by=("web",),
        probes=(ProbeStatus(kind="http", ok=True, output="200", at=now - 3),),
        history=(
            RunStatus(
                run=3, cause="environment changed", started_at=now - 123, ready_at=now - 122.7, origin="n.yaml:1:2"
            ),
            RunStatus(
                run=2, cause="by hand", started_at=now - 500, exited_at=now - 123, exit_code=0, exit="exited with 0"
            ),
        ),
        log_file="/state/api.log",
        origin="nexsock.yaml:9:3",
        description="Orders and stock",
        labels={"team": "orders", "tier": "2"},
    )
    assert status.render(detail, colour=False, columns=0, now=now) == (
        "api  ready, healthy  (nexsock.yaml:9:3)\n"
        "  Orders and stock\n"
        "  command    python app.py\n"
        "  directory  /home/ann/shop\n"
        "  process    pid 4711, up 2m 3s, run 3\n"
        "  ports      http 8080, admin 9090\n"
        "  log        /state/api.log\n"
        "  labels     team=orders, tier=2\n"
        "  needs      migrate completed_successfully (met), cache started (not met, not required)\n"
        "  needed by  web\n"
        "  probe      http: ok, 3s ago: 200\n"
        "\n"
        "RUN  STARTED     READY AFTER  LASTED  END            CAUSE\n"
        "3    2m 3s ago   300ms        -       -              environment changed (n.yaml:1:2)\n"
        "2    8m 20s ago  -            6m 17s  exited with 0  by hand\n"
    )


def lines_of(shop, now, **fields):
    detail = ServiceDetail(service=shop.services[1], command="", working_dir="/", project=shop.project, **fields)
    return status.render(detail, colour=False, columns=0, now=now).splitlines()


def test_a_tunnel_is_shown_with_what_comes_through_it(shop, now):
    found = TunnelStatus(
        name="db", listen="127.0.0.1:20311", target="127.0.0.1:5432", connections=2, bytes_in=2048, bytes_out=9
    )
    line = "  tunnel     db at 127.0.0.1:20311, to 127.0.0.1:5432: 2 open, 2.0KiB in, 9B out"
    assert line in lines_of(shop, now, tunnels=(found,))


def test_a_tunnel_at_which_somebody_waits_says_for_what(shop, now):
    found = TunnelStatus(
        name="db", listen="127.0.0.1:1", target="db.far:2", connections=0, waiting=1, error="Connection refused"
    )
    line = "  tunnel     db at 127.0.0.1:1, to db.far:2: 0 open, 1 waiting, Connection refused"
    assert line in lines_of(shop, now, tunnels=(found,))


def test_a_tunnel_of_which_nothing_is_known_is_shown_by_its_address(shop, now):
    found = TunnelStatus(name="db", listen="127.0.0.1:20311", target="")
    assert "  tunnel     db at 127.0.0.1:20311" in lines_of(shop, now, tunnels=(found,))
