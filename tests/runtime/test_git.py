"""The system's git on real repositories, and on servers and repositories that mean no good."""

import asyncio
import base64
import os
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from nexsock.model.git import GitSource
from nexsock.runtime.git import Git, parse_status
from nexsock.runtime.git_command import Command, GitFailed, Limits
from tests.runtime import repositories
from tests.runtime.repositories import ENVIRON, Remote, commit

LOCAL = Git(Command(ENVIRON, local=True))


def nothing(_what, _percent):
    """Hears how far it is, and does not care."""


@pytest.fixture
def remote(tmp_path):
    return Remote(tmp_path)


@pytest.fixture
def source(tmp_path, remote):
    return GitSource(path=str(tmp_path / "shop" / "web"), url=str(remote.path))


@pytest.fixture
async def cloned(tmp_path, source):
    await LOCAL.clone(source, nothing)
    return tmp_path / "shop" / "web"


async def test_a_clone_is_whole_and_clean(cloned, source):
    found = await LOCAL.facts(source.path)
    assert (found.branch, found.upstream, found.ahead, found.behind, found.changed, found.origin) == (
        "main",
        "origin/main",
        0,
        0,
        0,
        source.url,
    )
    assert (cloned / "app.txt").read_text() == "first"


async def test_nothing_is_left_of_a_clone_that_fails(tmp_path):
    source = GitSource(path=str(tmp_path / "web"), url=str(tmp_path / "nowhere.git"))
    with pytest.raises(GitFailed, match="does not exist"):
        await LOCAL.clone(source, nothing)
    assert os.listdir(tmp_path) == []


async def test_what_a_killed_clone_left_is_cleared_away(tmp_path, source):
    left = tmp_path / "shop" / ".web.0123abcd.cloning"
    left.mkdir(parents=True)
    (left / "half").touch()
    await LOCAL.clone(source, nothing)
    assert os.listdir(tmp_path / "shop") == ["web"]


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("pin", ["branch", "tag", "commit", "ref commit"])
async def test_what_is_pinned_is_checked_out(remote, tmp_path, pin, depth):
    await check_pin(remote, tmp_path, pin, depth)


@pytest.mark.parametrize("pin", ["ref branch", "ref tag"])
async def test_a_ref_may_be_a_branch_or_a_tag(remote, tmp_path, pin):
    await check_pin(remote, tmp_path, pin, None)


async def check_pin(remote, folder, pin, depth):
    """Clone by "branch", or by a "ref" that is a "branch"; what is checked out is what was pinned."""
    kind, _, what = pin.partition(" ")
    old = repositories.git(remote.seed, "rev-parse", "HEAD")
    repositories.git(remote.seed, "tag", "v1")
    repositories.git(remote.seed, "push", "-q", "origin", "v1")
    branch = remote.push("app.txt", "stable", "stable")
    remote.push("app.txt", "newest", "newer")
    ref, wanted = {"branch": ("stable", branch), "tag": ("v1", old), "commit": (old, old)}[what or kind]
    source = GitSource(path=str(folder / "web"), url=f"file://{remote.path}", pin=kind, ref=ref, depth=depth)
    await LOCAL.clone(source, nothing)
    found = await LOCAL.facts(source.path)
    assert (found.commit, found.shallow) == (wanted, depth is not None)


async def test_a_shallow_clone_is_fast_forwarded(remote, tmp_path):
    source = GitSource(path=str(tmp_path / "web"), url=f"file://{remote.path}", depth=1)
    await LOCAL.clone(source, nothing)
    wanted = remote.push("app.txt", "second")
    await LOCAL.fetch(source, nothing)
    await LOCAL.fast_forward(source, nothing)
    found = await LOCAL.facts(source.path)
    assert (found.commit, found.shallow, found.ahead, found.behind) == (wanted, True, 0, 0)


