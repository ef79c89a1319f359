"""One value changes, and every byte that is not concerned stays."""

import difflib

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from nexsock.config import splice, tree
from nexsock.config.node import Node

SHOP = """\
# The shop
services:

  # The database, from the package
  db:   # pinned
    command: 'postgres -D data'    # one process
    ports: { sql: 5432 }
    stop_signal: "INT"
    # stop_grace_period: 20s

  web:
      command: >-
        npm run dev
        --port $$PORT
      environment:
      - NODE_ENV=development  # or production
      - PORT=3000
      depends_on: [db]   # the rest is optional
      very_long: LONG

  # Works
  worker:
    command: [ "python3",  worker.py ]
    depends_on:
      - db
      - web   # for its files
    environment: &common
      A: 1
      B: "2"

x-last: {a: 1,   b: [1,
    2]}
""".replace("LONG", f'"{"a line that nobody breaks " * 8}"')


def value(text: str) -> Node:
    return tree.parse(f"v: {text}", "f").mapping["v"]


def put(text: str, path: str, written: str) -> str:
    return splice.put(text, tuple(path.split(".")), value(written))


def remove(text: str, path: str, floor: int = 2) -> str:
    return splice.remove(text, tuple(path.split(".")), floor=floor)


def changes(before: str, after: str) -> list[str]:
    """The lines that differ, with "-" the old ones and with "+" the new ones."""
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), n=0)
    return [f"{line[0]} {line[1:]}".rstrip("\r\n") for line in lines if line[:3] not in ("---", "+++", "@@ ")]


@pytest.mark.parametrize(
    ("path", "new", "expected"),
    [
        pytest.param(
            "services.db.command",
            "postgres",
            ["-     command: 'postgres -D data'    # one process", "+     command: 'postgres'    # one process"],
            id="a quoted value stays quoted, its comment stays",
        ),
        pytest.param(
            "services.db.ports.sql",
            "5433",
            ["-     ports: { sql: 5432 }", "+     ports: { sql: 5433 }"],
            id="within brackets",
        ),
        pytest.param(
            "services.db.ports.admin",
            "auto",
            ["-     ports: { sql: 5432 }", "+     ports: { sql: 5432, admin: auto }"],
            id="a new member in brackets",
        ),
        pytest.param("services.db.scale", "2", ["+     scale: 2"], id="a new field comes last"),
        pytest.param(
            "services.db.healthcheck.tcp",
            "5432",
            ["+     healthcheck:", "+       tcp: 5432"],
            id="a new field in a map that is not there",
        ),
        pytest.param(
            "services.web.command",
            "npm start",
            [
                "-       command: >-",
                "-         npm run dev",
                "-         --port $$PORT",
                "+       command: npm start",
            ],
            id="a text of several lines",
        ),
        pytest.param(
            "services.web.environment.PORT",
            "PORT=3001",
            ["-       - PORT=3000", "+       - PORT=3001"],
            id="a variable in a list",
        ),
        pytest.param(
            "services.worker.environment.C",
            "'yes'",
            ["+       C: 'yes'"],
            id="the quotes of the new value are its own",
        ),
        pytest.param("services.worker.environment.B", "3", ['-       B: "2"', '+       B: "3"'], id="a quoted number"),
        pytest.param(
            "services.worker.command",
            "[a, b]",
            ['-     command: [ "python3",  worker.py ]', "+     command: [a, b]"],
            id="a list",
        ),
        pytest.param(
            "services.worker.depends_on",
            "{db: {condition: healthy}}",
            [
                "-     depends_on:",
                "-       - db",
                "-       - web   # for its files",
                "+     depends_on:   # for its files",
                "+       db:",
                "+         condition: healthy",
            ],
            id="a map for a list",
        ),
        pytest.param(
            "services.mail",
            "{command: mailpit, ports: {http: 8025}}",
            ["+   mail:", "+     command: mailpit", "+     ports:", "+       http: 8025", "+ "],
            id="a service, with the empty line that separates them here",
        ),
        pytest.param("x-last.b.1", "3", ["-     2]}", "+     3]}"], id="an item by its number"),
        pytest.param("name", "shop", ["+ ", "+ name: shop"], id="at the top"),
    ],
)
def test_only_the_lines_of_the_value_differ(path: str, new: str, expected: list[str]) -> None:
    assert changes(SHOP, put(SHOP, path, new)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("services.db.stop_signal", ['-     stop_signal: "INT"'], id="a field, not the comment below"),
        pytest.param(
            "services.worker.depends_on.web", ["-       - web   # for its files"], id="an item with its comment"
        ),
        pytest.param(
            "services.web.depends_on.db",
            ["-       depends_on: [db]   # the rest is optional"],
            id="the last item takes its field along",
        ),
        pytest.param("services.db.ports.sql", ["-     ports: { sql: 5432 }"], id="the last member in brackets"),
        pytest.param("x-last.a", ["- x-last: {a: 1,   b: [1,", "+ x-last: {b: [1,"], id="the first member in brackets"),
        pytest.param(
            "services.db",
            [
                "- ",
                "-   # The database, from the package",
                "-   db:   # pinned",
                "-     command: 'postgres -D data'    # one process",
                "-     ports: { sql: 5432 }",
                '-     stop_signal: "INT"',
                "-     # stop_grace_period: 20s",
            ],
            id="a service with its own comments and one empty line",
        ),
    ],
)
def test_only_the_lines_of_what_is_removed_go(path: str, expected: list[str]) -> None:
    assert changes(SHOP, remove(SHOP, path)) == expected


