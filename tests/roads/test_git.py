"""Services that live in repositories of their own: real git, a real daemon, real processes."""

import socket
import subprocess
from pathlib import Path

import git as gitpython
import pytest

from tests.runtime import repositories, servers
from tests.runtime.repositories import Remote, commit

WEB = """
    services:
      web:
        command: cat app.txt; exec sleep 1000
        git: {{url: {url}{more}}}
        watch: [.]
      other: {{command: exec sleep 1000}}
"""


@pytest.fixture
def remote(tmp_path):
    (tmp_path / "remotes").mkdir()
    return Remote(tmp_path / "remotes")


@pytest.fixture
def shop(project, remote):
    """`shop(more)`: a project whose web lives in the remote, with `more` said of it."""

    def make(more: str = ""):
        road = project(WEB.format(url=remote.path, more=more))
        road.environ.update({"NEXSOCK_ALLOW_OUTSIDE": "1", **repositories.IDENTITY})
        return road

    return make


def checkout(road) -> Path:
    return road.folder / "web"


def head(road) -> str:
    """The commit that is checked out, by other eyes than nexsock's."""
    with gitpython.Repo(checkout(road)) as found:
        return found.head.commit.hexsha


def test_up_clones_what_is_missing_and_runs_from_it(shop, remote):
    road = shop()
    planned = road.done("plan")
    road.up()
    line = road.service("web")
    assert f"{remote.path} is cloned first" in planned
    assert b"first" in road.log("web")
    assert line["git"] == {"branch": "main", "commit": head(road)}


def test_what_cannot_be_cloned_fails_alone_and_what_needs_it_is_held(project, tmp_path):
    road = project(f"""
        services:
          web: {{command: exec sleep 1000, git: {{url: {tmp_path}/nowhere.git}}}}
          front: {{command: exec sleep 1000, depends_on: [web]}}
          other: {{command: exec sleep 1000}}
    """)
    road.environ["NEXSOCK_ALLOW_OUTSIDE"] = "1"
    ended = road.run("up", "-d")
    assert ended.exit == 1
    assert "does not exist" in ended.err
    assert road.phases() == {"web": "blocked", "front": "blocked", "other": "running"}


def test_a_checkout_of_something_else_is_never_run(shop, tmp_path):
    road = shop()
    other = Remote(tmp_path / "remotes", "api")
    repositories.git(road.folder, "clone", "-q", str(other.path), "web")
    ended = road.run("up", "-d")
    assert (ended.exit, road.phase("web")) == (1, "blocked")
    assert f"web is a checkout of {other.path}; run 'git -C {checkout(road)} remote set-url" in ended.err


def test_pull_takes_what_is_new_and_restarts_what_runs_from_it_once(shop, remote):
    road = shop()
    road.up()
    before = road.pids()
    wanted = remote.push("app.txt", "second")
    said = road.done("git", "pull")
    road.wait_until(lambda: road.phase("web") == "running", "it runs again")
    after = road.pids()
    last, first = road.history("web")
    assert said == f"web: {first['commit'][:8]} → {wanted[:8]}\n"
    assert (head(road), last["commit"], len(road.history("web"))) == (wanted, wanted, 2)
    assert (after["web"] != before["web"], after["other"] == before["other"]) == (True, True)


@pytest.mark.parametrize("what", ["dirty", "diverged", "detached"])
def test_a_tree_with_work_of_ones_own_is_left_as_it_is(shop, remote, what):
    road = shop()
    road.up()
    remote.push("app.txt", "second")
    match what:
        case "dirty":
            (checkout(road) / "app.txt").write_text("mine")
        case "diverged":
            commit(checkout(road), "own.txt", "mine")
        case "detached":
            repositories.git(checkout(road), "switch", "-q", "--detach")
    before = (head(road), (checkout(road) / "app.txt").read_text(), repositories.git(checkout(road), "stash", "list"))
    ended = road.run("git", "pull", "web")
    assert (ended.exit, "; run '" in ended.out) == (1, True)
    assert before == (head(road), (checkout(road) / "app.txt").read_text(), "")


def test_up_fast_forwards_a_clean_tree_only_where_the_file_says_so(shop, remote):
    road = shop()
    road.up()
    first = head(road)
    wanted = remote.push("app.txt", "second")
    road.up()
    unasked = head(road)
    road.edit(WEB.format(url=remote.path, more=", update: ff"))
    road.up()
    assert (unasked, head(road), road.history("web")[0]["commit"]) == (first, wanted, wanted)


def test_up_goes_on_with_what_is_there_while_the_remote_is_away(shop, remote):
    road = shop(", update: ff")
    road.up()
    pid = road.pid("web")
    remote.path.rename(remote.path.with_suffix(".away"))
    said = road.run("up", "-d")
    assert (said.exit, road.pid("web"), "not updated" in said.err) == (0, pid, True)


