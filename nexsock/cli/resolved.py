"""A resolved document as YAML that reads like the file that it came from, with the origin of each value if wanted."""

from collections.abc import Iterator

from nexsock.config.node import Node
from nexsock.config.written import scalar


def yaml(document: Node, *, with_origins: bool) -> str:
    """The document as YAML; with origins, each value is followed by `# file:line:column`."""
    lines = list(_lines(document, ""))
    if not with_origins:
        return "".join(f"{text}\n" for text, _ in lines)
    widest = min(max((len(text) for text, _ in lines), default=0), 72)
    return "".join(f"{text:<{widest}}  # {place}\n" if place else f"{text}\n" for text, place in lines)


def _lines(node: Node, indent: str) -> Iterator[tuple[str, str]]:
    """Lines of a map or list, each with the place of its value or "" where the value is a map or list itself."""
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _entry(f"{indent}{scalar(key)}:", child, indent + "  ")
    elif isinstance(node.value, list):
        for child in node.value:
            yield from _entry(f"{indent}-", child, indent + "  ")


def _entry(head: str, child: Node, indent: str) -> Iterator[tuple[str, str]]:
    if child.value and isinstance(child.value, dict | list):
        yield head, ""
        yield from _lines(child, indent)
    else:
        yield f"{head} {scalar(_as_in_a_file(child.value))}", place(child)


def _as_in_a_file(value: object) -> object:
    """The value with its dollars doubled: nothing in it waits for variables any more."""
    return value.replace("$", "$$") if isinstance(value, str) else value


def place(node: Node) -> str:
    """ "nexsock.yaml:14:7", and what the value went through: "nexsock.yaml:14:7, variable TAG"."""
    return f"{node.origin}, {node.via}" if node.via else str(node.origin)


def origins(document: Node) -> dict[str, str]:
    """The place of every value that is no map or list, by its path: "services.web.command"."""
    return dict(_origins(document, ""))


def _origins(node: Node, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _origins(child, f"{path}.{key}" if path else key)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _origins(child, f"{path}.{index}")
    else:
        yield path, place(node)
