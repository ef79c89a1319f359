import pytest

from nexsock.errors import ProtocolError, Unsupported
from nexsock.model.project import ProjectRef
from nexsock.protocol import api, codec

UP = api.BY_NAME["up"].number
REQUEST = api.UpRequest(project=ProjectRef(directory="/srv/shop", environ={"A": "1"}), services=("web",))


def test_a_request_arrives_as_it_was_made():
    assert codec.decode_request(UP, codec.encode(REQUEST)) == (api.BY_NAME["up"], REQUEST)


def test_text_that_is_not_utf_8_arrives_as_it_was():
    request = api.UpRequest(project=ProjectRef(directory="/srv/caf\udce9", environ={"NAME": "\udcff"}))
    assert codec.decode_request(UP, codec.encode(request))[1] == request


def test_a_wrong_type_is_named_with_its_place():
    payload = codec.encode({"project": {"files": "nexsock.yaml"}})
    with pytest.raises(ProtocolError, match=r"the request 'up' has a wrong value: .*\$\.project\.files"):
        codec.decode_request(UP, payload)


def test_a_wrong_type_beside_raw_text_is_named_with_its_place():
    with pytest.raises(ProtocolError, match=r"\$\.project\.files"):
        codec.decode_request(UP, codec.encode({"project": {"directory": "\udcff", "files": 3}}))


@pytest.mark.parametrize(
    ("name", "fields", "told"),
    [
        ("up", {"project": {"directory": "/srv/\0"}}, "a path holds a NUL byte"),
        ("up", {"project": {"environ": {"A": "\0"}}}, "a variable holds a NUL byte"),
        (
            "start_service",
            {"project": {}, "services": [], "environment": {"A=B": ""}},
            "the name of a variable holds '='",
        ),
        ("render", {"project": {}, "command": "status"}, "'status' needs the name of a service"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_done(name, fields, told):
    with pytest.raises(ProtocolError, match=f"the request '{name}' has a wrong value: {told}"):
        codec.decode_request(api.BY_NAME[name].number, codec.encode(fields))


def test_a_missing_field_is_named():
    with pytest.raises(ProtocolError, match="missing required field `project`"):
        codec.decode_request(UP, codec.encode({}))


def test_fields_of_the_future_are_left_out():
    payload = codec.encode({"project": {"directory": "/", "colour": "blue"}, "speed": 9})
    assert codec.decode_request(UP, payload)[1] == api.UpRequest(project=ProjectRef(directory="/"))


def test_an_unknown_operation_says_what_to_do():
    with pytest.raises(Unsupported, match="operation 999 is not known here; update nexsock"):
        codec.decode_request(999, b"")


@pytest.mark.parametrize(
    "bomb",
    [
        b"",
        b"\xc1",
        b"\x91" * 200_000,
        b"\x81\xa1\xff" * 200_000,
        b"\xdd\xff\xff\xff\xff",
        b"\x81\xa7project\xdf\xff\xff\xff\xff",
        b"\xc0\xc0",
        b"\xa1\xff",
    ],
)
def test_a_bomb_is_a_protocol_error(bomb):
    with pytest.raises(ProtocolError):
        codec.decode_request(UP, bomb)


@pytest.mark.parametrize("payload", [b"", b"\0\0\0", b"\0\0\0\0\0"])
def test_a_credit_has_four_bytes(payload):
    with pytest.raises(ProtocolError, match="instead of 4"):
        codec.decode_credit(payload)


def test_no_number_and_no_name_is_used_twice():
    assert len(api.BY_NUMBER) == len(api.BY_NAME) == len(api.OPERATIONS)


def test_every_operation_is_a_method_of_the_api():
    assert {name for name in vars(api.Api) if not name.startswith("_")} == set(api.BY_NAME)
