import asyncio
import os
import resource
import socket
import stat
import sys

import pytest

from nexsock.client import locate, remote
from nexsock.client.blocking import BlockingClient
from nexsock.daemon import listen
from nexsock.errors import Refused, UsageError
from nexsock.protocol.api import Nothing
from nexsock.testing.scripted import ScriptedApi

UID = os.getuid()
LIMIT_S = 30.0


@pytest.fixture
def path(tmp_path):
    return f"{tmp_path}/run/nexsockd.sock"


@pytest.fixture
async def door():
    door = listen.Door(ScriptedApi().api, UID)
    yield door
    await door.close(0.0)


# -- the Unix socket


def test_folder_and_socket_are_for_their_user_alone(path):
    with listen.bind_unix(path, UID):
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_an_open_folder_is_refused_with_the_command_that_mends_it(path):
    os.mkdir(os.path.dirname(path), 0o755)
    with pytest.raises(PermissionError, match="run 'chmod 700"):
        listen.bind_unix(path, UID)


def test_a_folder_that_is_a_link_is_refused(path, tmp_path):
    os.mkdir(tmp_path / "elsewhere", 0o700)
    os.symlink(tmp_path / "elsewhere", os.path.dirname(path))
    with pytest.raises(PermissionError, match="is not a folder of user"):
        listen.bind_unix(path, UID)


def test_a_stale_socket_is_replaced(path):
    listen.bind_unix(path, UID).close()
    assert not listen.is_served(path)
    with listen.bind_unix(path, UID):
        assert listen.is_served(path)


@pytest.mark.parametrize("make", [lambda path: open(path, "w").close(), os.mkdir, os.mkfifo])
def test_what_is_no_socket_is_not_removed(path, make):
    os.mkdir(os.path.dirname(path), 0o700)
    make(path)
    with pytest.raises(FileExistsError, match="in the way of the daemon's socket"):
        listen.bind_unix(path, UID)


def test_a_path_that_is_too_long_for_a_socket_works_all_the_same(tmp_path):
    path = f"{tmp_path}/{'deep' * 30}/nexsockd.sock"
    with listen.bind_unix(path, UID):
        assert listen.is_served(path)
        client = locate.open_socket(path, UID, LIMIT_S)
        assert client is not None
        client.close()


def test_nobody_serves_a_missing_socket(path):
    assert not listen.is_served(path)


# -- who may pass, and how many


async def test_clients_come_in_and_are_counted(path, door):
    door.open(listen.bind_unix(path, UID))
    client = await remote.connect(path)
    await client.api.ping(Nothing())
    assert door.count == 1
    client.close()


async def test_another_user_is_refused(path):
    stranger = UID + 1
    door = listen.Door(ScriptedApi().api, stranger)
    door.open(listen.bind_unix(path, UID))
    with pytest.raises(Refused, match=f"serves user {stranger}, not user {UID}"):
        await remote.connect(path)
    await door.close(0.0)


@pytest.mark.skipif(UID != 0, reason="only root can become somebody else")
async def test_a_process_of_another_user_is_refused_even_where_the_folders_are_open(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    path = f"{folder}/run/nexsockd.sock"
    door = listen.Door(ScriptedApi().api, UID)
    door.open(listen.bind_unix(path, UID))
    os.chmod(path, 0o777)
    folders = os.open(os.path.dirname(path), os.O_RDONLY)
    code = (
        "import os, socket, sys; os.fchdir(int(sys.argv[1])); os.setuid(65534)\n"
        "with socket.socket(socket.AF_UNIX) as client:\n"
        "    client.connect('nexsockd.sock'); print(client.recv(1000))"
    )
    os.fchmod(folders, 0o755)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(folders), pass_fds=(folders,), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(LIMIT_S):
        out, _ = await child.communicate()
    os.close(folders)
    await door.close(0.0)
    assert b"refused" in out
    assert b"serves user 0, not user 65534" in out


async def test_the_client_refuses_a_daemon_of_another_user(path):
    with listen.bind_unix(path, UID), pytest.raises(Refused, match=f"belongs to user {UID}, you are user {UID + 1}"):
        locate.open_socket(path, UID + 1, LIMIT_S)


async def test_who_finds_the_house_full_waits_and_comes_in_later(path):
    door = listen.Door(ScriptedApi().api, UID, limit=2)
    door.open(listen.bind_unix(path, UID))
    inside = [await remote.connect(path) for _ in range(2)]
    waiting = asyncio.ensure_future(remote.connect(path))
    await inside[0].api.ping(Nothing())
    assert not waiting.done()
    inside[0].close()
    async with asyncio.timeout(LIMIT_S):
        third = await waiting
        await third.api.ping(Nothing())
    assert door.count == 2
    await door.close(0.0)


async def test_two_hundred_clients_at_once_are_all_served(path, door):
    door.open(listen.bind_unix(path, UID))

    async def visit() -> None:
        client = await remote.connect(path)
        await client.api.ping(Nothing())
        client.close()

    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*(visit() for _ in range(200)))


