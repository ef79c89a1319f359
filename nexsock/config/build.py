"""The merged document to services of the model: defaults filled in, units parsed, paths absolute, commands wrapped.

Looks at each service by itself; what concerns several of them is `check`'s part.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import msgspec

from nexsock.config import environment, forms, git, health, secrets, tunnels
from nexsock.config.circumstances import Facts
from nexsock.config.fields import Fields, as_text
from nexsock.config.node import Node
from nexsock.model import ports as ports_of
from nexsock.model.git import GitSource
from nexsock.model.service import (
    DEFAULT_SHELL,
    Condition,
    Dependency,
    External,
    Hook,
    Hooks,
    Launch,
    Limits,
    Logging,
    Port,
    Restart,
    RestartMode,
    Secret,
    Service,
    Stop,
    WatchRule,
)

NOT_BY_PROCESSES = ("image", "build", "volumes")
"""fields of the container engine"""

REPLICA = "NEXSOCK_REPLICA"
"""the variable that has the number of an instance"""

_STARTED_NOT_RUN = ("command", "image", "build")


def build(document: Node, facts: Facts) -> dict[str, Service]:
    """The services by name, in file order. What is wrong with one is added to `facts.problems`."""
    nodes = document.mapping["services"].mapping if "services" in document.mapping else {}
    common = environment.of_project(Fields(document, facts.directory, facts.home, facts.problems), facts)
    declared = secrets.declared(document, facts)
    built = {name: _service(name, nodes, common, declared, facts) for name in nodes}
    return {name: _with_dependencies(service, nodes[name], built, facts) for name, service in built.items()}


def _service(
    name: str,
    nodes: Mapping[str, Node],
    common: Mapping[str, str | None],
    declared: Mapping[str, Secret],
    facts: Facts,
) -> Service:
    fields = Fields(nodes[name], facts.directory, facts.home, facts.problems)
    shell = fields.texts("shell") or DEFAULT_SHELL
    source = git.build(fields, facts)
    within = _within(fields, source)
    external = _external(fields)
    ports = _ports(name, fields, facts)
    local = tunnels.build(fields, facts.tunnels.get(name, {}), nodes)
    oneshot = fields.flag("oneshot")
    _refuse_unsupported(fields)
    probe = health.build(fields, ports, shell)
    if external and probe is None and "healthcheck" not in fields:
        probe = health.of_external(external)
    return Service(
        name=name,
        engine="external" if external else "process",
        external=external,
        launch=_launch(name, fields, ports, shell, common, declared, facts, source),
        oneshot=oneshot,
        inputs=tuple(within.absolute(path) for path in fields.texts("inputs")),
        tunnels=local,
        healthcheck=probe,
        restart=_restart(fields),
        success_exit_codes=tuple(int(code) for code in fields.texts("success_exit_codes")) or (0,),
        stop=Stop(
            signal=fields.signal("stop_signal", "SIGTERM"),
            grace_s=fields.seconds("stop_grace_period", 10.0),
            command=fields.command("stop_command", shell),
        ),
        hooks=_hooks(fields, shell),
        watch=tuple(_watch_rule(within, item, shell) for item in fields.items("watch")),
        logging=_logging(fields.map("logging")),
        git=source,
        profiles=fields.texts("profiles"),
        active=name in facts.active,
        labels={key: value or "" for key, value in fields.assignments("labels").items()},
        description=fields.text("description"),
    )


def _launch(
    name: str,
    fields: Fields,
    ports: dict[str, Port],
    shell: tuple[str, ...],
    common: Mapping[str, str | None],
    declared: Mapping[str, Secret],
    facts: Facts,
    source: GitSource | None,
) -> Launch:
    return Launch(
        command=fields.command("command", shell),
        working_dir=_within(fields, source).path("working_dir"),
        environment=environment.of_service(fields, common, _given_variables(name, ports, facts), facts),
        inherit_env=_inherit_env(fields),
        ports=ports,
        configs=_configs(name, fields, facts),
        secrets=secrets.of_service(fields, declared, facts),
        limits=_limits(fields.map("limits")),
        tty=fields.flag("tty"),
        commit=git.commit(source, facts) if source is not None else "",
    )


def _within(fields: Fields, source: GitSource | None) -> Fields:
    """The same fields with paths that belong to the service's checkout, if it has one."""
    return fields if source is None else replace(fields, directory=source.path)


