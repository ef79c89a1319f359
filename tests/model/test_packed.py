import json
import os

import msgspec
import pytest

from nexsock.model import packed
from nexsock.model.project import ProjectRef

RAW = os.fsdecode(b"caf\xe9")
REFS = [
    ProjectRef(directory="/tmp/café", environ={"LANG": "C"}, files=("a", "b")),
    ProjectRef(directory=f"/tmp/{RAW}", environ={RAW: RAW}, files=(RAW,)),
]


@pytest.mark.parametrize("ref", REFS)
def test_what_is_packed_comes_out_as_it_was(ref):
    assert packed.decode(packed.encode(ref), ProjectRef) == ref
    assert packed.from_text(packed.to_text(ref), ProjectRef) == ref


@pytest.mark.parametrize("name", ["plain", RAW])
def test_equal_values_give_equal_bytes_where_that_is_asked_for(name):
    one, other = ({"a": 1, name: 2}, {name: 2, "a": 1})
    assert packed.encode(one, order="deterministic") == packed.encode(other, order="deterministic")


def test_json_for_others_is_utf_8_whatever_the_text():
    assert json.loads(packed.to_json({"dir": RAW}).decode("utf-8", "strict")) == {"dir": "caf?"}


@pytest.mark.parametrize("torn", [b"{", b'{"directory": 3}', b"\x81", b""])
def test_torn_bytes_are_an_error_of_their_own(torn):
    with pytest.raises(msgspec.DecodeError):
        packed.decode(torn, ProjectRef)