async def test_a_shallow_clone_learns_of_another_branch(remote, tmp_path):
    source = GitSource(path=str(tmp_path / "web"), url=f"file://{remote.path}", depth=1)
    await LOCAL.clone(source, nothing)
    wanted = remote.push("app.txt", "other", "feature/x")
    await LOCAL.learn_branch(source, "feature/x", nothing)
    await LOCAL.switch(source, "feature/x", nothing, create=False, detach=False)
    found = await LOCAL.facts(source.path)
    assert (found.commit, found.upstream, found.shallow) == (wanted, "origin/feature/x", True)


async def test_every_state_is_seen(remote, source, cloned):
    remote.push("app.txt", "second")
    await LOCAL.fetch(source, nothing)
    behind = await LOCAL.facts(source.path)
    commit(cloned, "own.txt", "mine")
    diverged = await LOCAL.facts(source.path)
    (cloned / "app.txt").write_text("changed")
    (cloned / "new.txt").touch()
    dirty = await LOCAL.facts(source.path)
    assert (behind.ahead, behind.behind) == (0, 1)
    assert (diverged.ahead, diverged.behind) == (1, 1)
    assert (dirty.changed, dirty.untracked) == (1, 1)


async def test_a_folder_in_the_projects_own_repository_is_no_checkout(tmp_path):
    repositories.git(tmp_path, "init", "-q")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "file").touch()
    found = await LOCAL.facts(str(tmp_path / "web"))
    assert (found.exists, found.is_checkout) == (True, False)


async def test_a_fast_forward_takes_what_was_fetched(remote, source, cloned):
    wanted = remote.push("app.txt", "second")
    await LOCAL.fetch(source, nothing)
    await LOCAL.fast_forward(source, nothing)
    assert (await LOCAL.facts(source.path)).commit == wanted
    assert (cloned / "app.txt").read_text() == "second"


async def test_a_fast_forward_that_is_none_changes_nothing(remote, source, cloned):
    remote.push("app.txt", "second")
    commit(cloned, "own.txt", "mine")
    before = (await LOCAL.facts(source.path)).commit
    await LOCAL.fetch(source, nothing)
    with pytest.raises(GitFailed, match="fast-forward"):
        await LOCAL.fast_forward(source, nothing)
    assert (await LOCAL.facts(source.path)).commit == before


async def test_branches_and_commits_are_listed(remote, source, cloned):
    remote.push("app.txt", "other", "feature/x")
    await LOCAL.fetch(source, nothing)
    own = await LOCAL.branches(source.path, remote=False)
    everyone = await LOCAL.branches(source.path, remote=True)
    commits = await LOCAL.log(source.path, 10)
    assert [(branch.name, branch.current) for branch in own] == [("main", True)]
    assert [branch.name for branch in everyone] == ["main", "origin/feature/x", "origin/main"]
    assert [(found.subject, found.author, found.email) for found in commits] == [
        ("app.txt: first", "Ann", "ann@example.org")
    ]


async def test_whatever_an_author_is_called_a_commit_is_listed(source, cloned):
    tree = repositories.git(cloned, "write-tree")
    raw = f"tree {tree}\nauthor A\x1fB\x1b[31m <e> 1 +0000\ncommitter nobody\n\nsub\x1fject\n\nbody\n"
    (cloned / "raw").write_text(raw)
    odd = repositories.git(cloned, "hash-object", "-t", "commit", "--literally", "-w", "raw")
    found = await LOCAL.log(source.path, 5, odd)
    assert [(one.commit, one.author, one.at, one.subject, one.body) for one in found] == [
        (odd, "A\x1fB\x1b[31m", 0.0, "sub\x1fject", "body")
    ]


async def test_a_clone_beside_one_of_a_longer_name_leaves_that_alone(tmp_path, source):
    other = tmp_path / "shop" / ".web.api.0123abcd.cloning"
    other.mkdir(parents=True)
    await LOCAL.clone(source, nothing)
    assert sorted(os.listdir(tmp_path / "shop")) == [other.name, "web"]


