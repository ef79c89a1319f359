import pytest

from nexsock import errors
from nexsock.cli import hosts


@pytest.mark.parametrize(
    ("text", "address"),
    [("tcp://127.0.0.1:7070", ("127.0.0.1", 7070)), ("tcp://[::1]:1", ("::1", 1)), ("tcp://box:65535", ("box", 65535))],
)
def test_an_address_has_host_and_port(text, address):
    assert hosts.tcp_address(text) == address


@pytest.mark.parametrize(
    "text", ["box", "http://box:80", "tcp://box", "tcp://:80", "tcp://box:0", "tcp://box:http", "tcp://box:70000", ""]
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(errors.UsageError, match="write it like tcp://127"):
        hosts.tcp_address(text)


def test_the_token_is_read_from_the_file_that_is_named(tmp_path):
    path = tmp_path / "token"
    path.write_text("ab" * 32 + "\n")
    path.chmod(0o600)
    assert hosts.token({"NEXSOCK_TOKEN_FILE": str(path)}, 0) == b"\xab" * 32


def test_the_token_of_an_own_daemon_is_found(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state/token").write_text("00" * 32)
    (tmp_path / "state/token").chmod(0o600)
    assert hosts.token({"NEXSOCK_HOME": str(tmp_path)}, 0) == bytes(32)


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [(None, 0, "cannot be read"), ("xyz", 0o600, "holds no token"), ("00", 0o644, "is open to other users")],
)
def test_a_token_that_cannot_be_trusted_is_refused(tmp_path, text, mode, message):
    path = tmp_path / "token"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(errors.Refused, match=message):
        hosts.token({"NEXSOCK_TOKEN_FILE": str(path)}, 0)
