"""Run history in a table of its own; dependencies know their condition, services what a person asked of them.

A service row held its whole history and was written again with each change of phase. Now it names its latest run.
"""

from typing import Any

from nexsock.store.tables import Document


def up(document: Document) -> Document:
    services: dict[str, dict[str, Any]] = {}
    runs: dict[str, dict[str, Any]] = {}
    for key, service in document["service"].items():
        columns = dict(service)
        history = columns.pop("runs")
        services[key] = {**columns, "intent": "unset", "run": history[-1]["number"] if history else None}
        for run in history:
            row_id = len(runs) + 1
            runs[str(row_id)] = {"id": row_id, "service_id": service["id"], **run}
    dependencies = {key: {**row, "condition": "started"} for key, row in document["service_dependency"].items()}
    return {**document, "service": services, "service_dependency": dependencies, "run": runs}


def down(document: Document) -> Document:
    histories: dict[int, list[dict[str, Any]]] = {row["id"]: [] for row in document["service"].values()}
    for row in sorted(document["run"].values(), key=lambda row: int(row["id"])):
        if row["service_id"] in histories:
            histories[row["service_id"]].append(_without(row, "id", "service_id"))
    services = {
        key: {**_without(service, "intent", "run"), "runs": histories[service["id"]]}
        for key, service in document["service"].items()
    }
    dependencies = {key: _without(row, "condition") for key, row in document["service_dependency"].items()}
    kept = _without(document, "run")
    return {**kept, "service": services, "service_dependency": dependencies}


def _without(row: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in columns}