async def test_a_clone_needs_no_log_of_heads_in_the_users_settings(tmp_path, source):
    settings = tmp_path / "gitconfig"
    settings.write_text("[core]\n\tlogAllRefUpdates = false\n[merge]\n\tautoStash = true\n")
    await Git(Command({**ENVIRON, "GIT_CONFIG_GLOBAL": str(settings)}, local=True)).clone(source, nothing)
    assert os.listdir(tmp_path / "shop") == ["web"]


async def test_a_lock_that_was_left_is_named_and_stays(remote, source, cloned):
    remote.push("app.txt", "second")
    await LOCAL.fetch(source, nothing)
    lock = cloned / ".git" / "index.lock"
    lock.touch()
    with pytest.raises(GitFailed, match=r"index\.lock': File exists.*; if no other git is at work there, run 'rm "):
        await LOCAL.fast_forward(source, nothing)
    assert lock.exists()


async def test_a_branch_of_the_remote_can_be_switched_to_and_a_new_one_made(remote, source, cloned):
    remote.push("app.txt", "other", "feature/x")
    await LOCAL.fetch(source, nothing)
    await LOCAL.switch(source, "feature/x", nothing, create=False, detach=False)
    there = await LOCAL.facts(source.path)
    await LOCAL.switch(source, "mine", nothing, create=True, detach=False)
    assert (there.branch, there.upstream, (await LOCAL.facts(source.path)).branch) == (
        "feature/x",
        "origin/feature/x",
        "mine",
    )


def test_names_with_blanks_and_line_feeds_are_counted_once():
    entries = [
        "# branch.oid (initial)",
        "# branch.head main",
        "? a b\nc",
        "2 R. N... 1 1 1 a b R100 new",
        "old name",
        "u UU x",
        "",
    ]
    told = "\0".join(entries)
    found = parse_status(told, None, False)
    assert (found.commit, found.branch, found.changed, found.untracked) == (None, "main", 2, 1)


# -- what means no good


@pytest.fixture
def canary(tmp_path):
    """A program that leaves a file, and whether it was run."""
    path = tmp_path / "canary"
    program = tmp_path / "touch-canary"
    program.write_text(f"#!/bin/sh\ntouch {path}\ncat\n")
    program.chmod(0o755)
    yield program
    assert not path.exists(), "something of the repository was run"


@pytest.mark.parametrize(
    "hook", ["post-checkout", "post-merge", "reference-transaction", "pre-auto-gc", "post-rewrite"]
)
async def test_hooks_of_a_checkout_are_not_run(remote, source, cloned, canary, hook):
    (cloned / ".git" / "hooks").mkdir(exist_ok=True)
    (cloned / ".git" / "hooks" / hook).symlink_to(canary)
    remote.push("app.txt", "second")
    await LOCAL.fetch(source, nothing)
    await LOCAL.fast_forward(source, nothing)
    await LOCAL.switch(source, "mine", nothing, create=True, detach=False)


@pytest.mark.parametrize(
    "setting",
    ["core.fsmonitor", "core.sshCommand", "core.askPass", "core.pager", "core.alternateRefsCommand", "core.gitProxy",
     "credential.helper", "gpg.program", "core.editor", "sequence.editor", "diff.external", "filter.x.clean",
     "filter.x.smudge", "filter.x.process", "diff.x.textconv", "merge.x.driver", "remote.origin.uploadpack"],
)  # fmt: skip
async def test_programs_of_its_settings_are_not_run(remote, source, cloned, canary, setting):
    repositories.git(cloned, "config", setting, f"!{canary}" if setting == "credential.helper" else str(canary))
    (cloned / ".git" / "info").mkdir()
    (cloned / ".git" / "info" / "attributes").write_text("* filter=x diff=x merge=x\n")
    os.utime(cloned / "app.txt")
    repositories.git(cloned, "config", "log.showSignature", "true")
    remote.push("app.txt", "second")
    await LOCAL.facts(source.path)
    await LOCAL.fetch(source, nothing)
    await LOCAL.fast_forward(source, nothing)
    await LOCAL.log(source.path, 5)