def test_the_last_service_leaves_an_empty_map() -> None:
    assert remove("services:\n  web:\n    command: x\nname: a\n", "services.web", 1) == "services: {}\nname: a\n"


@pytest.mark.parametrize("text", ["services: {}\n", "services:\n", "", "# nothing yet\n", "services: {}  # none\n"])
def test_the_first_service_may_come_anywhere(text: str) -> None:
    after = put(text, "services.web", "{command: x}")
    assert tree.parse(after, "f").plain() == {"services": {"web": {"command": "x"}}}
    assert after.count("#") == text.count("#")
    assert after.endswith("  web:\n    command: x\n")


def test_line_ends_of_windows_and_a_missing_last_one_stay() -> None:
    text = "services:\r\n  web:\r\n    command: x\r\n    environment:\r\n      A: 1"
    after = put(text, "services.web.environment.B", "2")
    assert after == text + "\r\n      B: 2"
    assert remove(after, "services.web.environment.B") == text


def test_a_list_of_names_becomes_a_map_where_it_stands() -> None:
    after = splice.name_items(SHOP, ("services", "worker", "depends_on"))
    assert changes(SHOP, after) == [
        "-       - db",
        "-       - web   # for its files",
        "+         db: {}",
        "+         web: {}   # for its files",
    ]
    assert "depends_on: {db: {}}   # the rest" in splice.name_items(SHOP, ("services", "web", "depends_on"))


def test_an_item_is_added_in_the_form_of_its_list() -> None:
    after = splice.append(SHOP, ("services", "worker", "depends_on"), value("cache"))
    assert changes(SHOP, after) == ["+       - cache"]
    assert "depends_on: [db, cache]   #" in splice.append(SHOP, ("services", "web", "depends_on"), value("cache"))


def test_what_an_alias_shares_is_not_changed_through_it() -> None:
    text = "services:\n  a: {environment: &e {A: 1}}\n  b: {environment: *e}\n"
    with pytest.raises(splice.Unspliceable, match="an alias here"):
        put(text, "services.b.environment.A", "2")
    with pytest.raises(splice.Unspliceable, match="without changing something else"):
        put(text, "services.a.environment.A", "2")


