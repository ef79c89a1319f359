"""docs/protocol.md says what the code does."""

import pathlib
import re

import pytest

from nexsock import errors
from nexsock.protocol import api, conversation, frame, message
from nexsock.protocol.api import Nothing
from nexsock.protocol.client_side import ClientSide
from nexsock.protocol.conversation import Called, Greeted, Replied, Welcomed
from nexsock.protocol.daemon_side import DaemonSide
from nexsock.protocol.frame import Kind

TEXT = (pathlib.Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


def spoken(side: str) -> bytes:
    """The bytes that one side says in the worked example."""
    example = TEXT.split("```hex\n")[1].split("```")[0]
    said = re.split(r"^(client|daemon)\n", example, flags=re.MULTILINE)
    lines = said[said.index(side) + 1].splitlines()
    return bytes.fromhex("".join(line[:48] for line in lines))


def test_the_worked_example_is_what_both_sides_understand():
    daemon = DaemonSide()
    happenings = daemon.receive(spoken("client"))
    greeted = next(happenings)
    assert isinstance(greeted, Greeted)
    said = daemon.welcome(greeted.hello, daemon="nexsock 0.1.0", pid=4711)
    called = next(happenings)
    assert called == Called(1, api.BY_NAME["ping"], Nothing())
    assert said + daemon.reply(1, Nothing()) == spoken("daemon")


def test_the_answer_of_the_worked_example_is_what_a_client_understands():
    client = ClientSide()
    client.hello(client="")
    client.request("ping", Nothing())
    heard = list(client.receive(spoken("daemon")))
    assert heard == [Welcomed(message.Welcome(version=1, daemon="nexsock 0.1.0", pid=4711)), Replied(1, Nothing())]


@pytest.mark.parametrize("operation", api.OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_listed_with_its_number(operation):
    assert f"| {operation.number} | `{operation.name}` | {operation.request.__name__} → " in TEXT


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_every_kind_is_listed_with_its_number(kind):
    assert f"| {kind.value} | {kind.name} |" in TEXT


@pytest.mark.parametrize("code", errors.BY_CODE)
def test_every_code_is_listed(code):
    assert f"`{code}`" in TEXT


@pytest.mark.parametrize("shape", [message.Hello, message.Welcome, message.WireError], ids=lambda shape: shape.__name__)
def test_every_field_of_the_greeting_and_of_errors_is_listed(shape):
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| {shape.__name__} |"))
    assert [name for name in shape.__struct_fields__ if f"`{name}`" not in row] == []


def test_the_limits_are_those_of_the_code():
    assert f"at most {frame.PAYLOAD_LIMIT:,}" in TEXT
    assert f"may send {conversation.WINDOW} items" in TEXT
    assert f"may grant {conversation.CREDIT_LIMIT:,} at once" in TEXT
