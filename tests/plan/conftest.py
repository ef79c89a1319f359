"""Build projects and records from the short form that plan cases are written in.

A case is a folder of tests/cases/plan with `case.yaml` and `plan.txt`. Keys of case.yaml, all but `services` optional:

    promise     what the case shows, for people
    now         monotonic seconds, default 100
    services    by name, in start order: the fields of model.service.Service, those of `launch` among them.
                depends_on is a list, or a map to a condition or to the fields of Dependency; healthcheck may be
                just a kind
    records     by name: a phase, or a map of `phase` and some of
                  applied  what differs from the file in the definition that runs; null: it is not known
                  run      number; pid; started, ready (monotonic); exit (a code, or unknown); fingerprint
                  stopping {kill_at, killed, cause: kind}
                  held     {waits_for, failed, because}
                  replace  [kind, text]
                  given    what the fingerprint of the run says of its secrets: ";VARIABLE=DIGEST" each
                  intent, reason, attempts, retry_at, survivors, done (a fingerprint)
    selection   "everything" (default), a list of names, or the fields of model.state.Selection
    strays      by name: the pid of a process that no record knows
    inputs      by name: the digest of a oneshot's input files
    secrets     by name and variable: the digests of secrets now
    changed     by name: those of its input files that changed
    origins     path to place
    groups      by name: the instances of a service that runs several times
    only        names: plan just these
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec import Struct

from nexsock.model.plan import Hold
from nexsock.model.project import Project
from nexsock.model.service import Launch, Service
from nexsock.model.state import Cause, Exit, Observed, ProjectState, Record, Run, Selection, Stopping
from nexsock.plan import wanted

CASES = Path(__file__).parent.parent / "cases" / "plan"
Short = Mapping[str, Any]


class Case(Struct, kw_only=True):
    """One case, built. `expected` is the text of the plan."""

    name: str
    desired: wanted.Desired
    records: dict[str, Record]
    observed: Observed
    now: float
    only: list[str] | None
    expected: str


def service(name: str, short: Short) -> Service:
    """A service from its short form; the command is its name unless said otherwise."""
    launch = {key: short[key] for key in Launch.__struct_fields__ if key in short}
    rest = {key: value for key, value in short.items() if key not in launch}
    needs = rest.pop("depends_on", {})
    if isinstance(needs, list):
        needs = dict.fromkeys(needs, "started")
    needs = {other: {"condition": need} if isinstance(need, str) else need for other, need in needs.items()}
    if isinstance(rest.get("healthcheck"), str):
        rest["healthcheck"] = {"kind": rest["healthcheck"]}
    launch.setdefault("command", [name])
    return msgspec.convert({"name": name, "launch": launch, "depends_on": needs, **rest}, Service)


def record(name: str, written: str | Short, short: Short | None, inputs: str, now: float) -> Record:
    """A record from its short form; what runs or ran is as the file has it unless `applied` says what differs."""
    told: dict[str, Any] = {"phase": written} if isinstance(written, str) else dict(written)
    differs = told.pop("applied", {})
    applied = service(name, {**(short or {}), **differs}) if differs is not None else None
    run = _run(name, told.pop("run", None), applied or service(name, short or {}), told["phase"], now)
    given = told.pop("given", "")
    if run is not None:
        run = msgspec.structs.replace(run, fingerprint=run.fingerprint + given)
    if told["phase"] == "completed":
        told.setdefault("done", (applied.fingerprint if applied else "") + inputs + given)
    stopping, held, replace = told.pop("stopping", None), told.pop("held", None), told.pop("replace", None)
    if told["phase"] == "stopping":
        stopping = stopping or {}
        told["stopping"] = Stopping(
            cause=Cause(kind=stopping.get("cause", "user"), text="stopped by hand"),
            since_mono=now - 5,
            kill_mono=stopping.get("kill_at"),
            killed=stopping.get("killed", False),
        )
    return Record(
        name=name,
        applied=applied if run is not None else None,
        run=run,
        held=Hold(service=name, **held) if held else None,
        replace=Cause(kind=replace[0], text=replace[1]) if replace else None,
        retry_mono=told.pop("retry_at", None),
        done_fingerprint=told.pop("done", None),
        survivors=tuple(told.pop("survivors", ())),
        **told,
    )


def _run(name: str, told: Short | None, launched: Service, phase: str, now: float) -> Run | None:
    if told is None and phase in ("stopped", "blocked"):
        return None
    told = told or {}
    code = told.get("exit", 0 if phase == "completed" else None)
    return Run(
        number=told.get("number", 1),
        instance=f"{name}-1",
        cause=Cause(kind="user", text="not started yet"),
        fingerprint=told.get("fingerprint", launched.fingerprint),
        pid=told.get("pid", 4711),
        started_mono=told.get("started", now - 50),
        ready_mono=told.get("ready", now - 50 if phase in ("ready", "running") else None),
        exit=None if code is None else Exit(code=None if code == "unknown" else code, at=0.0),
    )


def build(folder: Path) -> Case:
    """The case in a folder."""
    told = yaml.safe_load((folder / "case.yaml").read_text())
    now, services, inputs = float(told.get("now", 100)), told["services"], told.get("inputs", {})
    project = Project(
        id="shop-1",
        name="shop",
        directory="/shop",
        files=("/shop/nexsock.yaml",),
        services={name: service(name, short or {}) for name, short in services.items()},
        origins=told.get("origins", {}),
        groups=told.get("groups", {}),
    )
    records = {
        name: record(name, written, services.get(name), inputs.get(name, ""), now)
        for name, written in told.get("records", {}).items()
    }
    strays = {
        name: Run(
            number=7,
            instance=f"{name}-7",
            cause=Cause(kind="adopted", text="found running"),
            fingerprint=project.services[name].fingerprint if name in project.services else "",
            pid=pid,
            started_mono=now - 9,
        )
        for name, pid in told.get("strays", {}).items()
    }
    state = ProjectState(selection=_selection(told.get("selection", "everything")), records=records)
    return Case(
        name=folder.name,
        desired=wanted.desire(project, state),
        records=records,
        observed=Observed(
            strays=strays, inputs=inputs, changed=told.get("changed", {}), secrets=told.get("secrets", {})
        ),
        now=now,
        only=told.get("only"),
        expected=(folder / "plan.txt").read_text().rstrip("\n"),
    )


def _selection(told: str | list[str] | dict[str, Any]) -> Selection:
    if told == "everything":
        return Selection(everything=True)
    return Selection(names=tuple(told)) if isinstance(told, list) else msgspec.convert(told, Selection)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        folders = sorted(folder for folder in CASES.iterdir() if folder.is_dir())
        metafunc.parametrize("case", [build(folder) for folder in folders], ids=[folder.name for folder in folders])