def test_a_branch_that_was_checked_out_by_hand_makes_it_stale_and_stays(shop, remote):
    remote.push("app.txt", "other", "feature/x")
    road = shop(", branch: main")
    road.up()
    repositories.git(checkout(road), "switch", "-q", "feature/x")
    line, planned = road.service("web"), road.json("plan")
    road.up()
    (status,) = road.json("git", "status")["checkouts"]
    assert (line["stale"], line["git"]["branch"]) == (True, "feature/x")
    assert [step["fields"][0]["path"] for step in planned["steps"]] == ["git.head"]
    assert (status["branch"], status["on_pin"], status["advice"]) == (
        "feature/x",
        False,
        "nexsock git checkout web main",
    )
    assert road.service("web")["stale"] is False


def test_checkout_switches_and_restarts_and_without_a_branch_goes_back_to_the_file(shop, remote):
    remote.push("app.txt", "other", "feature/x")
    road = shop(", branch: main")
    road.up()
    road.done("git", "checkout", "web", "feature/x")
    road.wait_until(lambda: b"other" in road.log("web"), "it runs from the branch")
    road.done("git", "checkout", "web")
    road.wait_until(
        lambda: road.service("web").get("run") == 3 and road.phase("web") == "running", "and again from main"
    )
    assert road.service("web")["git"]["branch"] == "main"


def test_a_new_branch_is_made_and_a_commit_is_checked_out(shop, remote):
    road = shop()
    road.up()
    old = head(road)
    remote.push("app.txt", "second")
    road.done("git", "pull")
    road.done("git", "checkout", "web", "mine", "--create")
    branches = [branch["name"] for branch in road.json("git", "branches", "web")["branches"]]
    road.done("git", "checkout-commit", "web", old)
    commits = [found["subject"] for found in road.json("git", "log", "web", "--branch", "mine")["commits"]]
    assert (branches, commits, head(road)) == (["main", "mine"], ["app.txt: second", "app.txt: first"], old)


def test_a_checkout_of_a_thousand_files_is_one_restart(shop, remote):
    for number in range(1000):
        (remote.seed / f"{number}.txt").write_text(str(number))
    repositories.git(remote.seed, "add", ".")
    remote.push("app.txt", "second", "many")
    road = shop()
    road.up("--watch")
    repositories.git(checkout(road), "fetch", "-q")
    repositories.git(checkout(road), "switch", "-q", "many")
    road.wait_until(lambda: len(road.history("web")) > 1 and road.phase("web") == "running", "it runs again")
    repositories.git(checkout(road), "switch", "-q", "main")
    road.wait_until(lambda: road.history("web")[0].get("commit") == head(road), "it runs from main again")
    assert len(road.history("web")) == 3


def test_a_linked_worktree_that_moves_is_one_restart(project, remote, tmp_path):
    """Its HEAD lies in another repository's folder, its branches and settings in that one's."""
    for number in range(100):
        (remote.seed / f"{number}.txt").write_text(str(number))
    repositories.git(remote.seed, "add", ".")
    many = remote.push("app.txt", "second", "many")
    repositories.git(tmp_path, "clone", "-q", str(remote.path), "own")
    repositories.git(tmp_path / "own", "worktree", "add", "-q", "-b", "mine", str(tmp_path / "tree"))
    road = project("""
        services:
          web: {command: cat app.txt; exec sleep 1000, git: {path: ../tree}, watch: [.]}
          src: {command: exec sleep 1000, git: {path: ../tree}}
    """)
    road.up("--watch")
    repositories.git(tmp_path / "tree", "merge", "-q", "--ff-only", many)
    road.wait_until(lambda: len(road.history("src")) == 2 and road.phase("web") == "running", "both run again")
    repositories.git(tmp_path / "tree", "switch", "-q", "-c", "other", "HEAD~1")
    road.wait_until(lambda: len(road.history("src")) == 3 and road.phase("web") == "running", "and again")
    assert [len(road.history(name)) for name in ("web", "src")] == [3, 3]
    assert road.service("web")["git"]["branch"] == "other"


def test_a_file_of_a_repository_joins_when_its_clone_was_seen(project, remote):
    remote.push("nexsock.yaml", "services: {inner: {command: 'pwd; exec sleep 1000'}}\n")
    road = project(f"""
        include: [web/nexsock.yaml]
        services:
          web: {{command: exec sleep 1000, git: {{url: {remote.path}}}}}
    """)
    road.environ["NEXSOCK_ALLOW_OUTSIDE"] = "1"
    refused = road.run("up", "-d")
    road.done("git", "clone", "web")
    planned = {step["service"]: step["origin"] for step in road.json("plan")["steps"]}
    road.up()
    assert (refused.exit, "run 'nexsock git clone web'" in refused.err) == (2, True)
    assert planned == {"web": "nexsock.yaml:3:3", "inner": "web/nexsock.yaml:1:12"}
    assert road.log("inner") == f"{checkout(road)}\n".encode()


