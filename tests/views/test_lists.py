from nexsock.model.status import DaemonStatus, ProjectSummary
from nexsock.views import lists

SHOP = ProjectSummary(id="shop-1", name="shop", dir="/shop", services=3, running=2, failed=0, branch="main")


def test_a_project_that_is_well_has_nothing_noted():
    assert lists.projects([SHOP], colour=False, columns=0).splitlines()[1] == "shop  main    2/3      -      /shop"


def test_the_daemon_says_how_much_it_keeps(now):
    found = DaemonStatus(
        pid=2, keeper_pid=1, version="0.1.0", protocol=1, started_at=now - 5, socket="/s", projects=(SHOP,), clients=1
    )
    assert lists.daemon(found, colour=False, now=now) == (
        "nexsockd is running\n"
        "  pid       2, keeper 1\n"
        "  version   0.1.0, protocol 1\n"
        "  up        5s\n"
        "  socket    /s\n"
        "  clients   1\n"
        "  projects  1, 2 services running\n"
    )
