import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexsock.protocol import frame, plain
from nexsock.protocol.frame import Frame, Kind

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES)
def test_what_is_encoded_plainly_is_what_msgspec_reads(value):
    assert msgspec.msgpack.decode(plain.encode(value)) == value


@given(VALUES)
def test_what_msgspec_encodes_is_read_plainly(value):
    assert plain.decode(msgspec.msgpack.encode(value)) == value


@pytest.mark.parametrize("size", [0, 15, 16, 31, 32, 255, 256, 65535, 65536])
def test_every_width_of_a_count_is_written_and_read(size):
    for value in ("x" * size, b"x" * size, [1] * size, {str(n): n for n in range(size)}):
        assert plain.decode(plain.encode(value)) == value == msgspec.msgpack.decode(plain.encode(value))


@given(st.binary())
def test_garbage_is_a_value_or_a_value_error(garbage):
    try:
        plain.decode(garbage)
    except ValueError:
        return


def test_text_that_is_not_utf_8_keeps_its_bytes():
    assert plain.encode("caf\udce9") == b"\xa4caf\xe9"
    assert plain.decode(b"\xa4caf\xe9") == "caf\udce9"


@pytest.mark.parametrize(
    "bomb", [b"\x91" * 100_000, b"\x81\xa1a" * 100_000, b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"]
)
def test_bombs_are_value_errors(bomb):
    with pytest.raises(ValueError):  # noqa: PT011 the class is the promise
        plain.decode(bomb)


def test_numbers_over_64_bits_and_other_kinds_do_not_go():
    with pytest.raises(OverflowError):
        plain.encode(2**64)
    with pytest.raises(TypeError, match="set does not go over the wire"):
        plain.encode(set())


def test_frames_are_those_of_the_typed_side():
    assert plain.frame(plain.REQUEST, 28, 1, b"xyz") == frame.to_bytes(Frame(Kind.REQUEST, 28, 1, b"xyz"))
    assert plain.header(plain.frame(plain.END, 28, 7, b"\0")) == (plain.END, 7, 1)


def test_kinds_are_those_of_the_typed_side():
    assert {kind.name: kind.value for kind in Kind} == {kind.name: getattr(plain, kind.name) for kind in Kind}


@pytest.mark.parametrize(
    "head", [b"garbage garbage!", b"NXSK\x02" + bytes(11), b"NXSK\x01\x01" + bytes(6) + b"\xff" * 4]
)
def test_a_header_of_another_kind_is_a_value_error(head):
    with pytest.raises(ValueError, match="no header of protocol 1"):
        plain.header(head)


def test_it_loads_nothing():
    code = (
        "import sys; before = set(sys.modules); import nexsock.protocol.plain;print(sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['nexsock', 'nexsock.protocol', 'nexsock.protocol.plain']"