def test_what_is_merged_in_is_overridden_where_it_is_merged() -> None:
    text = "x-base: &base\n  command: x\nservices:\n  web:\n    <<: *base\n    scale: 1\n"
    assert changes(text, put(text, "services.web.command", "z")) == ["+     command: z"]


def test_what_has_no_fields_says_so() -> None:
    with pytest.raises(splice.Unspliceable, match=r"'services\.db\.command' is a single value here and has no 'x'"):
        put(SHOP, "services.db.command.x", "1")


LAYOUTS = [
    SHOP,
    SHOP.replace("\n", "\r\n"),
    SHOP.rstrip("\n"),
    "services: {web: {command: x, ports: {a: 1, b: 2}}, db: {command: y,}}  # all\n",
    "services:\n\n    web:\n        command: |\n          one\n\n          two\n\n        environment:\n\n"
    "          A: '1'\n\n\n    db: {command: y}\n",
    '{"services": {"web": {"command": "x"},\n  "db": {"command": "y", "environment": {}}}}',
]
PLACES = [
    "services.web.command",
    "services.db.command",
    "services.web.scale",
    "services.db.environment.NEW",
    "services.web.healthcheck.http.path",
    "services.new",
    "services.web.labels",
]
VALUES = ["1", "'a b'", '"c: d"', "x # y", "[a, 'b', 3]", "{k: v, l: {m: [1]}}", "null", "true", "$${X}", "é"]


@settings(deadline=None, max_examples=200)
@given(text=some.sampled_from(LAYOUTS), path=some.sampled_from(PLACES), new=some.sampled_from(VALUES))
def test_lines_that_are_not_concerned_are_the_same_bytes(text: str, path: str, new: str) -> None:
    node = value(new)
    after = splice.put(text, tuple(path.split(".")), node)
    gone = [line for line in changes(text, after) if line[0] == "-"]
    end = "\r\n" if "\r\n" in text else "\n"
    assert after.count(end) == after.count("\n")
    assert after.endswith(end) == text.endswith(end)
    assert len(gone) <= 4
    assert tree.parse(splice.put(after, tuple(path.split(".")), node), "f").plain() == tree.parse(after, "f").plain()
    if after != text and not gone:
        back = splice.remove(after, tuple(path.split(".")), floor=1)
        assert tree.parse(back, "f").plain() == tree.parse(text, "f").plain()


TEXTS = some.sampled_from(
    ["a", "true", "3000", "x: y", "# no", "two\nlines\n", "- a", "", "long " * 30, "$${X}", "a, b", "é"]
)
DATA = some.recursive(
    TEXTS | some.integers(0, 9) | some.none(),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from(["a", "b c", "d.e", "é", "1"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = some.dictionaries(some.sampled_from(["command", "environment", "hooks"]), DATA, min_size=1)
DOCUMENTS = some.builds(
    lambda services, below: {"name": "x", "services": services, "x-below": below},
    some.dictionaries(some.sampled_from(["web", "db", "w-1"]), FIELDS, min_size=1),
    DATA,
)


@settings(deadline=None, max_examples=80)
@given(
    document=DOCUMENTS,
    flow=some.sampled_from([False, None, True]),
    indent=some.integers(2, 4),
    width=some.sampled_from([20, 80, 1000]),
    style=some.sampled_from([None, '"', "'", "|"]),
    comment=some.booleans(),
)
def test_a_new_field_leaves_every_line_there_is_whoever_wrote_them(document, flow, indent, width, style, comment):
    text = yaml.safe_dump(
        document, default_flow_style=flow, indent=indent, width=width, default_style=style, allow_unicode=True
    )
    text += "# the end\n" * comment
    name = next(iter(document["services"]))
    after = splice.put(text, ("services", name, "new", "deep"), value("[1, 'two']"))
    assert len([line for line in changes(text, after) if line[0] == "-"]) <= 1
    assert splice.put(text, ("services", name, "command"), value("x")) != text
