"""Plugins are asked in order, each sees what those before it did, and what is on disk counts."""

from msgspec.structs import replace

from nexsock.hooks import OnPlan, PreStop
from nexsock.model.plugin import Denial, PluginChange, PluginNote
from tests.plugins.conftest import EXIT, SHOP, START, UP

ADD = """
def pre_start(environment):
    return {{"environment": {{"SEEN": environment.get("SEEN", "") + "{letter}"}}}}
"""
DENY = 'def pre_command():\n    return {"deny": __name__}\n'


async def test_plugins_are_asked_by_priority_then_name_and_see_what_others_changed(folder, host):
    for name, priority in (("b", 50), ("a", 50), ("z", 10), ("c", 90)):
        folder.native(name, ADD.format(letter=name), priority=priority, capabilities=["environment"])
    verdict = await host.pre_start(START)
    assert (verdict.environment, [change.plugin for change in verdict.changes]) == (
        {"PORT": "3000", "SEEN": "zabc"},
        ["z", "a", "b", "c"],
    )


async def test_every_change_is_told_with_what_was_there_before(folder, host):
    folder.native(
        "both",
        'def pre_start(): return {"environment": {"PORT": "1", "GONE": None}, "command": ["web", "-x"]}',
        capabilities=["environment", "command"],
    )
    verdict = await host.pre_start(START)
    assert (verdict.command, verdict.changes) == (
        ("web", "-x"),
        (
            PluginChange(plugin="both", field="environment.PORT", old="3000", new="1"),
            PluginChange(plugin="both", field="command", old="web", new="web -x"),
        ),
    )


async def test_after_a_no_nobody_else_is_asked(folder, host):
    folder.native("gate", 'def pre_command(command): return {"deny": f"no {command} today"}', capabilities=["deny"])
    folder.native("late", "def pre_command(): return None", priority=60)
    assert await host.pre_command(UP) == Denial(plugin="gate", reason="no up today")
    assert [status.calls for status in host.statuses()] == [1, 0]


async def test_a_stop_is_given_more_time(folder, host):
    folder.native("patient", 'def pre_stop(grace_s): return {"grace_s": grace_s * 2}', capabilities=["grace_s"])
    verdict = await host.pre_stop(PreStop(**SHOP, service="db", run=1, grace_s=5.0))
    assert (verdict.grace_s, verdict.denied) == (10.0, None)


async def test_a_plan_gets_notes(folder, host):
    folder.native("noter", 'def on_plan(steps): return {"notes": [f"{len(steps)} steps"]}', capabilities=["notes"])
    assert await host.on_plan(OnPlan(**SHOP)) == (PluginNote(plugin="noter", text="0 steps"),)


async def test_a_plugin_hears_what_happened_in_order(folder, host):
    path = folder.path / "heard"
    folder.native("ear", f"def on_exit(run): open({str(path)!r}, 'a').write(str(run))")
    for run in range(10):
        host.tell(replace(EXIT, run=run))
    await host.settled()
    assert path.read_text() == "0123456789"


async def test_variables_are_told_only_to_who_asked_for_them(folder, host):
    folder.native("gate", "def pre_start(environment): return {'deny': str(environment)}", capabilities=["deny"])
    assert (await host.pre_start(START)).denied == Denial(plugin="gate", reason="{}")


async def test_a_plugin_can_look_at_the_services(folder, make_host):
    host = make_host(survey=lambda directory: ({"name": "db", "phase": "ready", "in": directory},))
    folder.native(
        "gate",
        "def pre_command(nexsock): return {'deny': str(nexsock.services())}",
        capabilities=["deny", "services"],
    )
    denied = await host.pre_command(UP)
    assert denied.reason == "[{'name': 'db', 'phase': 'ready', 'in': '/shop'}]"


