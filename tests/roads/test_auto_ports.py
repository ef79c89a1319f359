"""Ports that nobody writes down: the same for a folder, another for its neighbour, and known to every shell."""

import json
import socket
import urllib.request
from textwrap import dedent

SHOP = """
    services:
      web:
        command: exec python3 -m http.server --bind 127.0.0.1 $$PORT
        ports: {http: {port: auto, protocol: http}}
        healthcheck: {http: /}
      worker:
        command: echo ${web.url} > told; exec sleep 1000
        depends_on: [web]
"""


def number(road) -> int:
    return int(road.done("port", "web"))


def test_two_clones_are_up_at_once_and_each_shell_sees_its_own_ports(project):
    clones = [project(SHOP, name) for name in ("one", "two")]
    for road in clones:
        road.up()
    numbers = [number(road) for road in clones]
    assert len(set(numbers)) == 2
    for road, port in zip(clones, numbers, strict=True):
        url = road.done("url", "web").strip()
        assert url == f"http://127.0.0.1:{port}"
        assert urllib.request.urlopen(url).status == 200
        road.wait_until(lambda road=road: road.words("told"), "the worker has said what it was told")
        assert road.words("told") == [url]
        assert f"PORT={port}" in road.done("env", "web").splitlines()
        assert road.services()["web"]["ports"] == {"http": port}


def test_a_port_is_the_same_after_down_and_a_restart_of_the_daemon(project):
    road = project(SHOP)
    road.up()
    before = number(road)
    road.done("down")
    road.done("daemon", "restart")
    road.up()
    assert number(road) == before


def test_the_file_as_it_is_understood_has_the_ports_of_the_daemon(project):
    road = project(SHOP)
    road.up()
    told = json.loads(road.done("--json", "config"))
    assert f"http://127.0.0.1:{number(road)}" in told["config"]["services"]["worker"]["command"]


def test_a_reserved_port_that_somebody_else_took_meanwhile_names_the_holder(project):
    road = project(SHOP)
    road.up()
    port = number(road)
    road.done("down")
    with socket.create_server(("127.0.0.1", port)):
        refused = road.run("up", "-d")
    assert refused.exit == 1
    assert f"port {port} (http) is held by process" in refused.err


def test_twenty_projects_with_five_ports_each_come_up_at_once_without_a_collision(project):
    ports = ", ".join(f"p{n}: auto" for n in range(5))
    roads = [
        project(f"services: {{web: {{command: exec sleep 1000, ports: {{{ports}}}}}}}", f"p{n}") for n in range(20)
    ]
    ups = [road.begin("up", "-d") for road in roads]
    assert [up.end().exit for up in ups] == [0] * 20
    numbers = [number for road in roads for number in road.service("web")["ports"].values()]
    assert len(set(numbers)) == len(numbers) == 100


def test_a_restarted_server_gets_its_port_though_the_kernel_still_holds_its_last_connection(project):
    road = project("""
        services:
          web:
            command: exec python3 server.py
            ports: {tcp: auto}
            healthcheck: {tcp: tcp}
    """)
    (road.folder / "server.py").write_text(
        dedent("""
            import os, socket

            with socket.create_server(("127.0.0.1", int(os.environ["PORT"]))) as server:
                while True:
                    client, _ = server.accept()
                    client.close()  # who closes first is the one who waits (TIME_WAIT, RFC 9293)
        """)
    )
    road.up()
    port = int(road.done("port", "web"))
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert client.recv(1) == b""
        road.done("restart", "web")
        assert (int(road.done("port", "web")), road.phase("web")) == (port, "ready")
    assert road.service("web")["restarts"] == 0
