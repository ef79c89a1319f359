"""Clone and fetch from real servers: who is let in, who is not, and that nobody is asked or told too much."""

import os
import shutil
from pathlib import Path

import pytest

from nexsock.model.git import GitSource
from nexsock.runtime.git import Git
from nexsock.runtime.git_command import Command, GitFailed
from tests.runtime import servers
from tests.runtime.repositories import ENVIRON, Remote

TOKEN = "sesame-4711-open"
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
needs_sshd = pytest.mark.skipif(not os.path.exists(servers.SSHD), reason="needs OpenSSH's server")


def nothing(_what, _percent):
    """Hears how far it is, and does not care."""


async def take_all(git, source, remote):
    """Clone, and take what is new after that; what is checked out then."""
    await git.clone(source, nothing)
    remote.push("app.txt", "second")
    await git.fetch(source, nothing)
    await git.fast_forward(source, nothing)
    return (Path(source.path) / "app.txt").read_text()


@pytest.fixture
def remote(tmp_path):
    (tmp_path / "remotes").mkdir()
    return Remote(tmp_path / "remotes")


@pytest.fixture
def web(tmp_path, remote):
    with servers.Web(tmp_path / "remotes", TOKEN, None).serving() as web:
        yield web


def by_token(tmp_path, url):
    return GitSource(path=str(tmp_path / "web"), url=f"{url}/web.git", auth="token", token_env="SHOP_TOKEN")


async def test_by_http_everybody_is_served_where_nothing_is_asked(tmp_path, remote):
    with servers.Web(tmp_path / "remotes", None, None).serving() as web:
        source = GitSource(path=str(tmp_path / "web"), url=f"{web.url}/web.git", auth="none")
        assert await take_all(Git(Command(ENVIRON)), source, remote) == "second"
    assert set(web.heard) == {""}


async def test_by_http_the_token_lets_in_and_is_kept_nowhere(tmp_path, remote, web):
    git = Git(Command({**ENVIRON, "SHOP_TOKEN": TOKEN}))
    assert await take_all(git, by_token(tmp_path, web.url), remote) == "second"
    kept = [path for path in (tmp_path / "web").rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert (set(web.heard), kept) == ({"", f"x-access-token:{TOKEN}"}, [])


async def test_by_http_a_wrong_token_is_refused_without_a_question(tmp_path, web):
    with pytest.raises(GitFailed, match="Authentication failed") as caught:
        await Git(Command({**ENVIRON, "SHOP_TOKEN": "wrong-0815"})).clone(by_token(tmp_path, web.url), nothing)
    assert "wrong-0815" not in str(caught.value)
    assert not (tmp_path / "web").exists()


@needs_openssl
async def test_by_https_a_certificate_is_believed_that_the_user_believes(tmp_path, remote):
    signed = servers.certificate(tmp_path)
    with servers.Web(tmp_path / "remotes", TOKEN, signed).serving() as web:
        environ = {**ENVIRON, "SHOP_TOKEN": TOKEN}
        source = by_token(tmp_path, web.url)
        with pytest.raises(GitFailed, match="certificate"):
            await Git(Command(environ)).clone(source, nothing)
        before = list(web.heard)
        believing = Git(Command({**environ, "GIT_SSL_CAINFO": str(tmp_path / "signed.pem")}))
        assert (before, await take_all(believing, source, remote)) == ([], "second")


@pytest.fixture
def ssh(tmp_path, remote):
    with servers.Ssh(tmp_path).serving() as ssh:
        yield ssh


def with_ssh(ssh, **more):
    return Git(Command({**ENVIRON, "PATH": f"{ssh.bin}:{ENVIRON['PATH']}", **more}))


def by_key(tmp_path, ssh, key):
    url = f"{ssh.url}{tmp_path}/remotes/web.git"
    return GitSource(path=str(tmp_path / "web"), url=url, auth="key", key_file=str(key))


@needs_sshd
async def test_by_ssh_the_key_lets_in(tmp_path, remote, ssh):
    assert await take_all(with_ssh(ssh), by_key(tmp_path, ssh, ssh.key), remote) == "second"


@needs_sshd
async def test_by_ssh_another_key_is_refused_without_a_question(tmp_path, ssh):
    with pytest.raises(GitFailed, match="Permission denied"):
        await with_ssh(ssh).clone(by_key(tmp_path, ssh, ssh.other_key), nothing)
    assert not (tmp_path / "web").exists()


@needs_sshd
async def test_by_ssh_a_host_that_nobody_knows_is_refused_without_a_question(tmp_path, ssh):
    ssh.known.write_text("")
    with pytest.raises(GitFailed, match="Host key verification failed"):
        await with_ssh(ssh).clone(by_key(tmp_path, ssh, ssh.key), nothing)
    assert ssh.known.read_text() == ""
