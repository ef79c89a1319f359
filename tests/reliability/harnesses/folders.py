"""The daemon's folders missing, hostile, too long or not to be written: each gives either work or one clear error."""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.reliability import scene
from tests.reliability.harness import Harness, Measured
from tests.roads.home import Home, Ran

QUICK = 3
"""Cases of each kind; the full run takes all."""
LONGEST_ERROR = 10
"""Lines."""
UNWRITABLE = "/sys"
"""Not even root can make a folder there."""
NAIVE = """
import os, socket
folder = os.environ.get("XDG_RUNTIME_DIR", "/tmp") + "/nexsock"
os.makedirs(folder, exist_ok=True)
socket.socket(socket.AF_UNIX).bind(folder + "/naive.sock")
"""
"""Takes folders as they are."""

Variables = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`make` prepares folders below a root and says the variables; `error`: what the error must name, "" for work."""

    name: str
    make: Callable[[Path], Variables]
    error: str = ""


def _folder(path: Path, mode: int = 0o700) -> Path:
    for made in (*reversed(path.parents), path):
        made.mkdir(mode=0o700, exist_ok=True)
    path.chmod(mode)
    return path


def _runtime(path: Path) -> Variables:
    return {"XDG_RUNTIME_DIR": str(path)}


def _state(path: Path) -> Variables:
    return {"XDG_STATE_HOME": str(path)}


def _file(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch()
    return path


def _another_users(path: Path) -> Path:
    if os.getuid() == 0:
        os.chown(_folder(path), 65534, 65534)
    return path


def _link(path: Path, to: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.symlink_to(_folder(to))
    return path


def _in_the_way(root: Path) -> Variables:
    _folder(root / "run" / "nexsock")
    _file(root / "run" / "nexsock" / "nexsockd.sock")
    return _runtime(root / "run")


def _lock_is_a_folder(root: Path) -> Variables:
    _folder(root / "state" / "nexsock" / "daemon.lock")
    return _state(root / "state")


def _no_home(root: Path) -> Variables:
    return {"HOME": "", **_state(root / "state"), **_runtime(_folder(root / "run"))}


def _open(root: Path, path: Path) -> Path:
    _folder(path, 0o755)
    return root


CASES = (
    Case(name="no runtime folder is named", make=lambda root: {}),
    Case(name="the runtime folder is missing", make=lambda root: _runtime(root / "missing")),
    Case(name="the runtime folder is a file", make=lambda root: _runtime(_file(root / "file"))),
    Case(name="the runtime folder is relative", make=lambda root: _runtime(Path("run"))),
    Case(name="anyone may write to the runtime folder", make=lambda root: _runtime(_folder(root / "run", 0o777))),
    Case(name="the runtime folder is another user's", make=lambda root: _runtime(_another_users(root / "run"))),
    Case(name="the runtime folder is a link", make=lambda root: _runtime(_link(root / "run", root / "real"))),
    Case(name="the runtime folder has a long path", make=lambda root: _runtime(_folder(root / ("deep" * 30) / "run"))),
    Case(name="the state folder has a long path", make=lambda root: _state(root / ("deep" * 40) / ("er" * 80))),
    Case(name="HOME is not set", make=_no_home),
    Case(
        name="our runtime folder is a link",
        make=lambda root: _runtime(_link(root / "run" / "nexsock", root / "real").parent),
        error="run/nexsock is not a folder of user",
    ),
    Case(
        name="our runtime folder is a file",
        make=lambda root: _runtime(_file(root / "run" / "nexsock").parent),
        error="run/nexsock is not a folder of user",
    ),
    Case(
        name="our runtime folder is open",
        make=lambda root: _runtime(_open(root / "run", root / "run" / "nexsock")),
        error="run 'chmod 700",
    ),
    Case(
        name="our state folder is open",
        make=lambda root: _state(_open(root / "state", root / "state" / "nexsock")),
        error="run 'chmod 700",
    ),
    Case(name="the state folder cannot be written", make=lambda root: _state(Path(UNWRITABLE)), error=UNWRITABLE),
    Case(name="HOME cannot be written", make=lambda root: {"HOME": f"{UNWRITABLE}/home"}, error=UNWRITABLE),
    Case(name="something has the socket's name", make=_in_the_way, error="in the way of the daemon's socket"),
    Case(name="the lock is a folder", make=_lock_is_a_folder, error="daemon.lock"),
)


class Elsewhere(Home):
    """A home that is named by the variables of a case; its daemon is known by a mark of ours."""

    def __init__(self, root: Path, variables: Variables) -> None:
        super().__init__(root)
        del self.environ["NEXSOCK_HOME"]
        for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            self.environ.pop(name, None)
        self.environ |= {"HOME": str(_folder(root / "home")), **variables}
        self.environ = {name: value for name, value in self.environ.items() if value}
        self.mark = f"STAGE={root}"
        self.environ["STAGE"] = str(root)


@contextmanager
def _prepared(case: Case) -> Iterator[tuple[Elsewhere, Path]]:
    with tempfile.TemporaryDirectory(prefix="nx-", dir="/tmp") as folder:
        root = Path(folder)
        home = Elsewhere(root, case.make(root))
        shop = _folder(root / "shop")
        (shop / "nexsock.yaml").write_text("services: {web: {command: [sleep, '100000']}}\n")
        try:
            yield home, shop
        finally:
            home.end()


def complaint(case: Case) -> str:
    """What is wrong with how nexsock took this case; "" when it works, or says clearly why not."""
    with _prepared(case) as (home, shop):

        def run(*arguments: str) -> Ran:
            return home.begin(*arguments, cwd=shop).end()

        up = run("up", "-d")
        if case.error:
            return unclear(up, case.error)
        listed, down = run("ps"), run("down")
        if wrong := next((ran for ran in (up, listed, down) if ran.exit), None):
            return f"ended with {wrong.exit}: {wrong.err or wrong.out}"
        return "" if "running" in listed.out and len(scene.brains(home)) == 1 else "it does not run"


def unclear(ran: Ran, named: str) -> str:
    """What keeps this from being one clear error that names what is at fault."""
    text = ran.err.strip()
    if ran.exit not in (3, 4):
        return f"ended with {ran.exit}: {text}"
    if not text.startswith("error:") or "Traceback" in text or text.count("\n") >= LONGEST_ERROR:
        return f"not one clear error: {text}"
    return "" if named in text else f"does not name {named!r}: {text}"


def measure(seed: int, full: bool) -> Measured:
    chosen = list(CASES)
    if not full:
        chance = random.Random(seed)
        works, fails = [one for one in CASES if not one.error], [one for one in CASES if one.error]
        chosen = chance.sample(works, QUICK) + chance.sample(fails, QUICK)
    told = {case.name: found for case in chosen if (found := complaint(case))}
    return Measured(
        kept=not told,
        text=f"{len(told)} of {len(chosen)} neither work nor say why not",
        figures={"cases": len(chosen), "told": "; ".join(f"{name}: {found}" for name, found in told.items())},
    )


def broken(seed: int) -> Measured:
    """A daemon that takes folders as they are."""
    case = next(one for one in CASES if one.name == "the runtime folder is a file")
    with _prepared(case) as (home, shop):
        ended = subprocess.run(
            [sys.executable, "-c", NAIVE], cwd=shop, env=home.environ, capture_output=True, text=True, check=False
        )
    found = unclear(Ran(ended.returncode, ended.stdout, ended.stderr), "") if ended.returncode else ""
    return Measured(kept=not found, text=found.splitlines()[0] if found else "it worked")


HARNESS = Harness(name="folders", target="work, or one clear error", measure=measure, broken=broken)
