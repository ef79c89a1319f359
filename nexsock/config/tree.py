"""YAML text to a tree of nodes that know their place.

The tree is built from libyaml's events one by one, never by its composer (which 30,000 nested brackets crash), and
counts depth, nodes and alias expansion as it goes. Scalars are typed by the YAML 1.2 core schema, so `no`, `22:22`,
`0755` and dates stay text. An aliased node is shared, not copied: nobody may change a node in place.
"""

import re
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from nexsock import errors
from nexsock.config.node import Node, Scalar
from nexsock.model.origin import Origin
from nexsock.model.problem import Problem

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_ALIASED_NODES = 10_000

MERGE_TAGS = ("!reset", "!override")

_BEGINS_TYPED = frozenset("-+.0123456789~nNtTfF")
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_OTHER_BASE = re.compile(r"0(?:o[0-7]{1,20}|x[0-9a-fA-F]{1,15})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,17})(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")


def parse(text: str, file: str) -> Node:
    """The document in `text`; `file` is the name that places carry.

    Raises:
        ConfigError: with every problem of the text.
    """
    problems: list[Problem] = []
    document = compose(text, file, problems)
    if problems or document is None:
        raise errors.ConfigError(str(problems[0]), tuple(problems))
    return document


def compose(text: str, file: str, problems: list[Problem]) -> Node | None:
    """The document in `text` as far as it can be understood; None when the text is not YAML.

    An empty text is an empty mapping. Duplicate keys, foreign tags and keys that are not text are added to
    `problems`, and the tree goes on without them.
    """
    builder = _Builder(file, problems)
    loader = yaml.CLoader(text)
    try:
        while (event := loader.get_event()) is not None:
            builder.take(event)
    except _Refused as refused:
        problems.append(refused.problem)
        return None
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, file))
        return None
    except yaml.reader.ReaderError as error:
        problems.append(_character_problem(error, text, file))
        return None
    finally:
        loader.dispose()
    return builder.document or Node({}, Origin(file, 1, 1))


def scalar(text: str) -> Scalar:
    """The value of plain (unquoted) text by the YAML 1.2 core schema, with one difference: 0755 stays text."""
    if text and text[0] not in _BEGINS_TYPED:
        return text
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


class _Refused(Exception):
    """The text goes over a limit; reading on would help nobody."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been seen. `key` waits for its value; `merges` are what `<<` named."""

    node: Node
    anchor: str | None
    is_map: bool
    key: str | None = None
    key_origin: Origin | None = None
    takes_value: bool = False
    merges: list[Node] = field(default_factory=list)
    size: int = 1


