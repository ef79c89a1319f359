from nexsock.model.status import DependencyStatus, ProbeStatus, RunStatus, ServiceDetail
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