def _external(fields: Fields) -> External | None:
    if "external" not in fields:
        return None
    given = fields.map("external")
    for other in _STARTED_NOT_RUN:
        if other in fields:
            fields.key_error(other, f"an external service is not started by nexsock, so it has no {other}", "keep one")
    if ("tcp" in given) == ("http" in given):
        fields.key_error("external", "external has either tcp or http", "write it like {tcp: localhost:5432}")
        return External()
    if "http" in given:
        if not health.is_url(given.text("http")):
            given.error("http", f"{given.text('http')!r} is not a URL", "write it like http://localhost:8080/health")
        return External(url=given.text("http"))
    address = health.split_address(given.text("tcp"))
    if address is None:
        given.error("tcp", f"{given.text('tcp')!r} is not host:port", "write it like localhost:5432")
        return External()
    return External(host=address[0], port=address[1])


def _refuse_unsupported(fields: Fields) -> None:
    for name in NOT_BY_PROCESSES:
        if name in fields:
            fields.key_error(
                name, f"'{name}' is not supported by engine process", "run it by a command, or make it external"
            )


def _ports(service: str, fields: Fields, facts: Facts) -> dict[str, Port]:
    if "ports" not in fields:
        return {}
    written = forms.ports(fields["ports"])
    if isinstance(written.value, list):
        fields.error("ports", "a port number stands in the list twice", "remove one")
        return {}
    ports: dict[str, Port] = {}
    for name, node in written.mapping.items():
        given = fields.below(node if isinstance(node.value, dict) else Node({"port": node}, node.origin))
        number = _port_number(service, name, given, facts)
        if number is not None:
            protocol = "http" if given.text("protocol") == "http" else "tcp"
            ports[name] = Port(number=number, protocol=cast(Any, protocol), env=given.text("env") or None)
    return ports


def _port_number(service: str, name: str, given: Fields, facts: Facts) -> int | None:
    written = given.text("port")
    if written != "auto":
        asked = int(written)
        if 1 <= asked <= 65535:
            return asked
        given.error("port", f"{asked} is not a port", "use a number from 1 to 65535")
        return None
    number = facts.ports(service, name)
    if number is None:
        given.error("port", "no number is left for a port 'auto'", "give it a number")
    return number


def _given_variables(service: str, ports: Mapping[str, Port], facts: Facts) -> dict[str, str]:
    """What nexsock itself tells a service: its tunnels and ports, and which of several instances it is."""
    number = facts.replicas.get(service)
    given = tunnels.variables(facts.tunnels.get(service, {})) | ports_of.variables(ports)
    return given | ({} if number is None else {REPLICA: str(number)})


def _inherit_env(fields: Fields) -> bool | tuple[str, ...]:
    if "inherit_env" in fields and isinstance(fields["inherit_env"].value, list):
        return fields.texts("inherit_env")
    return fields.flag("inherit_env", default=True)


def _configs(service: str, fields: Fields, facts: Facts) -> dict[str, str]:
    """The digests of the configs that the service reads; unknown names are left to `check`."""
    names = (config_name(service, item) for item in fields.items("configs"))
    return {name: facts.config_digests[name] for name in names if name in facts.config_digests}


def config_name(service: str, item: Node) -> str:
    """The name of what an entry of a service's `configs` stands for: its own copy has the service in its name."""
    if not isinstance(item.value, dict):
        return as_text(item)
    source = as_text(item.value["source"])
    return f"{service}/{source}" if "target" in item.value else source


def _limits(fields: Fields) -> Limits:
    nice = fields.whole("nice", 0)
    if not -20 <= nice <= 19:
        fields.error("nice", f"{nice} is not a priority", "use a number from -20 to 19")
    return Limits(
        nofile=fields.whole("nofile", 0) or None,
        memory_bytes=fields.size("memory", 0) or None,
        nice=nice if "nice" in fields else None,
    )


