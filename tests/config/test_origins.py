"""Where values stand."""

from nexsock.config import origins, tree

TEXT = """\
services:
  web:
    command: [a, b]
    environment:
      - A=1
      - B
    depends_on: [db]
    ports: {http: 80}
    watch:
      - path: src
  db:
    command: x
"""


def test_every_value_has_its_place_by_the_models_path() -> None:
    found = origins.of(tree.parse(TEXT, "f"))
    assert {path: place for path, place in found.items() if path.startswith("services.web")} == {
        "services.web": "f:2:3",
        "services.web.command": "f:3:14",
        "services.web.command.0": "f:3:15",
        "services.web.command.1": "f:3:18",
        "services.web.environment": "f:4:5",
        "services.web.environment.A": "f:5:11",
        "services.web.environment.B": "f:6:9",
        "services.web.depends_on": "f:7:5",
        "services.web.depends_on.db": "f:7:18",
        "services.web.ports": "f:8:5",
        "services.web.ports.http": "f:8:19",
        "services.web.watch": "f:10:7",
        "services.web.watch.0": "f:10:9",
        "services.web.watch.0.path": "f:10:15",
    }


def test_a_document_without_services_has_no_places() -> None:
    assert origins.of(tree.parse("name: x", "f")) == {}