async def test_what_a_filter_of_its_settings_must_change_is_not_checked_out_without_it(remote, source, cloned, canary):
    (cloned / ".git" / "info").mkdir()
    (cloned / ".git" / "info" / "attributes").write_text("* filter=x\n")
    for name, value in (("smudge", str(canary)), ("required", "true")):
        repositories.git(cloned, "config", f"filter.x.{name}", value)
    remote.push("app.txt", "second")
    await LOCAL.fetch(source, nothing)
    with pytest.raises(GitFailed, match=r"filter '?x'? failed"):
        await LOCAL.fast_forward(source, nothing)
    assert (cloned / "app.txt").read_text() == "first"


async def test_its_settings_do_not_lead_git_to_another_folder(source, cloned, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    repositories.git(cloned, "config", "core.worktree", str(tmp_path / "elsewhere"))
    await LOCAL.switch(source, "mine", nothing, create=True, detach=False)
    assert (await LOCAL.facts(source.path)).changed == 0
    assert os.listdir(tmp_path / "elsewhere") == []


async def test_a_template_of_the_user_gives_a_clone_no_hooks(tmp_path, source, canary):
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    (template / "hooks" / "post-checkout").symlink_to(canary)
    await Git(Command({**ENVIRON, "GIT_TEMPLATE_DIR": str(template)}, local=True)).clone(source, nothing)


async def test_a_submodule_from_this_machine_or_by_a_program_is_not_fetched(remote, tmp_path, canary):
    (remote.seed / ".gitmodules").write_text(
        f'[submodule "a"]\n\tpath = a\n\turl = ext::{canary}\n\tupdate = !{canary}\n'
    )
    repositories.git(remote.seed, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},a")
    repositories.git(remote.seed, "add", ".gitmodules")
    repositories.git(remote.seed, "commit", "-q", "-m", "sub")
    repositories.git(remote.seed, "push", "-q", "origin", "main")
    plain = GitSource(path=str(tmp_path / "plain"), url=str(remote.path))
    await LOCAL.clone(plain, nothing)
    asked = GitSource(path=str(tmp_path / "asked"), url=str(remote.path), submodules=True)
    with pytest.raises(GitFailed):
        await LOCAL.clone(asked, nothing)
    assert os.listdir(tmp_path / "plain" / "a") == []


async def test_a_repository_on_this_machine_is_refused_by_git_itself(source):
    with pytest.raises(GitFailed, match="transport 'file' not allowed"):
        await Git(Command(ENVIRON)).clone(source, nothing)


async def test_steering_variables_of_the_caller_have_no_effect(source, canary, tmp_path):
    steering = {
        "GIT_SSH_COMMAND": str(canary),
        "GIT_DIR": str(tmp_path),
        "GIT_EXTERNAL_DIFF": str(canary),
        "GIT_ASKPASS": str(canary),
        "SSH_ASKPASS": str(canary),
        "GIT_PROXY_COMMAND": str(canary),
    }
    await Git(Command({**ENVIRON, **steering}, local=True)).clone(source, nothing)


# -- servers


@asynccontextmanager
async def serving(answer):
    """A server on a port of its own: `answer(reader, writer)` for each connection; gives the port."""
    answering: list[asyncio.Task[None]] = []

    async def serve(reader, writer):
        answering.append(asyncio.current_task())
        try:
            await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*answering)
        await asyncio.sleep(0)  # the transports are closed in the next turn of the loop


async def test_a_server_that_is_silent_is_given_up(tmp_path):
    hearing = asyncio.Event()

    async def say_nothing(_reader, writer):
        await hearing.wait()

    limits = Limits(silent_s=0.5)
    async with serving(say_nothing) as port:
        source = GitSource(path=str(tmp_path / "web"), url=f"git://127.0.0.1:{port}/web.git")
        with pytest.raises(GitFailed, match=r"nothing was heard for 0\.5s"):
            await Git(Command(ENVIRON, limits=limits)).clone(source, nothing)
        hearing.set()
    assert os.listdir(tmp_path) == []


