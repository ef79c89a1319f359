from msgspec.structs import replace

from nexsock.model.status import ProjectStatus
from nexsock.views import ps, style


def shown(status: ProjectStatus, *, colour: bool = False, columns: int = 0, everything: bool = False) -> str:
    return ps.render(status, colour=colour, columns=columns, everything=everything, now=1_795_428_000.0)


def test_services_stand_in_aligned_columns_with_the_reason_last(shop):
    assert shown(shop) == (
        "NAME     STATE      HEALTH   PID   PORTS                  UPTIME  RESTARTS  REASON\n"
        "migrate  completed  -        -     -                      -       0\n"
        "api      ready      healthy  4711  http:8080, admin:9090  2m 3s   0\n"
        "web      running    -        4712  8000                   4.2s    0         a restart is pending\n"
        "worker   backoff    -        -     -                      -       2         exited with 3, next try in 0.4s\n"
    )


def test_nobody_has_a_reason_when_all_is_well(shop):
    well = ProjectStatus(project=shop.project, services=shop.services[:2])
    assert "REASON" not in shown(well)


def test_services_of_inactive_profiles_are_shown_when_asked_for(shop):
    assert "load" not in shown(shop)
    assert "load     stopped" in shown(shop, everything=True)


def test_a_crashed_service_never_vanishes_from_the_list(shop):
    assert "worker" in shown(shop)


def test_a_broken_file_is_announced_above_the_table(broken_shop):
    assert shown(broken_shop).startswith(
        "The file is broken; the last good version is live (found 20s ago):\n"
        "nexsock.yaml:3:5: service 'api' has the unknown key 'comand'; did you mean 'command'?\n"
        "    comand: python app.py\n"
        "    ^\n"
        "\n"
        "NAME "
    )


def test_a_narrow_terminal_cuts_the_reason_and_nothing_else(shop):
    lines = shown(shop, columns=100).splitlines()
    assert max(map(style.width, lines)) <= 100
    assert lines[4].endswith("exited with 3, next try…")


def test_colour_changes_no_alignment(shop):
    heading, _, api, *_ = (style.output(line, False) for line in shown(shop, colour=True).splitlines())
    assert heading.index("PID") == api.index("4711")


def test_a_project_without_active_services_says_how_to_see_them(shop):
    empty = ProjectStatus(project=shop.project, services=shop.services[4:])
    assert shown(empty) == "shop has no active service; 'nexsock ps -a' shows all\n"


def test_a_reason_cannot_steer_the_terminal(shop):
    service = shop.services[3]
    evil = ProjectStatus(project=shop.project, services=(replace(service, reason="a\x1b[2Jb\nc\rd"),))
    assert shown(evil).splitlines()[1].endswith("ab c d")