def _restart(fields: Fields) -> Restart:
    mode, _, attempts = fields.text("restart", "on-failure").partition(":")
    policy, usual = fields.map("restart_policy"), Restart()
    return Restart(
        mode=cast(RestartMode, mode),
        max_attempts=int(attempts) if attempts else None,
        delay_s=policy.seconds("delay", usual.delay_s),
        factor=policy.number("factor", usual.factor),
        max_delay_s=policy.seconds("max_delay", usual.max_delay_s),
        window_s=policy.seconds("window", usual.window_s),
        max_in_window=policy.whole("max_in_window", usual.max_in_window),
        reset_after_s=policy.seconds("reset_after", usual.reset_after_s),
    )


def _hooks(fields: Fields, shell: tuple[str, ...]) -> Hooks:
    given = fields.map("hooks")
    return Hooks(
        pre_start=_hook_list(given, "pre_start", shell),
        post_start=_hook_list(given, "post_start", shell),
        pre_stop=_hook_list(given, "pre_stop", shell),
        post_stop=_hook_list(given, "post_stop", shell),
    )


def _hook_list(given: Fields, name: str, shell: tuple[str, ...]) -> tuple[Hook, ...]:
    hooks = [given.below(item) for item in given.items(name)]
    return tuple(
        Hook(
            command=hook.command("command", shell),
            timeout_s=hook.seconds("timeout", 60.0),
            working_dir=hook.path("working_dir") if "working_dir" in hook else None,
            environment={key: value or "" for key, value in hook.assignments("environment").items()},
        )
        for hook in hooks
    )


def _watch_rule(fields: Fields, item: Node, shell: tuple[str, ...]) -> WatchRule:
    if not isinstance(item.value, dict):
        return WatchRule(path=fields.absolute(as_text(item)))
    rule = fields.below(item)
    action = rule.text("action", "restart")
    if action == "exec" and "command" not in rule:
        rule.error("action", "action 'exec' needs a command", "add 'command:'")
    if action != "exec" and "command" in rule:
        rule.key_error("command", f"action '{action}' runs no command", "write 'action: exec', or remove it")
    return WatchRule(
        path=rule.path("path"),
        include=rule.texts("include"),
        ignore=rule.texts("ignore"),
        action=cast(Any, action),
        signal=rule.signal("signal", "SIGHUP"),
        command=rule.command("command", shell),
        cascade=rule.flag("cascade"),
        debounce_s=rule.seconds("debounce", 0.05),
    )


def _logging(fields: Fields) -> Logging:
    usual = Logging()
    return Logging(
        max_size_bytes=fields.size("max_size", usual.max_size_bytes),
        max_files=fields.whole("max_files", usual.max_files),
    )


def _with_dependencies(service: Service, node: Node, services: Mapping[str, Service], facts: Facts) -> Service:
    """The service with what it needs.

    What is not declared is left out where it is not required, or an address; the rest is for `check`.
    """
    if "depends_on" not in node.mapping:
        return service
    given = forms.dependencies(node.mapping["depends_on"])
    fields = Fields(given, facts.directory, facts.home, facts.problems)
    needs = {name: _dependency(fields.map(name), services.get(name)) for name in given.mapping}
    addresses = {name for name in given.mapping if tunnels.is_address(fields.map(name))}
    kept = {name: need for name, need in needs.items() if name in services or (need.required and name not in addresses)}
    return msgspec.structs.replace(service, depends_on=kept)


def _dependency(given: Fields, on: Service | None) -> Dependency:
    if given.node.value is None:
        given = given.below(Node({}, given.node.origin))
    condition = given.text("condition").removeprefix("service_") or default_condition(on)
    return Dependency(
        condition=cast(Condition, condition),
        required=given.flag("required", default=True),
        restart=given.flag("restart"),
        tunnel="tunnel" in given and (isinstance(given["tunnel"].value, dict) or given.flag("tunnel")),
    )


def default_condition(on: Service | None) -> Condition:
    """What a dependent that names no condition waits for."""
    if on is None:
        return "started"
    if on.oneshot:
        return "completed_successfully"
    return "started" if on.healthcheck is None else "healthy"
