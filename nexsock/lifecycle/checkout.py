"""What a checkout's facts amount to: its states, what a person would do about them, what may be done without asking.

Nothing here ever loses work: a tree with changes, or with commits that its upstream has not, is left as it is.
"""

import posixpath
import re
from shlex import quote

from nexsock.model.git import CheckoutStatus, Facts, GitSource, State

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>(?!//).+)", re.DOTALL)
_USER = re.compile(r"(://)[^/@\s]*@")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^@/]*@)?(?P<host>[^/:]*)(?::\d+)?/(?P<path>.*)", re.IGNORECASE | re.DOTALL)


def same_repository(one: str, other: str) -> bool:
    """Whether two addresses name one repository: user, port, transport and a final ".git" do not count."""
    return identity(one) == identity(other)


def identity(url: str) -> str:
    """What addresses of one repository have in common: "github.com/acme/shop" for both its ssh and its https form."""
    found = _URL.fullmatch(url) or _SCP.fullmatch(url)
    host, path = (found["host"].lower(), found["path"]) if found else ("", url)
    return posixpath.normpath(f"{host}/{path.strip('/')}").removesuffix(".git")


def shown(url: str) -> str:
    """The address without the user in it, who may be a token: that of a checkout of one's own is as it was found."""
    return _USER.sub(r"\1", url)


def states(source: GitSource, facts: Facts) -> tuple[State, ...]:
    """Every state that the checkout is in, the most pressing first; `clean` alone when there is nothing to say."""
    if not facts.exists:
        return ("missing",)
    if not facts.is_checkout:
        return ("occupied",)
    ahead, behind = facts.ahead or 0, facts.behind or 0
    pinned = source.pin in ("tag", "commit") or (source.pin == "ref" and is_pinned(source, facts))
    true: dict[State, bool] = {
        "wrong_origin": is_wrong_origin(source, facts),
        "unborn": facts.commit is None,
        "dirty": facts.changed > 0,
        "diverged": ahead > 0 and behind > 0,
        "behind": behind > 0 and ahead == 0,
        "ahead": ahead > 0 and behind == 0,
        "detached": facts.branch is None and facts.commit is not None and not pinned,
    }
    return tuple(state for state, holds in true.items() if holds) or ("clean",)


def is_wrong_origin(source: GitSource, facts: Facts) -> bool:
    """Whether the checkout is of another repository than the file says; one without a remote is of none."""
    return bool(source.url) and not same_repository(source.url, facts.origin or "")


def is_pinned(source: GitSource, facts: Facts) -> bool:
    """Whether what is checked out is what the file asks for, as far as names can tell."""
    match source.pin:
        case "branch":
            return facts.branch == source.ref
        case "commit":
            return facts.commit is not None and facts.commit.startswith(source.ref)
        case "tag":
            return facts.branch is None
        case "ref":
            return facts.branch in (None, source.ref)
    return True


def status(service: str, source: GitSource, facts: Facts) -> CheckoutStatus:
    """How the checkout of a service stands, and what to do about it."""
    found = states(source, facts)
    on_pin = not facts.is_checkout or not facts.exists or is_pinned(source, facts)
    return CheckoutStatus(
        service=service,
        path=source.path,
        state=found[0],
        states=found,
        branch=facts.branch,
        commit=facts.commit,
        upstream=facts.upstream,
        ahead=facts.ahead,
        behind=facts.behind,
        changed=facts.changed,
        untracked=facts.untracked,
        shallow=facts.shallow,
        url=source.url or (shown(facts.origin) if facts.origin else None),
        pin=source.ref or None,
        on_pin=on_pin,
        advice=advice(service, source, found[0], on_pin),
    )


def advice(service: str, source: GitSource, state: State, on_pin: bool) -> str | None:
    """The command that a person would run, or None where nothing is to be done."""
    git = f"git -C {quote(source.path)}"
    match state:
        case "missing" if not source.url:
            return None
        case "missing":
            return (
                f"git clone {quote(source.url)} {quote(source.path)}" if source.own else f"nexsock git clone {service}"
            )
        case "occupied":
            return f"mv {quote(source.path)} {quote(source.path + '.old')}"
        case "wrong_origin":
            return f"{git} remote set-url origin {quote(source.url)}"
        case "unborn":
            return f"{git} commit"
        case "dirty":
            return f"{git} commit -a"
        case "diverged":
            return f"{git} rebase"
        case "behind":
            return f"nexsock git pull {service}"
        case "ahead":
            return f"{git} push"
        case "detached":
            return f"nexsock git checkout {service} BRANCH"
    return None if on_pin else f"nexsock git checkout {service} {source.ref}"


def obstacle(found: tuple[State, ...], facts: Facts) -> str | None:
    """Why a checkout may not be fast-forwarded, as the end of a sentence; None if it may."""
    for state in found:
        match state:
            case "occupied":
                return "is not a checkout"
            case "wrong_origin":
                return f"is a checkout of {shown(facts.origin or 'no remote')}"
            case "unborn":
                return "has no commit yet"
            case "dirty":
                return f"has {_count(facts.changed, 'file')} with changes"
            case "diverged":
                return f"has {_count(facts.ahead, 'commit')} that its upstream has not, and lacks {facts.behind}"
            case "detached":
                return "is not on a branch"
    return "has no upstream branch" if facts.upstream is None else None


def _count(count: int | None, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count} {thing}s"
