"""The benchmarks can be run: whether what they find is good is told by running them, never by a test."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import bench
from bench import machine, summary
from bench.measures import catalogue as measures
from bench.measures import logs
from bench.options import Options
from bench.tools import catalogue
from bench.tools.adapter import Adapter, Service
from bench.trial import Trial
from nexsock.config import load
from nexsock.model.project import ProjectRef

PROGRAMS = "bench.programs."
SERVICES = [Service("one", ("sleep", "1")), Service("two", ("sleep", "2"), ready="tcp:18999", needs="one")]


def tool(name: str, folder: Path) -> Adapter:
    return catalogue.TOOLS[name](folder, "no-run")


@pytest.mark.parametrize("name", [found.name for found in pkgutil.walk_packages(bench.__path__, "bench.")])
def test_every_module_can_be_imported(name):
    if name != "bench.__main__" and not name.startswith(PROGRAMS):
        importlib.import_module(name)


@pytest.mark.parametrize("name", catalogue.TOOLS)
def test_every_tool_writes_its_configuration(name, tmp_path):
    chosen = tool(name, tmp_path)
    chosen.configure(SERVICES)
    assert [one.name for one in chosen.services] == ["one", "two"]


def test_a_changed_service_is_known_by_name(tmp_path):
    chosen = tool("s6", tmp_path)
    chosen.configure(SERVICES)
    chosen.configure([SERVICES[0], SERVICES[1].running("sleep", "3")])
    assert chosen.changed == ["two"]


def test_our_own_configuration_is_valid(tmp_path):
    tool("nexsock", tmp_path).configure([*SERVICES, Service("three", ("sleep", "3"), watch=str(tmp_path), ready="log")])
    project = load.load(ProjectRef(directory=str(tmp_path), environ={}))
    assert list(project.services) == ["one", "two", "three"]


def test_a_trial_leaves_nothing_behind(tmp_path):
    with Trial("py-floor", Options(work=tmp_path, settle_s=0.0)) as trial:
        trial.begin(trial.sleepers(2))
        run_id = trial.tool.run_id
        assert len(trial.events.live()) == 2
    assert (machine.marked(run_id), list(tmp_path.iterdir())) == ([], [])


def test_a_lost_line_is_counted(tmp_path):
    options = Options(work=tmp_path, count=1, megabytes=1)
    found = logs.measure("ref-cat", options)
    assert found["lost_lines"] == 0


def test_tables_show_ratios_to_the_floor_of_the_same_setting():
    setting = {"bench": "scale", "count": 10}
    text = summary.table(
        [
            {**setting, "tool": "py-floor", "up_s": 0.2},
            {**setting, "tool": "nexsock", "up_s": 0.3},
            {**setting, "tool": "nexsock", "up_s": 0.5},
            {**setting, "tool": "s6", "error": "TimeoutError: only 9 of 10 services run"},
        ]
    )
    assert text.splitlines() == [
        "",
        "### scale, count 10",
        "",
        "| tool     | up_s | / py-floor |",
        "| ---      | ---  | ---        |",
        "| py-floor | 0.2  | 1.00       |",
        "| nexsock  | 0.4  | 2.00       |",
        "| s6       | -    | -          |",
        "s6: TimeoutError: only 9 of 10 services run",
    ]


def test_every_measure_has_a_tool_here():
    assert [name for name, measure in measures.MEASURES.items() if not measure.tools()] in ([], ["watch"])
