"""The web process around the application."""

import os
import socket
import stat

import pytest

from nexsock.errors import PortBusy
from nexsock.web import __main__ as process
from nexsock.web import serve


def test_it_listens_on_loopback_alone():
    with serve.bind(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_what_is_sent_goes_at_once():
    with serve.bind(0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_was_asked_for_and_is_taken_is_an_error():
    with serve.bind(0) as taken, pytest.raises(PortBusy, match="is taken"):
        serve.bind(taken.getsockname()[1])


def test_without_a_wish_another_port_is_taken_where_the_usual_one_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = taken.getsockname()[1]
        with serve.bind(None, usual=busy) as listener:
            assert listener.getsockname()[1] != busy


def test_a_private_file_is_private_and_follows_no_link(tmp_path):
    elsewhere, path = tmp_path / "elsewhere", tmp_path / "token"
    elsewhere.write_text("mine")
    path.symlink_to(elsewhere)
    serve.write_private(str(path), "secret")
    assert (path.read_text(), elsewhere.read_text()) == ("secret", "mine")
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600


def test_the_browser_is_led_by_a_page_that_only_the_user_can_read():
    page = process.doorway("http://nexsock.localhost:7717/enter/a&b")
    assert 'content="0;url=http://nexsock.localhost:7717/enter/a&amp;b"' in page


def test_the_greeting_has_one_link_under_both_names():
    said = process.greeting(7717, "code", "/run/7717.token")
    assert "http://nexsock.localhost:7717/enter/code\n" in said
    assert "http://127.0.0.1:7717/enter/code\n" in said
    assert said.endswith("/run/7717.token")
