"""Tunnels as the file writes them: local addresses for a dependent, in its variables and in its references."""

from textwrap import dedent

import pytest

from nexsock.config import load
from nexsock.model import names
from nexsock.model.load import Reserved
from nexsock.model.project import ProjectRef
from nexsock.model.service import Tunnel

HELD = {"web->db/main": 21000, "web->db/admin": 21001, "web->stock/default": 21002, "web->api/default": 21003}


def loaded(text, held=HELD):
    """The project in /p, whose numbers are held already."""
    request = ProjectRef(directory="/p", files=("/p/nexsock.yaml",), environ={})
    reserved = Reserved(ports={names.project_id("/p"): held})
    files = {"/p/nexsock.yaml": dedent(text)}
    return load.load(request, lambda path: files.get(path, ""), reserved=reserved, is_folder=lambda _path: True)


DB = "  db: {command: db, ports: {main: 5432, admin: {port: 5433, protocol: http}}}\n"


def web(needs, **fields):
    written = "".join(f", {name}: {value}" for name, value in fields.items())
    return f"services:\n{DB}  web: {{command: web, depends_on: {{{needs}}}{written}}}\n"


def test_a_tunnel_for_each_port_of_the_service():
    service = loaded(web("db: {tunnel: true}")).services["web"]
    assert service.tunnels == {
        "db": Tunnel(on="db", port="main", listen=21000),
        "db/admin": Tunnel(on="db", port="admin", listen=21001),
    }


def test_the_dependent_finds_its_tunnels_in_its_environment():
    environment = loaded(web("db: {tunnel: true}")).services["web"].launch.environment
    assert environment == {
        "DB_HOST": "127.0.0.1",
        "DB_PORT": "21000",
        "DB_ADDR": "127.0.0.1:21000",
        "DB_PORT_MAIN": "21000",
        "DB_PORT_ADMIN": "21001",
    }


def test_its_own_environment_beats_that_of_tunnels():
    service = loaded(web("db: {tunnel: true}", environment="{DB_PORT: 1}")).services["web"]
    assert service.launch.environment["DB_PORT"] == "1"


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("${db.host}", "127.0.0.1"),
        ("${db.port}", "21000"),
        ("${db.ports.admin}", "21001"),
        ("${db.url}", "tcp://127.0.0.1:21000"),
    ],
)
def test_references_of_the_dependent_give_the_tunnel(reference, value):
    project = loaded(web("db: {tunnel: true}", description=f'"{reference}"'))
    assert project.services["web"].description == value


def test_others_are_given_the_service_itself():
    text = web("db: {tunnel: true}") + '  other: {command: x, description: "${db.port}"}\n'
    assert loaded(text).services["other"].description == "5432"


def test_without_a_tunnel_nothing_is_given():
    service = loaded(web("db: {tunnel: false}")).services["web"]
    assert (service.tunnels, service.launch.environment) == ({}, {})


def test_a_tunnel_to_an_address_needs_no_service():
    text = web("stock: {tunnel: {to: 'stock.example:5432', ssh: ada@box}}", description='"${stock.url}"')
    service = loaded(text).services["web"]
    assert service.tunnels == {
        "stock": Tunnel(on="stock", port="default", listen=21002, to="stock.example:5432", ssh="ada@box")
    }
    assert (service.depends_on, service.description) == ({}, "tcp://127.0.0.1:21002")


def test_an_address_may_be_that_of_a_service_that_is_waited_for():
    held = {"web->db/default": 21000}
    service = loaded(web("db: {tunnel: {to: '127.0.0.1:${db.port}'}}"), held).services["web"]
    assert service.tunnels["db"].to == "127.0.0.1:5432"
    assert service.depends_on["db"].tunnel


def test_a_tunnel_to_an_external_service_keeps_the_path_of_its_url():
    text = """
    services:
      api: {external: {http: "http://api.example/v1"}}
      web: {command: web, depends_on: {api: {tunnel: true}}, description: "${api.url}"}
    """
    service = loaded(text).services["web"]
    assert service.description == "http://127.0.0.1:21003/v1"
    assert service.tunnels["api"].to == "api.example:80"


def test_the_numbers_are_reserved_with_those_of_auto_ports():
    assert loaded(web("db: {tunnel: true}")).auto_ports == {"web->db/main": 21000, "web->db/admin": 21001}


def test_each_instance_has_a_tunnel_and_the_first_stands_for_the_service():
    held = {"web->db-1/main": 21000, "web->db-2/main": 21001}
    text = """
    services:
      db: {command: db, scale: 2, ports: {main: auto}}
      web: {command: web, depends_on: {db: {tunnel: true}}, description: "${db.port}"}
    """
    service = loaded(text, held).services["web"]
    assert list(service.tunnels) == ["db-1", "db-2"]
    assert (service.description, service.launch.environment["DB_PORT"]) == ("21000", "21000")


@pytest.mark.parametrize("host", ["ada@box.example", "box", "ssh://ada@box:22", "a.b-c"])
def test_hosts_for_ssh(host):
    service = loaded(web(f"stock: {{tunnel: {{to: 'a:1', ssh: '{host}'}}}}")).services["web"]
    assert service.tunnels["stock"].ssh == host
