"""The reservations of one user: kept over restarts, given up with the project's folder, never what is in use."""

import socket

import pytest
from msgspec.structs import replace

from nexsock.daemon.numbers import Numbers, free_range
from nexsock.model.project import Project

EPHEMERAL = (32768, 60999)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "shop").mkdir()
    return Project(id="shop-1", name="shop", directory=str(tmp_path / "shop"), auto_ports={"web/http": 20_100})


@pytest.fixture
def numbers(tmp_path):
    return lambda: Numbers(str(tmp_path / "ports.json"), EPHEMERAL)


def test_what_was_kept_is_known_to_the_next_daemon(numbers, project):
    numbers().keep(project)
    assert numbers().reserved().ports == {"shop-1": {"web/http": 20_100}}


def test_a_port_that_left_the_file_keeps_its_number(numbers, project):
    known = numbers()
    known.keep(project)
    known.keep(replace(project, auto_ports={"web/admin": 20_101}))
    assert known.reserved().ports["shop-1"] == {"web/http": 20_100, "web/admin": 20_101}


def test_the_same_again_writes_nothing(numbers, project, tmp_path):
    known = numbers()
    known.keep(project)
    (tmp_path / "ports.json").unlink()
    known.keep(project)
    assert not (tmp_path / "ports.json").exists()


def test_the_numbers_of_a_deleted_project_are_given_up(numbers, project, tmp_path):
    known = numbers()
    known.keep(project)
    (tmp_path / "shop").rmdir()
    known.keep(replace(project, id="blog-2", directory=str(tmp_path)))
    assert list(known.reserved().ports) == ["blog-2"]


def test_a_new_number_on_which_somebody_listens_is_in_use(numbers, project):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        asking = replace(project, auto_ports={"web/http": taken, "web/admin": 20_101})
        assert numbers().in_use(asking) == {taken}


def test_a_reserved_number_is_its_owners_whoever_listens(numbers, project):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        asking = replace(project, auto_ports={"web/http": stranger.getsockname()[1]})
        known = numbers()
        known.keep(asking)
        assert known.in_use(asking) == frozenset()


@pytest.mark.parametrize(
    ("ephemeral", "expected"),
    [
        ((32768, 60999), (20_000, 29_999)),
        ((1024, 19_999), (20_000, 29_999)),
        ((15_000, 65_535), (10_000, 14_999)),
        ((10_500, 60_999), (61_000, 65_535)),
        ((1024, 65_535), (20_000, 29_999)),
    ],
)
def test_the_range_keeps_clear_of_the_ephemeral_ports(ephemeral, expected):
    assert free_range(*ephemeral) == expected
