"""What a plugin says of itself is read without running it, and whatever is wrong with it is told with what to do."""

import pytest

from nexsock.hooks import Manifest
from nexsock.plugins import manifest

HOOK = "\ndef pre_start(): pass\n"


def test_a_manifest_is_read_and_its_hooks_are_the_functions_that_it_defines():
    source = (
        b'"""Doc."""\nNEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0", "priority": 7}\ndef help(): pass' + HOOK.encode()
    )
    assert manifest.read_native(source) == Manifest(name="gate", abi="1.0", priority=7, hooks=("pre_start",))


def test_nothing_of_the_plugin_runs():
    source = b'raise SystemExit\nNEXSOCK_PLUGIN: dict = {"name": "gate", "abi": "1.0", "hooks": ["on_exit"]}'
    assert manifest.read_native(source).hooks == ("on_exit",)


def test_a_lua_manifest_says_the_same():
    source = b"""
-- A gate. NEXSOCK_PLUGIN = nil
NEXSOCK_PLUGIN = {
  name = "gate", abi = '1.0', --[[ first ]] priority = 7;
  capabilities = { "deny", "storage" }, ["timeout"] = 1.5,
}
local function on_ready() end
function pre_start(call) end
on_exit = function(call) end
"""
    assert manifest.read_lua(source) == Manifest(
        name="gate",
        abi="1.0",
        priority=7,
        capabilities=("deny", "storage"),
        timeout=1.5,
        hooks=("pre_start", "on_exit"),
    )


@pytest.mark.parametrize(
    ("said", "told", "hint"),
    [
        ('{"abi": "1.0"}', "missing required field `name`", ""),
        ('{"name": "Gate Keeper", "abi": "1.0"}', "its name is 'Gate Keeper'", "lowercase"),
        ('{"name": "../gate", "abi": "1.0"}', "its name is '../gate'", "lowercase"),
        ('{"name": "gate", "abi": 1.0}', "Expected `str`, got `float`", ""),
        ('{"name": "gate", "abi": "1"}', "its abi is '1'", "write it like 1.0"),
        ('{"name": "gate", "abi": "2.0"}', "made for plugin ABI 2.0, and this nexsock has 1.0", "newer nexsock"),
        ('{"name": "gate", "abi": "1.1"}', "made for plugin ABI 1.1", "newer nexsock"),
        ('{"name": "gate", "abi": "0.9"}', "made for plugin ABI 0.9", "newer version of the plugin"),
        ('{"name": "gate", "abi": "1.0", "hook": []}', "unknown field `hook`", ""),
        ('{"name": "gate", "abi": "1.0", "hooks": ["before"]}', "there is no hook 'before'", "pre_start"),
        ('{"name": "gate", "abi": "1.0", "capabilities": ["root"]}', "there is no capability 'root'", "deny"),
        ('{"name": "gate", "abi": "1.0", "on_failure": "ajar"}', "Invalid enum value 'ajar'", ""),
        ('{"name": "gate", "abi": "1.0", "priority": 101}', "its priority is 101", "0 to 100"),
        ('{"name": "gate", "abi": "1.0", "timeout": 31}', "its timeout is 31", "30 seconds"),
        ('{"name": "gate", "abi": "1.0", "timeout": 0}', "its timeout is 0", "30 seconds"),
        ('dict(name="gate")', "in line 1 is not a literal", "without running"),
        ('{"name": "gate" + NAME}', "in line 1 is not a literal", "without running"),
    ],
)
def test_what_is_wrong_is_told(said, told, hint):
    with pytest.raises(manifest.ManifestFault) as caught:
        manifest.read_native(f"NEXSOCK_PLUGIN = {said}{HOOK}".encode())
    assert told in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (b"def pre_start(:", "line 1 is not Python"),
        (b"a\0b", "it is not Python"),
        (b"\xff\xfe", "is not Python"),
        (b"NEXSOCK_PLUGIN = " + b"(" * 100_000, "Python"),
        (b"NEXSOCK_PLUGIN = " + b"-" * 100_000 + b"1", ""),
        (HOOK.encode(), "it has no NEXSOCK_PLUGIN"),
        (b'NEXSOCK_PLUGIN = {"name": "gate", "abi": "1.0"}', "no function with the name of a hook"),
    ],
)
def test_a_file_that_is_no_plugin_is_told(source, told):
    with pytest.raises(manifest.ManifestFault) as caught:
        manifest.read_native(source)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "it has no NEXSOCK_PLUGIN"),
        ("NEXSOCK_PLUGIN = make()", "line 1 has 'make'"),
        ('NEXSOCK_PLUGIN = { name = "a" .. "b" }', "line 1 has '.'"),
        ("NEXSOCK_PLUGIN = {\nname = [[long]] }", "line 2 has '['"),
        ('NEXSOCK_PLUGIN = { name = "gate"', "line 1 ends too early"),
        ('NEXSOCK_PLUGIN = { "gate", abi = "1.0" }', "with and without names"),
        ('NEXSOCK_PLUGIN = { name = "\\x41" }', "the escape \\x"),
        ("NEXSOCK_PLUGIN = " + "{" * 100, "has '{'"),
        ('NEXSOCK_PLUGIN = { name = "gate", abi = "1.0" }', "no function with the name of a hook"),
        ("NEXSOCK_PLUGIN = {}", "Expected `object`, got `array`"),
    ],
)
def test_a_lua_file_that_is_no_plugin_is_told(said, told):
    with pytest.raises(manifest.ManifestFault) as caught:
        manifest.read_lua(said.encode())
    assert told in str(caught.value)
