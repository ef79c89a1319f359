"""The OpenAPI document against the routes, and the routes against the document."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, checks
from schemathesis.core.result import Ok

from nexsock.web import openapi
from nexsock.web.routes import ROUTES
from tests.web.conftest import TOKEN

DOCUMENT = openapi.document_of(ROUTES)
EXAMPLES = 5
"""For each operation: what the whole costs is bounded, and is the same each time."""


def operations() -> Iterator[Any]:
    """Those that end, for the project of the web; below /projects/{project} they are the same ones."""
    endless = {route.name for route in ROUTES if route.follows}
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        name = operation.definition.raw["operationId"]
        if name.removesuffix("_of_project") not in endless and not name.endswith("_of_project"):
            yield pytest.param(operation, id=name)


@pytest.mark.parametrize("operation", list(operations()))
def test_answers_are_as_the_document_says(serve, operation):
    served = serve()
    answered: set[int] = set()

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def holds(case: Case) -> None:
        answer = asyncio.run(sent(served, case))
        case.validate_response(answer, excluded_checks=[checks.ignored_auth])  # ours is the right one
        answered.add(answer.status_code)

    holds()
    assert answered & {200, 201, 409}, answered


async def sent(served: Any, case: Case) -> Any:
    async with served.client() as client:
        values = case.as_transport_kwargs(base_url="http://nexsock.localhost:7717")
        headers = httpx.Headers(values.get("headers", {}))
        headers["authorization"] = f"Bearer {TOKEN}"
        request = client.build_request(
            values["method"],
            values["url"],
            params=values.get("params"),
            headers=headers,
            json=values.get("json"),
            content=values.get("data") if "json" not in values else None,
        )
        answer: httpx.Response = await client.send(request)
        await answer.aread()
        return answer


async def test_the_document_is_served(serve):
    async with serve().program() as program:
        answer = await program.get("/api/openapi.json")
    assert answer.json()["paths"].keys() == DOCUMENT["paths"].keys()


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does():
    listed = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in listed]
    assert sorted(set(names)) == sorted(names)
    assert [operation["operationId"] for operation in listed if not operation["summary"].endswith(".")] == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.effect], ids=lambda route: route.name)
def test_the_document_says_what_a_route_changes(route):
    (path, *_) = route.for_programs
    assert route.effect in DOCUMENT["paths"][path][route.method.lower()]["description"]
