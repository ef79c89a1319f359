"""What a checkout's facts amount to, and what is said about it."""

import pytest

from nexsock.lifecycle import checkout
from nexsock.model.git import Facts, GitSource

URL = "https://host/acme/web.git"
SOURCE = GitSource(path="/shop/web", url=URL)
CLEAN = Facts(branch="main", commit="a" * 40, upstream="origin/main", ahead=0, behind=0, origin=URL)


def facts(**changes):
    return Facts(**{name: getattr(CLEAN, name) for name in CLEAN.__struct_fields__} | changes)


@pytest.mark.parametrize(
    "other",
    [
        "https://host/acme/web",
        "https://me@host/acme/web.git",
        "https://HOST/acme/web/",
        "ssh://git@host/acme/web.git",
        "ssh://git@host:2222/acme/web",
        "git@host:acme/web.git",
        "git@host:/acme/web.git",
        "http://host/acme/web.git",
    ],
)
def test_one_repository_by_another_address_is_the_same(other):
    assert checkout.same_repository(URL, other)


@pytest.mark.parametrize(
    "other", ["https://host/acme/api.git", "https://elsewhere/acme/web.git", "git@host:web.git", "/srv/acme/web", ""]
)
def test_another_repository_is_not_the_same(other):
    assert not checkout.same_repository(URL, other)


def test_a_password_in_the_address_of_a_checkout_is_not_shown():
    own = GitSource(path="/shop/web")
    found = checkout.status("web", own, facts(origin="https://me:secret@host/x.git"))
    other = checkout.obstacle(("wrong_origin",), facts(origin="https://ghp_secret@host/x.git"))
    assert (found.url, other) == ("https://host/x.git", "is a checkout of https://host/x.git")


@pytest.mark.parametrize(
    ("found", "states"),
    [
        (facts(), "clean"),
        (Facts(exists=False, is_checkout=False), "missing"),
        (Facts(is_checkout=False), "occupied"),
        (facts(origin="git@host:acme/api"), "wrong_origin"),
        (facts(origin=None), "wrong_origin"),
        (facts(commit=None), "unborn"),
        (facts(changed=2), "dirty"),
        (facts(ahead=1, behind=2), "diverged"),
        (facts(behind=2), "behind"),
        (facts(ahead=2), "ahead"),
        (facts(branch=None, upstream=None), "detached"),
        (facts(untracked=3), "clean"),
        (facts(upstream=None, ahead=None, behind=None), "clean"),
        (facts(changed=1, behind=2), "dirty behind"),
    ],
)
def test_the_states_of_a_checkout_the_most_pressing_first(found, states):
    assert " ".join(checkout.states(SOURCE, found)) == states


@pytest.mark.parametrize("pin", ["tag", "commit", "ref"])
def test_what_is_pinned_may_be_detached(pin):
    source = GitSource(path="/shop/web", url=URL, pin=pin, ref="a" * 7)
    assert checkout.states(source, facts(branch=None, upstream=None, ahead=None, behind=None)) == ("clean",)


@pytest.mark.parametrize(
    ("found", "obstacle"),
    [
        (facts(behind=2), None),
        (facts(), None),
        (facts(changed=1, behind=1), "has 1 file with changes"),
        (facts(ahead=1, behind=2), "has 1 commit that its upstream has not, and lacks 2"),
        (facts(branch=None), "is not on a branch"),
        (facts(upstream=None, ahead=None, behind=None), "has no upstream branch"),
        (facts(commit=None), "has no commit yet"),
        (facts(origin="git@host:x"), "is a checkout of git@host:x"),
    ],
)
def test_only_a_clean_tree_behind_its_upstream_may_be_moved(found, obstacle):
    assert checkout.obstacle(checkout.states(SOURCE, found), found) == obstacle


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (Facts(exists=False, is_checkout=False), "nexsock git clone web"),
        (facts(behind=1), "nexsock git pull web"),
        (facts(ahead=1), "git -C /shop/web push"),
        (facts(ahead=1, behind=1), "git -C /shop/web rebase"),
        (facts(changed=1), "git -C /shop/web commit -a"),
        (facts(), None),
    ],
)
def test_what_to_do_is_a_command(found, command):
    assert checkout.status("web", SOURCE, found).advice == command


def test_a_branch_that_the_file_does_not_ask_for_is_named():
    source = GitSource(path="/shop/web", url=URL, pin="branch", ref="stable")
    found = checkout.status("web", source, facts())
    assert (found.state, found.on_pin, found.advice) == ("clean", False, "nexsock git checkout web stable")


def test_nobody_knows_where_to_clone_from_without_an_address():
    source = GitSource(path="/elsewhere", own=True)
    assert checkout.status("web", source, Facts(exists=False, is_checkout=False)).advice is None


def test_a_checkout_of_ones_own_is_cloned_by_oneself():
    source = GitSource(path="/elsewhere/it's", url=URL, own=True)
    found = checkout.status("web", source, Facts(exists=False, is_checkout=False))
    assert found.advice == f"""git clone {URL} '/elsewhere/it'"'"'s'"""
