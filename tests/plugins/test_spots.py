"""Whether there may be a plugin is known at once, and what has changed has another stamp."""

import subprocess
import sys

from nexsock.plugins import spots

OFFER = "[nexsock.plugins]\ngate = gatepkg\n"


def test_an_empty_folder_and_a_path_without_offers_have_no_plugins(folder, tmp_path):
    assert not spots.any_there(str(folder.path), [str(tmp_path), "", "relative"])


def test_a_file_and_an_offer_are_seen(folder, tmp_path):
    (tmp_path / "gate-1.dist-info").mkdir()
    (tmp_path / "gate-1.dist-info" / "entry_points.txt").write_text(OFFER)
    offered = spots.any_there(str(folder.path), [str(tmp_path)])
    folder.write("lua/gate.lua", "")
    assert (offered, spots.any_there(str(folder.path), [])) == (True, True)


def test_a_file_has_another_stamp_when_it_is_replaced_by_one_of_the_same_size(folder):
    path = folder.write("native/gate.py", "x")
    before = spots.stamp(str(path))
    other = folder.write("native/new.py", "x")
    other.rename(path)
    assert spots.stamp(str(path)) != before


def test_a_daemon_without_plugins_loads_nothing_that_runs_them():
    code = """
import sys
from nexsock.plugins.host import PluginHost
host = PluginHost("/nowhere", "/nowhere/state", search_path=())
host.warm(), host.statuses(), host.wanted("pre_start", "/shop"), host.admit("/shop", ()), host.dismiss("/shop")
print(sorted(name for name in sys.modules if name.startswith("nexsock.plugins.")))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "['nexsock.plugins.host', 'nexsock.plugins.spots']\n"


def test_for_many_services_it_is_looked_once_and_for_each_command_anew():
    now = [10.0]
    looks = spots.Looks(lambda: now[0])
    hooks = ("pre_start", "post_start", "pre_command", "on_exit", "on_plan", "")
    first = [looks.is_due(hook) for hook in hooks]
    now[0] += spots.LOOK_AGAIN_S
    assert (first, looks.is_due("pre_start")) == ([True, False, True, False, True, True], True)


def test_what_is_known_to_have_changed_is_looked_at_in_any_case():
    looks = spots.Looks(lambda: 10.0)
    looks.is_due("pre_start")
    looks.forget()
    assert looks.is_due("pre_start")