def test_a_clone_does_not_follow_a_link_out_of_the_project(project, remote, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    road = project(f"services: {{web: {{command: x, git: {{url: {remote.path}, path: link/web}}}}}}")
    (road.folder / "link").symlink_to(outside)
    road.environ["NEXSOCK_ALLOW_OUTSIDE"] = "1"
    ended = road.run("git", "clone", "web")
    assert (ended.exit, "leads out of the project" in ended.out, list(outside.iterdir())) == (1, True, [])


def test_a_repository_on_this_machine_is_refused_unless_the_caller_trusts_the_file(shop):
    road = shop()
    del road.environ["NEXSOCK_ALLOW_OUTSIDE"]
    ended = road.run("up", "-d")
    assert (ended.exit, "set NEXSOCK_ALLOW_OUTSIDE=1" in ended.err, checkout(road).exists()) == (2, True, False)


def test_others_are_answered_while_ten_repositories_are_waited_for(project):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        services = "".join(
            f"  s{number}: {{command: x, git: {{url: 'git://127.0.0.1:{port}/s{number}.git'}}}}\n"
            for number in range(10)
        )
        road = project("services:\n  own: {command: exec sleep 1000}\n" + services)
        cloning = road.begin("git", "clone")
        silent.accept()[0].close()
        road.done("up", "-d", "own")
        assert road.phase("own") == "running"
        cloning.process.terminate()
        cloning.end()


@pytest.mark.parametrize("stop", [("down",), ("stop", "web")])
def test_what_is_stopped_while_its_repository_is_waited_for_is_not_started_afterwards(project, stop):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"git://127.0.0.1:{silent.getsockname()[1]}/web.git"
        road = project(f"services: {{web: {{command: exec sleep 1000, git: {{url: '{url}'}}}}}}\n")
        starting = road.begin("up", "-d", "web")
        connection = silent.accept()[0]  # by the clone, which hears nothing as long as this is open
        road.done(*stop)
        ended = starting.end()
        connection.close()
    assert (ended.exit, "a later command stops" in ended.err, road.phase("web")) == (1, True, "stopped")
    assert [path.name for path in road.folder.iterdir()] == ["nexsock.yaml"]


def test_a_token_gets_a_clone_and_is_in_no_argument_file_log_or_answer(project, remote, home, tmp_path):
    token = "sesame-4711-open"
    with servers.Web(tmp_path / "remotes", token, None).serving() as web:
        road = project(f"""
            services:
              web:
                command: cat app.txt; exec sleep 1000
                git: {{url: {web.url}/web.git, auth: token, token_env: SHOP_TOKEN, update: ff}}
        """)
        road.environ["SHOP_TOKEN"] = "wrong-0815"
        refused = road.run("git", "clone", "web")
        road.environ["SHOP_TOKEN"] = token
        road.up()
        wanted = remote.push("app.txt", "second")
        said = [
            road.done(*command) for command in (("git", "pull"), ("git", "status"), ("events",), ("history", "web"))
        ]
    assert (refused.exit, "Authentication failed" in refused.out) == (1, True)
    assert (head(road), f"x-access-token:{token}" in web.heard) == (wanted, True)
    assert any("remote-http" in words and web.url in words for words in web.seen)
    files = [path for top in (road.folder, home.folder / "state") for path in top.rglob("*") if path.is_file()]
    told = [*web.seen, *said, refused.out, refused.err, *(path.read_text(errors="replace") for path in files)]
    assert [text for text in told if token in text or "wrong-0815" in text] == []


def test_two_worktrees_are_two_projects(project, home, tmp_path):
    road = project("services: {web: {command: exec sleep 1000, ports: [auto]}}", name="main")
    repositories.git(road.folder, "init", "-q", "-b", "main")
    repositories.git(road.folder, "add", ".")
    repositories.git(road.folder, "commit", "-q", "-m", "first")
    second = project("services: {}", name="second")
    (second.folder / "nexsock.yaml").unlink()
    second.folder.rmdir()
    repositories.git(road.folder, "worktree", "add", "-q", "-b", "feature", str(second.folder))
    road.up()
    second.up()
    listed = {found["dir"]: found.get("branch") for found in road.json("ls")["projects"] if found["running"]}
    assert listed[str(road.folder)] == "main"
    assert listed[str(second.folder)] == "feature"
    assert road.service("web")["ports"] != second.service("web")["ports"]


def test_the_version_of_git_is_one_that_takes_settings_by_its_environment():
    said = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout
    assert tuple(int(part) for part in said.split()[2].split(".")[:2]) >= (2, 31)