async def test_what_a_plugin_keeps_is_there_for_the_next_daemon(folder, make_host):
    body = """
def pre_command(nexsock):
    nexsock.storage["times"] = nexsock.storage.get("times", 0) + 1
    return {"deny": str(nexsock.storage["times"])}
"""
    folder.native("counter", body, capabilities=["deny", "storage"])
    first = make_host()
    await first.pre_command(UP)
    await first.close()
    assert (await make_host().pre_command(UP)).reason == "2"


async def test_a_changed_plugin_is_loaded_anew(folder, host):
    folder.native("gate", 'def pre_command(): return {"deny": "old"}', capabilities=["deny"])
    before = await host.pre_command(UP)
    folder.native("gate", 'def pre_command(): return {"deny": "newer"}', capabilities=["deny"])
    after = await host.pre_command(UP)
    assert (before.reason, after.reason) == ("old", "newer")


async def test_a_plugin_that_appears_is_asked_and_one_that_is_removed_is_not(folder, host):
    before = host.wanted("pre_command", "/shop")
    path = folder.native("gate", 'def pre_command(): return {"deny": "no"}', capabilities=["deny"])
    meanwhile = host.wanted("pre_command", "/shop")
    path.unlink()
    assert (before, meanwhile, host.wanted("pre_command", "/shop")) == (False, True, False)


async def test_a_projects_plugin_is_asked_for_that_project_alone_and_once_it_is_admitted(folder, host, tmp_path):
    path = tmp_path / "shop" / "gate.py"
    path.parent.mkdir(mode=0o700)
    path.write_text('NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0"}\ndef pre_command(): pass\n')
    path.chmod(0o600)
    before = host.wanted("pre_command", str(path.parent))
    host.admit(str(path.parent), [str(path)])
    during = host.wanted("pre_command", str(path.parent)), host.wanted("pre_command", "/other")
    host.dismiss(str(path.parent))
    assert (before, during, host.statuses()) == (False, (True, False), ())


async def test_of_two_plugins_of_one_name_the_second_is_refused(folder, host):
    folder.native("twin", "def on_exit(): pass")
    folder.write("native/other.py", 'NEXSOCK_PLUGIN = {"name": "twin", "abi": "1.0"}\ndef on_exit(): pass\n')
    assert sorted((status.state, "that of" in status.reason) for status in host.statuses()) == [
        ("loaded", False),
        ("refused", True),
    ]


async def test_a_process_without_work_is_ended_until_there_is_some(folder, host):
    folder.native("noop", "def pre_command(): pass")
    host.warm()
    await host.settled()
    assert (await host.pre_command(UP), [status.strikes for status in host.statuses()]) == (None, [0])


async def test_what_a_project_lists_waits_until_it_is_admitted(host, tmp_path):
    path = tmp_path / "shop" / "gate.py"
    path.parent.mkdir(mode=0o700)
    path.write_text('NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0"}\ndef pre_command(): pass\n')
    path.chmod(0o600)
    listed = (str(path.parent), [str(path)])
    before = [(one.name, one.state) for one in host.statuses(*listed)]
    host.admit(*listed)
    assert (before, [one.state for one in host.statuses(*listed)]) == ([("gate", "waiting")], ["loaded"])


async def test_a_package_is_imported_from_where_it_was_found(make_host, tmp_path):
    site = tmp_path / "site"
    (site / "gatepkg").mkdir(parents=True, mode=0o700)
    site.chmod(0o700)
    (site / "gate-1.0.dist-info").mkdir()
    (site / "gate-1.0.dist-info" / "entry_points.txt").write_text("[nexsock.plugins]\ngate = gatepkg\n")
    said = 'NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0", "capabilities": ["deny"]}\n'
    for name, text in (("__init__", f"{said}from gatepkg.inner import pre_command\n"), ("inner", DENY)):
        (site / "gatepkg" / f"{name}.py").write_text(text)
        (site / "gatepkg" / f"{name}.py").chmod(0o600)
    assert await make_host(search_path=[str(site)]).pre_command(UP) == Denial(plugin="gate", reason="gatepkg.inner")
