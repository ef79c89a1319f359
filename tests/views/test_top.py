from nexsock.model.status import ServiceUsage, Usage
from nexsock.views import top

WEB = ServiceUsage(
    name="web", phase="ready", pid=1, processes=3, cpu_percent=12.34, memory_bytes=50 * 1024**2, threads=9,
    descriptors=40, listening=(8080, 9090),
)  # fmt: skip
DB = ServiceUsage(name="db", phase="running", pid=2, processes=1, cpu_percent=80.0, memory_bytes=1024, threads=1)
OLD = ServiceUsage(name="old", phase="failed")


def test_the_busiest_is_first_and_everything_together_last(now):
    found = Usage(at=now, memory="pss", services=(OLD, WEB, DB))
    assert top.render(found, colour=False, columns=0) == (
        "NAME   STATE    CPU    PSS      PROCESSES  THREADS  FILES  LISTENS ON\n"
        "db     running  80.0%  1.0KiB   1          1        0      -\n"
        "web    ready    12.3%  50.0MiB  3          9        40     8080, 9090\n"
        "old    failed   -      -        -          -        -      -\n"
        "total           92.3%  50.0MiB  4          10       40\n"
    )


def test_a_low_terminal_shows_the_busiest_and_counts_the_rest(now):
    shown = top.render(Usage(at=now, memory="rss", services=(OLD, WEB, DB)), colour=False, columns=0, rows=4)
    assert [line.split()[0] for line in shown.splitlines()] == ["NAME", "db", "…", "total"]
    assert "… and 2 more" in shown


def test_no_service_is_a_sentence(now):
    assert top.render(Usage(at=now, memory="pss"), colour=False, columns=0) == "No service runs.\n"


def test_what_is_shown_in_place_clears_what_was_longer():
    assert top.in_place("a\nb\n") == "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J"
