"""The OpenAPI document, made from the table of routes and the structs that travel: nothing of it is written twice.

The JSON of answers differs from the structs in a few ways (views.document): times are strings, what has no value is
left out, and some keys have other names. The schemas follow the same rules.
Source: OpenAPI 3.1.1; JSON Schema 2020-12.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

import nexsock
from nexsock.views import document
from nexsock.web import problems
from nexsock.web.api import asked
from nexsock.web.route import Route
from nexsock.web.shapes import Shape

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"
REFUSALS = {
    400: "The request is not written as requests are.",
    401: "No session and no token.",
    403: "Refused: it comes from elsewhere, or a plugin or the daemon said no.",
    404: "No such project, service or run.",
    409: "It ran and failed, or somebody else changed the same thing first.",
    413: "Too large.",
    414: "The address is too long.",
    415: "Content of another type.",
    421: "Another host was asked for.",
    422: "The content, or the file that would come of it, is wrong: with all problems.",
    500: "What the daemon remembers cannot be read or written.",
    501: "This build cannot do it.",
    502: "There is no daemon.",
    504: "It did not happen in time.",
}


def to_bytes(routes: Iterable[Route]) -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(document_of(tuple(routes)))


def document_of(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document as plain values."""
    kinds = {kind for route in routes for kind in _kinds(route)}
    _, components = msgspec.json.schema_components(kinds, ref_template=REF)
    sent = {route.body.__name__ for route in routes if route.body}
    schemas = {name: schema if name in sent else shown(schema) for name, schema in components.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        for path in route.for_programs:
            paths.setdefault(path, {})[route.method.lower()] = _operation(route, path, schemas)
    return {
        "openapi": "3.1.1",
        "info": {"title": "nexsock", "version": nexsock.__version__, "description": "Local development services."},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "ProblemDocument": _problem()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _kinds(route: Route) -> list[Any]:
    shape = route.shape
    answers = [] if shape is None else [*([shape.of] if shape.of else []), *(shape.keys or {}).values()]
    return [*answers, *([route.body] if route.body else [])]


def shown(schema: Schema) -> Schema:
    """The schema of a struct, as the schema of what `views.document.plain` makes of it."""
    if "properties" not in schema:
        return schema
    properties = {
        document.RENAMED.get(key, key): _member(key, value)
        for key, value in schema["properties"].items()
        if key not in document.MACHINE_ONLY
    }
    absent = {key for key, value in schema["properties"].items() if _may_be_null(value)}
    required = [
        document.RENAMED.get(key, key)
        for key in schema["properties"]
        if key not in absent and key not in document.MACHINE_ONLY
    ]
    kept = {key: value for key, value in schema.items() if key in ("title", "type")}
    return {**kept, "properties": properties, "required": required}


def _member(key: str, schema: Schema) -> Schema:
    schema = {name: value for name, value in schema.items() if name != "default"}
    if "anyOf" in schema:
        others = [option for option in schema["anyOf"] if option != {"type": "null"}]
        schema = others[0] if len(others) == 1 else {"anyOf": others}
    if isinstance(schema.get("enum"), list) and None in schema["enum"]:
        schema = {**schema, "enum": [value for value in schema["enum"] if value is not None]}
    if schema.get("type") == "number" and (key in ("at", "since") or key.endswith("_at")):
        return {"type": "string", "format": "date-time"}
    return schema


def _may_be_null(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ()) or None in schema.get("enum", ())


def _operation(route: Route, path: str, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    name = route.name if "{project}" not in path or route.scope == "named" else f"{route.name}_of_project"
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": route.summary,
        "parameters": [*_path_parameters(path), *_query_parameters(route.query)],
        "responses": {
            str(route.status): {"description": "Done.", "content": _content(route, schemas)},
            **{str(status): _refusal(text) for status, text in REFUSALS.items()},
        },
    }
    if route.effect:
        assert route.body is not None
        schema = {"$ref": REF.format(name=route.body.__name__)}
        operation["description"] = f"This {route.effect}."
        needed = bool(schemas[route.body.__name__].get("required"))
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": needed}
    return operation


def _content(route: Route, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    if route.follows:
        return {"text/event-stream": {"schema": {"type": "string"}}}
    assert route.shape is not None
    return {"application/json": {"schema": answer(route.shape, schemas)}}


def answer(shape: Shape, schemas: Mapping[str, Schema]) -> Schema:
    """The schema of a document: the keys of its noun, of the noun that lies flat in it, and its own."""
    properties: Schema = {"version": {"const": document.VERSION}}
    required = ["version"]
    for name in [shape.of.__name__] if shape.of else []:
        inner = schemas[name]
        for key, schema in inner["properties"].items():
            if key == shape.flat:
                flat = schemas[_reference(schema)]
                properties |= flat["properties"]
                required += flat.get("required", []) if key in inner["required"] else []
            else:
                properties[(shape.renamed or {}).get(key, key)] = schema
        required += [key for key in inner["required"] if key != shape.flat and key not in (shape.renamed or {})]
    for key, kind in (shape.keys or {}).items():
        (properties[key],), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return {"type": "object", "properties": properties, "required": sorted(set(required))}


def _reference(schema: Schema) -> str:
    found: str = schema["$ref"]
    return found.rsplit("/", 1)[-1]


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": asked.NAME},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(kind: type[msgspec.Struct]) -> list[dict[str, Any]]:
    schema = msgspec.json.schema_components([kind])[1].get(kind.__name__, {})
    return [
        {"name": name, "in": "query", "required": False, "schema": _member("", one)}
        for name, one in schema.get("properties", {}).items()
    ]


def _refusal(description: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(name="ProblemDocument")}
    return {"description": description, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def _problem() -> Schema:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457, and the keys of an error in --json; `outcome` is what came of it.",
        "properties": {
            **dict.fromkeys(("type", "title", "detail", "code", "hint", "origin"), text),
            "status": {"type": "integer"},
            "problems": {"type": "array", "items": {"type": "object"}},
            "outcome": {"type": "object"},
        },
        "required": ["type", "title", "status", "detail", "code"],
    }