class _Builder:
    """Takes events in order and puts the tree together."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.document: Node | None = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._nodes = 0
        self._aliased = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        if isinstance(event, ScalarEvent):
            self._count(event)
            tag = None if event.tag is None else self._tag(event)
            value = event.value if event.style or event.tag == "!" else scalar(event.value)
            node = Node(value, self._origin(event), {}, tag, event.value, event.style or None)
            self._place(node, event.anchor, 1)
        elif isinstance(event, MappingStartEvent):
            self._open(event, is_map=True)
        elif isinstance(event, SequenceStartEvent):
            self._open(event, is_map=False)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._close()
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refuse(event, "a second document begins here", "put everything into one document")
        elif isinstance(event, DocumentEndEvent):
            self._anchors.clear()

    def _origin(self, event: Event) -> Origin:
        mark = event.start_mark
        assert mark is not None
        return Origin(self.file, mark.line + 1, mark.column + 1)

    def _problem(self, origin: Origin, message: str, suggestion: str | None = None) -> None:
        self.problems.append(
            Problem(file=origin.file, line=origin.line, column=origin.column, message=message, suggestion=suggestion)
        )

    def _refuse(self, event: Event, message: str, suggestion: str | None = None) -> _Refused:
        origin = self._origin(event)
        return _Refused(
            Problem(file=origin.file, line=origin.line, column=origin.column, message=message, suggestion=suggestion)
        )

    def _count(self, event: Event) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._refuse(event, f"the file has more than {MAX_NODES:,} values")

    def _tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> str | None:
        if event.tag is None or event.tag in MERGE_TAGS:
            return event.tag
        if event.tag != "!":
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(self._origin(event), f"the tag {shown} is not known here", "use !reset or !override, or none")
        return None

    def _open(self, event: MappingStartEvent | SequenceStartEvent, *, is_map: bool) -> None:
        self._count(event)
        if len(self._stack) >= MAX_DEPTH:
            raise self._refuse(event, f"values are nested more than {MAX_DEPTH} deep")
        node = Node({} if is_map else [], self._origin(event), tag=self._tag(event))
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._stack.append(_Open(node, event.anchor, is_map))

    def _close(self) -> None:
        closed = self._stack.pop()
        for source in closed.merges:
            for key, child in source.mapping.items():
                if key not in closed.node.mapping:
                    closed.node.mapping[key] = child
                    closed.node.keys[key] = source.keys[key]
        self._place(closed.node, closed.anchor, closed.size)

    def _alias(self, event: AliasEvent) -> None:
        self._count(event)
        name = event.anchor
        if name not in self._anchors:
            raise self._refuse(event, f"the alias *{name} has no anchor &{name} before it")
        target = self._anchors[name]
        if target is None:
            raise self._refuse(event, f"the alias *{name} stands inside the value that it names")
        node, size = target
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            raise self._refuse(event, f"the aliases up to here stand for more than {MAX_ALIASED_NODES:,} values")
        self._place(node, None, size)

    def _place(self, node: Node, anchor: str | None, size: int) -> None:
        """Give a finished node to whatever waits for it: a list, a mapping's key or value, or the document."""
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        if not self._stack:
            self.document = node
            return
        parent = self._stack[-1]
        parent.size += size
        if not parent.is_map:
            parent.node.items.append(node)
        elif parent.takes_value:
            self._value(parent, node)
        else:
            self._key(parent, node)

    def _key(self, parent: _Open, node: Node) -> None:
        parent.takes_value = True
        parent.key = None
        parent.key_origin = node.origin
        if isinstance(node.value, (list, dict)):
            self._problem(node.origin, "a list or map cannot be a key")
            return
        if not isinstance(node.value, str):
            shown = node.text or "nothing"
            self._problem(
                node.origin, f"the key {shown} is not text", f'write it as "{node.text}"' if node.text else None
            )
            return
        first = parent.node.keys.get(node.value)
        if first is not None:
            self._problem(
                node.origin, f"the key '{node.value}' stands here a second time", f"the first is at line {first.line}"
            )
            return
        parent.key = node.value

    def _value(self, parent: _Open, node: Node) -> None:
        parent.takes_value = False
        key, origin = parent.key, parent.key_origin
        if key is None or origin is None:
            return
        if key == "<<":
            self._merge(parent, node)
            return
        parent.node.mapping[key] = node
        parent.node.keys[key] = origin

    def _merge(self, parent: _Open, node: Node) -> None:
        sources = node.value if isinstance(node.value, list) else [node]
        for source in sources:
            if isinstance(source.value, dict):
                parent.merges.append(source)
            else:
                self._problem(source.origin, "'<<' merges maps only", "give it an alias of a map, such as *common")


_NO_END = "found unexpected end of stream"
_SYNTAX = {
    "mapping values are not allowed in this context": (
        "a ':' cannot stand here",
        "look at the indentation, or put quotes around the value",
    ),
    "did not find expected key": ("a key was expected here", "look at the indentation of the lines above"),
    "could not find expected ':'": ("this line has no ':' after its key", "write 'key: value'"),
    "did not find expected '-' indicator": ("a '-' was expected here", "look at the indentation of the list"),
    "did not find expected ',' or ']'": ("the list in [ ] is not closed", "add ',' or ']'"),
    "did not find expected ',' or '}'": ("the map in { } is not closed", "add ',' or '}'"),
    _NO_END: ("this quoted text has no end", "add the closing quote"),
    "block sequence entries are not allowed in this context": (
        "a '-' cannot begin a list here",
        "put it on a line of its own",
    ),
    "found unknown escape character": ("this escape is not known in double quotes", "use single quotes, or write \\\\"),
}


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    if error.problem == _NO_END:
        mark = error.context_mark or mark  # where it begins: it ends, at the latest, with the file
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    current = lines[line - 1] if line <= len(lines) else ""
    found = current[column - 1 : column]
    message, suggestion = _SYNTAX.get(error.problem or "", (f"this is not YAML: {error.problem}", None))
    if found == "\t" or (not current[:column].strip() and "\t" in current[:column]):
        message, suggestion = "a tab indents this line", "indent with spaces"
    elif error.problem == "found character that cannot start any token":
        message, suggestion = f"a value cannot begin with {found!r}", "put quotes around it"
    return Problem(file=file, line=line, column=column, message=message, suggestion=suggestion)


def _character_problem(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    position = error.position if isinstance(error.position, int) else 0
    code = ord(error.character) if isinstance(error.character, str) else error.character
    before = text.encode("utf-8", "surrogatepass")[:position].decode("utf-8", "replace")
    return Problem(
        file=file,
        line=before.count("\n") + 1,
        column=len(before.rpartition("\n")[2]) + 1,
        message=f"the character U+{code:04X} is not allowed in YAML",
        suggestion="remove it, or write it as an escape in double quotes",
    )
