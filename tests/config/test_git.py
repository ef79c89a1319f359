"""What a file may say of a repository, and what it may not: whoever wrote it must not run anything by it."""

import pytest

from nexsock.config import git, load
from nexsock.errors import ConfigError
from nexsock.model.project import ProjectRef

GOOD = [
    "https://host/acme/web.git",
    "https://me@host:8443/acme/web",
    "ssh://git@host:2222/acme/web.git",
    "git@host:acme/web.git",
    "host:acme/web",
    "http://127.0.0.1:8000/web.git",
    "git://host/web.git",
    "ssh://git@[::1]:22/web.git",
]
HOSTILE = [
    "--upload-pack=touch canary",
    "-u touch",
    "ext::sh -c touch% canary",
    "EXT::sh -c x",
    "fd::3",
    "testgit::x",
    "ssh://-oProxyCommand=touch canary/x",
    "ssh://-oProxyCommand=x@host/x",
    "-oProxyCommand=x@host:x",
    "git@-oProxyCommand=x:y",
    "https://host/x\n--upload-pack=x",
    "https://host/x\x00",
    " https://host/x",
    "https://me:secret@host/x",
    "https://ghp_0123456789abcdef@host/x",
    "https://glpat-0123456789@host/x",
    f"https://{'0' * 40}@host/x",
    "file:///etc",
    "/etc",
    "../../other",
    "~/other",
    "./x",
    "ftp://host/x",
    "javascript://host/x",
    "https://",
    "https:///x",
    "https://ho st/x",
    "",
    "x",
]


@pytest.mark.parametrize("url", GOOD)
def test_the_usual_addresses_are_taken(url):
    assert git.url_fault(url, local=False) is None


@pytest.mark.parametrize("url", HOSTILE)
def test_an_address_that_could_run_something_is_refused(url):
    assert git.url_fault(url, local=False) is not None


@pytest.mark.parametrize("url", ["/srv/web.git", "../web", "file:///srv/web.git"])
def test_a_repository_on_this_machine_is_taken_when_the_caller_trusts_the_file(url):
    assert git.url_fault(url, local=True) is None


@pytest.mark.parametrize("ref", ["main", "feature/x", "v1.2.3", "release-2", "dependabot/npm/x-1.0", "größe"])
def test_usual_names_of_branches_are_taken(ref):
    assert git.ref_fault(ref) is None


@pytest.mark.parametrize(
    "ref",
    ["-x", "--output=x", "a b", "a..b", "a~1", "a^", "a:b", "a?b", "a*b", "a[b", "a\\b", "@", "a@{1}", ".a", "a/", "a.",
     "a.lock", "a//b", "/a", "a\x7fb", "a\nb", "", "x" * 256],
)  # fmt: skip
def test_what_cannot_be_a_branch_is_refused(ref):
    assert git.ref_fault(ref) is not None


@pytest.mark.parametrize("commit", ["main", "abc", "g" * 40, "-" + "a" * 39, "a" * 65])
def test_what_cannot_be_a_commit_is_refused(commit):
    assert git.ref_fault(commit, commit=True) is not None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/acme/web.git", "web"),
        ("https://host/acme/web/", "web"),
        ("git@host:web.git", "web"),
        ("git@host:acme/web", "web"),
    ],
)
def test_the_folder_is_that_which_git_would_choose(url, name):
    assert git.folder_name(url) == name


def loaded(folder, text, **environ):
    (folder / "nexsock.yaml").write_text(text)
    return load.load(ProjectRef(directory=str(folder), environ=environ))


def problems(folder, text):
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return [str(problem) for problem in caught.value.problems]


def test_paths_of_a_service_belong_to_its_checkout_and_env_files_to_the_project(tmp_path):
    (tmp_path / "web.env").write_text("A=1\n")
    service = loaded(
        tmp_path,
        "services: {web: {command: x, working_dir: src, env_file: web.env, watch: [lib], inputs: ['*.txt'], "
        "oneshot: true, git: {url: 'git@host:acme/shop.git'}}}",
    ).services["web"]
    assert (service.launch.working_dir, service.watch[0].path, service.inputs, service.launch.environment["A"]) == (
        f"{tmp_path}/shop/src",
        f"{tmp_path}/shop/lib",
        (f"{tmp_path}/shop/*.txt",),
        "1",
    )