async def test_a_shortage_of_descriptors_pauses_and_those_inside_are_served(path, door):
    listener = listen.bind_unix(path, UID)
    door.open(listener)
    inside = await remote.connect(path)
    outside = socket.socket(socket.AF_UNIX)
    used = os.dup(0)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, limits[1]))
        os.close(used)
        filler = os.open(os.devnull, os.O_RDONLY)
        outside.connect(path)
        await inside.api.ping(Nothing())
        os.close(filler)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert door.count == 1
    inside.close()
    outside.setblocking(False)
    async with asyncio.timeout(LIMIT_S):
        await asyncio.get_running_loop().sock_sendall(outside, b"anybody?")
        assert b"NXSK" in await asyncio.get_running_loop().sock_recv(outside, 4)
    outside.close()


@pytest.mark.parametrize(("descriptors", "connections"), [(64, 8), (256, 160), (1024, 512), (1_000_000, 512)])
def test_connections_leave_room_for_everything_else(descriptors, connections):
    assert listen.connections_limit(descriptors) == connections


# -- TCP


async def in_thread(function, *arguments):
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


async def test_tcp_is_served_to_whoever_has_the_token(tmp_path, door):
    token = listen.token(f"{tmp_path}/token", UID)
    listener = listen.bind_tcp("tcp://127.0.0.1:0")
    port = listener.getsockname()[1]
    door.open(listener, token)

    def visit(secret: bytes) -> object:
        with locate.connect_tcp("127.0.0.1", port, secret) as client:
            return client.call("ping", Nothing())

    assert await in_thread(visit, token) == Nothing()
    with pytest.raises(Refused, match="token"):
        await in_thread(visit, bytes(32))


async def test_tcp_without_a_token_is_refused(tmp_path, door):
    listener = listen.bind_tcp("tcp://127.0.0.1:0")
    port = listener.getsockname()[1]
    door.open(listener, listen.token(f"{tmp_path}/token", UID))

    def visit() -> None:
        BlockingClient(socket.create_connection(("127.0.0.1", port)), LIMIT_S)

    with pytest.raises(Refused, match="does not have the daemon's token"):
        await in_thread(visit)


def test_an_address_that_others_can_reach_must_be_asked_for():
    with pytest.raises(Refused, match="can be reached from other machines"):
        listen.bind_tcp("tcp://0.0.0.0:0")
    listen.bind_tcp("tcp://0.0.0.0:0", anywhere=True).close()


@pytest.mark.parametrize("text", ["127.0.0.1:80", "tcp://:80", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "tcp://h:70000"])
def test_an_address_of_another_form_says_how_to_write_it(text):
    with pytest.raises(UsageError, match=r"write it like tcp://127\.0\.0\.1:7070"):
        listen.tcp_address(text)


def test_an_ipv6_address_is_in_brackets():
    assert listen.tcp_address("tcp://[::1]:7070") == ("::1", 7070)


def test_a_token_is_made_once_and_is_its_users_alone(tmp_path):
    path = f"{tmp_path}/token"
    token = listen.token(path, UID)
    assert (len(token), stat.S_IMODE(os.stat(path).st_mode)) == (32, 0o600)
    assert listen.token(path, UID) == token


def test_a_token_that_others_can_read_is_refused(tmp_path):
    path = f"{tmp_path}/token"
    listen.token(path, UID)
    os.chmod(path, 0o644)
    with pytest.raises(PermissionError, match="run 'chmod 600"):
        listen.token(path, UID)


def test_a_token_file_with_something_else_in_it_says_what_to_do(tmp_path):
    path = tmp_path / "token"
    path.write_text("abcd")
    path.chmod(0o600)
    with pytest.raises(ValueError, match="holds 2 bytes instead of 32: remove it"):
        listen.token(str(path), UID)
