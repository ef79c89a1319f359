"""A port that is `auto` gets a number that stays, and that nothing else has."""

import pytest

from nexsock.config.autoports import Chooser
from nexsock.model.load import Reserved

TABLE = {"shop-1": {"web/http": 20_100}, "blog-2": {"web/http": 20_200}}


def chooser(written=(), project="shop-1", **reserved) -> Chooser:
    return Chooser(project, Reserved(**{"ports": TABLE, **reserved}), frozenset(written))


def test_a_reserved_number_is_given_again():
    assert chooser()("web", "http") == 20_100


def test_a_first_number_follows_from_the_names():
    first, second = chooser()("web", "admin"), chooser()("web", "admin")
    assert first == second != chooser(project="blog-2")("web", "admin")
    assert 20_000 <= first <= 29_999


def test_a_number_asked_for_twice_is_the_same():
    choose = chooser()
    assert (choose("web", "a"), choose.chosen) == (choose("web", "a"), {"web/a": choose("web", "a")})


@pytest.mark.parametrize("way", ["written", "avoid"])
def test_a_number_that_is_written_in_the_file_or_in_use_is_not_chosen(way):
    usual = chooser()("web", "admin")
    other = chooser(written=(usual,)) if way == "written" else chooser(avoid=(usual,))
    assert other("web", "admin") == usual + 1


def test_a_reserved_number_that_the_file_now_names_itself_makes_way():
    assert chooser(written=(20_100,))("web", "http") != 20_100


def test_no_two_ports_of_all_projects_share_a_number():
    ports: dict[str, dict[str, int]] = {}
    for project in range(20):
        choose = Chooser(f"p-{project}", Reserved(ports=ports, first=20_000, last=20_099), ())
        for port in range(5):
            choose("web", str(port))
        ports[f"p-{project}"] = choose.chosen
    numbers = [number for chosen in ports.values() for number in chosen.values()]
    assert sorted(numbers) == list(range(20_000, 20_100))


def test_a_full_range_gives_no_number():
    assert chooser(first=20_100, last=20_100)("web", "admin") is None
