"""The list says of each plugin whether it is used, and of one that is not why not and what to do."""

from nexsock.model.plugin import PluginStatus
from nexsock.views import plugins

GOOD = PluginStatus(
    name="dotenv", kind="native", path="/p/dotenv.py", state="loaded", priority=50, hooks=("pre_start",), abi="1.0"
)


def listed(*found):
    return plugins.listed(found, colour=False, columns=0)


def test_where_there_is_none_it_says_how_to_make_one():
    assert listed() == (
        "There are no plugins; 'nexsock plugin new NAME' writes one. Those that nexsock.yaml lists are met with the"
        " first 'up'.\n"
    )


def test_a_sound_plugin_is_one_line():
    assert listed(GOOD) == (
        "NAME    STATE   KIND    ORDER  FAULTS  HOOKS\n"
        "dotenv  loaded  native  50     0       pre_start\n"
    )  # fmt: skip


def test_one_that_is_set_aside_is_explained():
    aside = PluginStatus(
        name="gate",
        kind="lua",
        path="/p/gate.lua",
        state="set_aside",
        reason="3 faults",
        hint="mend it",
        strikes=3,
        hooks=("pre_start", "on_exit"),
        on_failure="closed",
        last_fault="did not answer within 2s",
        log="/s/gate.log",
    )
    assert listed(aside) == (
        "NAME  STATE      KIND  ORDER  FAULTS  HOOKS\n"
        "gate  set aside  lua   0      3       pre_start, on_exit\n"
        "\n"
        "gate\n"
        "  why                3 faults\n"
        "  last fault         it did not answer within 2s\n"
        "  without an answer  what it is asked about does not happen\n"
        "  do                 mend it\n"
        "  file               /p/gate.lua\n"
        "  log                /s/gate.log\n"
    )


def test_of_one_that_is_refused_nothing_is_told_that_is_not_known():
    refused = PluginStatus(name="x", kind="native", path="/p/x.py", state="refused", reason="no", project="/shop")
    assert "x     refused  native, of the project  -      -       -\n" in listed(refused)


def test_in_json_what_a_plugin_has_not_is_left_out():
    told = plugins.told(GOOD)
    assert ("reason" in told, "log" in told, told["hooks"]) == (False, False, ["pre_start"])