async def test_a_server_that_drips_for_ever_is_given_up(tmp_path):
    ended = asyncio.Event()

    async def drip(_reader, writer):
        while not ended.is_set():
            writer.write(b"0")
            await writer.drain()
            await asyncio.sleep(0.02)

    limits = Limits(total_s=1.0)
    async with serving(drip) as port:
        source = GitSource(path=str(tmp_path / "web"), url=f"http://127.0.0.1:{port}/web.git")
        with pytest.raises(GitFailed, match=r"took more than 1s|cannot|unable"):
            await Git(Command(ENVIRON, limits=limits)).clone(source, nothing)
        ended.set()


@pytest.fixture
async def asking():
    """A server that asks for credentials: its port, and what it was told."""
    told: list[str] = []

    async def ask(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        given = [line.split(" ", 2)[2] for line in head.splitlines() if line.lower().startswith("authorization:")]
        told.extend(base64.b64decode(one).decode() for one in given)
        status = "403 Forbidden" if given else "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

    async with serving(ask) as port:
        yield port, told


@pytest.mark.parametrize("auth", ["agent", "none"])
async def test_who_is_asked_for_a_password_is_not_asked_on_and_fails(tmp_path, asking, auth):
    source = GitSource(path=str(tmp_path / "web"), url=f"http://127.0.0.1:{asking[0]}/web.git", auth=auth)
    with pytest.raises(GitFailed, match="could not read Username"):
        await Git(Command(ENVIRON)).clone(source, nothing)


async def test_a_token_reaches_the_server_and_nothing_else(tmp_path, asking):
    port, told = asking
    seen: list[str] = []

    def look(*_):
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                seen.append(command.read_text(errors="replace"))

    source = GitSource(
        path=str(tmp_path / "web"), url=f"http://127.0.0.1:{port}/web.git", auth="token", token_env="SHOP_TOKEN"
    )
    with pytest.raises(GitFailed) as caught:
        await Git(Command({**ENVIRON, "SHOP_TOKEN": "sesame-4711"})).clone(source, look)
    assert told == ["x-access-token:sesame-4711"]
    assert "sesame-4711" not in str(caught.value) + "".join(seen)


async def test_a_token_goes_to_no_server_but_its_own(tmp_path, asking):
    """As for a submodule that is of another server; both are asked for credentials by the same git."""
    port, told = asking
    source = GitSource(path=str(tmp_path / "x"), url="https://host/x.git", auth="token", token_env="SHOP_TOKEN")
    command = Command({**ENVIRON, "SHOP_TOKEN": "sesame-4711"})
    with pytest.raises(GitFailed, match="could not read Username"):
        await command.work(source, "/", nothing, "ls-remote", f"http://127.0.0.1:{port}/other.git")
    assert told == []


@pytest.mark.parametrize("auth", ["agent", "none"])
async def test_a_helper_of_its_settings_is_not_asked_and_one_of_the_user_is(
    tmp_path, asking, source, cloned, canary, auth
):
    port, told = asking
    settings = tmp_path / "gitconfig"
    settings.write_text('[credential]\n\thelper = "!f() { echo username=ann; echo password=mine; }; f"\n')
    repositories.git(cloned, "remote", "set-url", "origin", f"http://127.0.0.1:{port}/web.git")
    repositories.git(cloned, "config", "credential.helper", f"!{canary}")
    repositories.git(cloned, "config", f"credential.http://127.0.0.1:{port}.helper", f"!{canary}")
    own = GitSource(path=source.path, url=source.url, auth=auth)
    with pytest.raises(GitFailed):
        await Git(Command({**ENVIRON, "GIT_CONFIG_GLOBAL": str(settings)})).fetch(own, nothing)
    assert told == (["ann:mine"] if auth == "agent" else [])


@pytest.mark.parametrize("token", ["a\nhost=other", "a\n", "a\0b"])
async def test_a_token_that_would_be_two_answers_is_refused(tmp_path, token):
    source = GitSource(path=str(tmp_path / "web"), url="https://127.0.0.1:9/x", auth="token", token_env="SHOP_TOKEN")
    with pytest.raises(GitFailed, match="is of more than one line"):
        await Git(Command({**ENVIRON, "SHOP_TOKEN": token})).clone(source, nothing)


async def test_a_token_that_is_not_set_is_named(tmp_path):
    source = GitSource(path=str(tmp_path / "web"), url="https://127.0.0.1:9/x", auth="token", token_env="SHOP_TOKEN")
    with pytest.raises(GitFailed, match="the variable SHOP_TOKEN with the token"):
        await Git(Command(ENVIRON)).clone(source, nothing)


async def test_who_gives_up_waiting_ends_the_whole_of_git(tmp_path):
    connected = asyncio.Event()
    ended = asyncio.Event()

    async def wait(reader, writer):
        connected.set()
        while await reader.read(1000):
            pass
        ended.set()

    async with serving(wait) as port:
        source = GitSource(path=str(tmp_path / "web"), url=f"git://127.0.0.1:{port}/web.git")
        cloning = asyncio.ensure_future(Git(Command(ENVIRON)).clone(source, nothing))
        async with asyncio.timeout(60):
            await connected.wait()
            cloning.cancel()
            await asyncio.gather(cloning, return_exceptions=True)
            await ended.wait()
    assert os.listdir(tmp_path) == []


@pytest.fixture
def double(tmp_path):
    """`double(script)`: the environment in which `git` is this script."""

    def make(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "git").chmod(0o755)
        return {**ENVIRON, "PATH": f"{folder}:{ENVIRON['PATH']}"}

    return make


async def test_git_is_told_to_end_before_it_is_killed_so_that_it_takes_its_locks_away(tmp_path, double):
    lock = tmp_path / "index.lock"
    environ = double(f"trap 'rm {lock}; exit 1' TERM; touch {lock}; sleep 60 & wait")
    with pytest.raises(GitFailed, match="nothing was heard"):
        await Command(environ, limits=Limits(silent_s=1.0)).ask(str(tmp_path), "status")
    assert not lock.exists()


async def test_a_git_that_does_not_end_when_told_is_killed_with_all_that_it_started(tmp_path, double):
    pipe = tmp_path / "held"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    environ = double(f"trap '' TERM; (echo begun; exec sleep 60) > {pipe} & wait; wait")
    with pytest.raises(GitFailed, match="nothing was heard"):
        await Command(environ, limits=Limits(silent_s=1.0)).ask(str(tmp_path), "status")
    os.set_blocking(held, True)
    with os.fdopen(held, "rb") as file:
        assert await asyncio.to_thread(file.read) == b"begun\n"  # until nobody holds it any more


async def test_a_remote_that_says_endless_words_does_not_hold_the_loop(tmp_path, double):
    """A pattern that looks for the end of each word anew took minutes for the first 64 KiB."""
    environ = double("head -c 1000000 /dev/zero | tr '\\0' A >&2; echo ' Receiving objects:  42% ' >&2")
    told: list[tuple[str, int]] = []
    source = GitSource(path=str(tmp_path))
    await Command(environ).work(source, str(tmp_path), lambda *said: told.append(said), "fetch")
    assert told == [("receiving objects", 42)]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("fatal: remote error: \\033]0;owned\\007 no\\n", "remote error: ]0;owned no"),
        (
            "git@host: Permission denied (publickey).\\nfatal: Could not read from remote repository.\\n",
            "git@host: Permission denied (publickey).",
        ),
        ("fatal: unable to access 'https://me:secret@host/x': no\\n", "unable to access 'https://host/x': no"),
    ],
)
async def test_what_git_complains_of_is_told_without_escapes_and_credentials(tmp_path, double, said, told):
    source = GitSource(path=str(tmp_path))
    with pytest.raises(GitFailed) as caught:
        await Command(double(f'printf "{said}" >&2; exit 128')).work(source, str(tmp_path), nothing, "fetch")
    assert str(caught.value) == f"git fetch: {told}"