def test_a_checkout_outside_the_project_is_ones_own(tmp_path):
    text = "services: {web: {command: x, git: {url: 'git@host:web', path: ../web}}}"
    assert loaded(tmp_path, text).services["web"].git.own
    assert not loaded(tmp_path, text, NEXSOCK_ALLOW_OUTSIDE="1").services["web"].git.own


@pytest.mark.parametrize(
    ("git_block", "said"),
    [
        ("{}", "neither where to clone from nor where the checkout is"),
        ("{url: 'git@host:x', branch: a, tag: b}", "git has both 'branch' and 'tag'"),
        ("{url: 'git@host:x', auth: key}", "auth 'key' needs 'key_file'"),
        ("{url: 'git@host:x', auth: token}", "auth 'token' needs 'token_env'"),
        ("{url: 'http://host/x', auth: token, token_env: A}", "a token is not sent to 'http://host/x'"),
        ("{url: 'git@host:x', auth: token, token_env: A}", "a token is not sent to 'git@host:x'"),
        ("{url: 'git@host:x', token_env: A}", "'token_env' is for auth 'token'"),
        ("{url: 'git@host:x', path: .}", "the checkout would be the project's own folder"),
        ("{url: 'ext::sh -c x'}", "is a transport that runs a program"),
        ("{url: 'git@host:x', branch: --force}", "cannot be the name of a branch or tag"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, git_block, said):
    (problem,) = problems(tmp_path, f"services: {{web: {{command: x, git: {git_block}}}}}")
    assert problem.startswith("nexsock.yaml:1:")
    assert said in problem


@pytest.mark.parametrize("url", ["https://host/x", "http://127.0.0.1:80/x", "http://me@localhost/x", "http://[::1]/x"])
def test_a_token_goes_where_nobody_reads_it_on_the_way(tmp_path, url):
    text = f"services: {{web: {{command: x, git: {{url: '{url}', path: web, auth: token, token_env: A}}}}}}"
    assert loaded(tmp_path, text).services["web"].git.auth == "token"


@pytest.mark.parametrize(("written", "meant"), [("../web.git", "{}/web.git"), ("~/web.git", "/home/ann/web.git")])
def test_a_repository_on_this_machine_is_looked_for_from_the_project(tmp_path, written, meant):
    text = f"services: {{web: {{command: x, git: {{url: {written}}}}}}}"
    found = loaded(tmp_path, text, NEXSOCK_ALLOW_OUTSIDE="1", HOME="/home/ann").services["web"].git
    assert found.url == meant.format(tmp_path.parent)


def test_services_that_share_a_checkout_have_to_agree(tmp_path):
    (problem,) = problems(
        tmp_path,
        "services:\n"
        "  web: {command: x, git: {url: 'git@host:shop'}}\n"
        "  api: {command: x, git: {url: 'git@host:shop', branch: old}}\n",
    )
    assert problem == (
        f"nexsock.yaml:3:21: services 'web' and 'api' want different things of the checkout {tmp_path}/shop; "
        "give one of them another 'path'"
    )


def test_a_file_of_a_repository_that_is_not_cloned_is_asked_to_be_cloned_first(tmp_path):
    text = "include: [shop/nexsock.yaml]\nservices: {web: {command: x, git: {url: 'git@host:shop'}}}\n"
    (problem,) = problems(tmp_path, text)
    assert problem == (
        "nexsock.yaml:1:11: the file shop/nexsock.yaml is in the repository of 'web', which is not cloned yet; "
        "run 'nexsock git clone web', look at 'nexsock plan', then go on"
    )
    project = load.load(ProjectRef(directory=str(tmp_path), environ={}), uncloned=True)
    assert list(project.services) == ["web"]
