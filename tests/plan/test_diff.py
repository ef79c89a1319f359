import pytest
from msgspec.structs import replace

from nexsock.model.probe import Healthcheck
from nexsock.model.project import Project
from nexsock.model.service import (
    DEFAULT_SHELL,
    Dependency,
    Hook,
    Hooks,
    Launch,
    Limits,
    Logging,
    Port,
    Restart,
    Service,
    Stop,
    WatchRule,
)
from nexsock.plan import diff

PROJECT = Project(id="shop-1", name="shop", directory="/shop", origins={"services.web.environment.A": "n.yaml:3:5"})
WEB = Service(name="web", launch=Launch(command=("web",)))


def changed(**fields) -> list[tuple[str, str, str | None, str | None]]:
    """(class, path, old, new) of each change when WEB gets these fields; those of its launch too."""
    launch = {name: fields.pop(name) for name in list(fields) if name in Launch.__struct_fields__}
    new = replace(WEB, launch=replace(WEB.launch, **launch), **fields)
    found = diff.changes(WEB, new, PROJECT)
    return [(kind, one.path, one.old, one.new) for kind, listed in found.items() for one in listed]


def test_equal_services_do_not_differ():
    assert diff.changes(WEB, Service(name="web", launch=Launch(command=("web",))), PROJECT) == {}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({name: value}, kind)
        for kind, listed in {
            "restart": {
                "command": ("x",),
                "working_dir": "/x",
                "environment": {"A": "1"},
                "inherit_env": False,
                "ports": {"http": Port(number=1)},
                "configs": {"app": "abc"},
                "tty": True,
            },
            "recreate": {"engine": "external"},
            "live": {
                "description": "x",
                "labels": {"a": "b"},
                "oneshot": True,
                "inputs": ("/x",),
                "success_exit_codes": (0, 1),
                "restart": Restart(mode="no"),
                "stop": Stop(grace_s=1.0),
                "hooks": Hooks(pre_start=(Hook(command=("x",)),)),
                "watch": (WatchRule(path="/x"),),
            },
        }.items()
        for name, value in listed.items()
    ],
)
def test_a_field_s_place_says_what_its_change_costs(fields, kind):
    assert {found[0] for found in changed(**fields)} == {kind}


def test_profiles_are_no_difference():
    assert changed(profiles=("full",), active=False) == []


@pytest.mark.parametrize(
    ("fields", "path", "old", "new"),
    [
        ({"stop": Stop(signal="SIGINT")}, "stop_signal", '"SIGTERM"', '"SIGINT"'),
        ({"stop": Stop(grace_s=3.0)}, "stop_grace_period", "10s", "3s"),
        ({"restart": Restart(mode="always")}, "restart", '"on-failure"', '"always"'),
        ({"restart": Restart(delay_s=1.0)}, "restart_policy.delay", "100ms", "1s"),
        ({"environment": {"WAIT_s": "1"}}, "environment.WAIT_s", None, '"1"'),
        ({"ports": {"http": Port(number=80)}}, "ports.http", None, "80"),
        ({"restart": Restart(max_attempts=3)}, "restart", '"on-failure"', '"on-failure:3"'),
        ({"command": (*DEFAULT_SHELL, "serve --all")}, "command", '["web"]', '"serve --all"'),
        ({"limits": Limits(memory_bytes=2**30)}, "limits.memory", None, "1GiB"),
        ({"logging": Logging(max_size_bytes=1500)}, "logging.max_size", "10MiB", "1500"),
        ({"depends_on": {"a_s": Dependency(condition="started")}}, "depends_on.a_s", None, '{"condition":"started"}'),
        ({"watch": (WatchRule(path="/x", debounce_s=0.2),)}, "watch", "[]", '[{"path":"/x","debounce":"200ms"}]'),
        (
            {"healthcheck": Healthcheck(kind="tcp", port=80, interval_s=90.0)},
            "healthcheck",
            None,
            '{"tcp":80,"interval":"1m30s"}',
        ),
    ],
)
def test_a_change_is_told_by_the_names_of_the_file(fields, path, old, new):
    assert [found[1:] for found in changed(**fields)] == [(path, old, new)]


def test_of_a_list_that_is_as_long_as_before_only_what_differs_is_told():
    old, new = (
        replace(WEB, watch=tuple(WatchRule(path=path, debounce_s=pause) for path in "ab")) for pause in (0.05, 0.07)
    )
    new = replace(new, watch=(old.watch[0], new.watch[1]))
    (listed,) = diff.changes(old, new, PROJECT).values()
    assert [(one.path, one.old, one.new) for one in listed] == [("watch.1.debounce", "50ms", "70ms")]


def test_a_port_that_changed_is_told_once_and_not_in_its_variables_again():
    def with_port(number: int, **own: str) -> Service:
        given = {"PORT": str(number), "PORT_HTTP": str(number), **own}
        return replace(WEB, launch=replace(WEB.launch, ports={"http": Port(number=number)}, environment=given))

    (listed,) = diff.changes(with_port(80), with_port(81), PROJECT).values()
    assert [one.path for one in listed] == ["ports.http"]
    (listed,) = diff.changes(with_port(80, PORT="1"), with_port(81, PORT="2"), PROJECT).values()
    assert [one.path for one in listed] == ["environment.PORT", "ports.http"]


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ({"services.web.environment.A": "n:3", "environment.A": "n:1"}, "n:3"),
        ({"services.web.environment": "n:4", "environment.A": "n:1", "services.web.env_file": "n:2"}, "n:1"),
        ({"services.web.environment": "n:4", "services.web.env_file": "n:2"}, "n:2"),
        ({"services.web": "n:4", "env_file": "n:5"}, "n:5"),
        ({"services.web": "n:4"}, "n:4"),
    ],
)
def test_the_place_of_a_variable_is_where_the_service_has_it_from(places, found):
    assert replace(PROJECT, origins=places).origin_of("web", "environment.A") == found


def test_a_change_has_its_place():
    new = replace(WEB, launch=replace(WEB.launch, environment={"A": "1", "B": "2"}))
    (listed,) = diff.changes(WEB, new, PROJECT).values()
    assert [(one.path, one.origin) for one in listed] == [("environment.A", "n.yaml:3:5"), ("environment.B", None)]


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "db_passwd", "SECRET_KEY", "GITHUB_TOKEN", "AWS_CREDENTIALS", "api-key", "ACCESS_KEY", "Cookie"],
)
def test_a_secret_is_known_by_its_name(name):
    assert diff.masked(name, "hunter2") == diff.MASK


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgres://ada:hunter2@db/shop", f"postgres://ada:{diff.MASK}@db/shop"),
        ("redis://:hunter2@cache:6379", f"redis://:{diff.MASK}@cache:6379"),
        ("http://localhost:8080/a@b", "http://localhost:8080/a@b"),
        ("plain", "plain"),
    ],
)
def test_of_a_url_the_password_is_masked(value, shown):
    assert diff.masked("DATABASE_URL", value) == shown


def test_a_secret_is_masked_however_deep_it_is():
    hook = Hook(command=("x",), environment={"API_TOKEN": "hunter2", "PLAIN": "seen"})
    assert "hunter2" not in diff.shown("hooks.pre_start", [{"environment": hook.environment}])
