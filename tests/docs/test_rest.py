"""docs/rest.md against the table of routes."""

import re
from pathlib import Path

from nexsock.web import openapi
from nexsock.web.routes import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "rest.md").read_text()


def table() -> str:
    """The addresses as the page has to list them."""
    rows = [
        f"| {route.method} | `{route.path if route.scope != 'named' else '/projects/{project}' + route.path}` "
        f"| {route.summary} |\n"
        for route in ROUTES
        if route.for_programs
    ]
    return "| | | |\n|---|---|---|\n" + "".join(rows)


def test_every_address_is_on_the_page_as_the_table_has_it():
    (found,) = re.findall(r"<!-- table -->\n(.*?)<!-- /table -->", PAGE, re.DOTALL)
    assert found == table()


def test_every_status_of_the_openapi_document_is_explained():
    told = {int(status) for row in re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE) for status in row.split(", ")}
    assert set(openapi.REFUSALS) - {500, 501} <= told
