"""How fast bytes go through a tunnel: straight to a server, through `socat`, and through nexsock, to the same port.

One connection writes as fast as it can; the clock stops when the server has told how much came.
"""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench import machine
from bench.options import Options, Record
from bench.trial import Trial

STRAIGHT, SOCAT = "ref-straight", "ref-socat"
REFERENCES = (STRAIGHT, *([SOCAT] if shutil.which("socat") else []))
_SERVER = Path(__file__).parents[1] / "programs" / "byte_counter.py"
_CHUNK = bytes(1 << 18)


def measure(tool: str, options: Options) -> Record:
    """Seconds (`wall_s`) and MB/s of `options.megabytes` through one connection."""
    with _server() as port, _WAYS.get(tool, _nexsock)(port, options) as reached:
        _send(reached, len(_CHUNK))
        took_s = _send(reached, options.megabytes * 1_000_000)
    return {"wall_s": round(took_s, 4), "mb_per_s": round(options.megabytes / took_s, 1)}


def _send(port: int, size: int) -> float:
    """Seconds until the server has told that all of it came."""
    began = machine.now()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as client:
        left = size
        while left:
            left -= client.send(_CHUNK[:left])
        client.shutdown(socket.SHUT_WR)
        told = int(client.recv(64))
    if told != size:
        raise RuntimeError(f"{told} of {size} bytes came")
    return machine.now() - began


@contextmanager
def _server() -> Iterator[int]:
    with _ended(subprocess.Popen([sys.executable, str(_SERVER)], stdout=subprocess.PIPE, text=True)) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())


@contextmanager
def _ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def _straight(port: int, _options: Options) -> Iterator[int]:
    yield port


@contextmanager
def _socat(port: int, options: Options) -> Iterator[int]:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        free = int(probing.getsockname()[1])
    command = ["socat", f"TCP-LISTEN:{free},fork,reuseaddr,bind=127.0.0.1", f"TCP:127.0.0.1:{port}"]
    with _ended(subprocess.Popen(command, text=True)):
        machine.wait_for(lambda: _listens(free), options.limit_s)
        yield free


def _listens(port: int) -> bool:
    with socket.socket() as probing:
        return probing.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _nexsock(port: int, options: Options) -> Iterator[int]:
    with Trial("nexsock", options) as trial:
        services = {
            "far": {"external": {"tcp": f"127.0.0.1:{port}"}},
            "near": {"command": ["sleep", f"200000.{trial.token}"], "depends_on": {"far": {"tunnel": True}}},
        }
        document = {"environment": {machine.MARK: trial.tool.run_id}, "services": services}
        (trial.folder / "nexsock.yaml").write_text(json.dumps(document))
        trial.tool.prepare()
        trial.tool.up()
        told = json.loads(trial.tool.must([*trial.tool.status_argv()[:1], "--json", "status", "near"]))
        yield int(told["tunnels"][0]["listen"].rpartition(":")[2])
        trial.tool.down()


_WAYS: dict[str, Callable[[int, Options], AbstractContextManager[int]]] = {STRAIGHT: _straight, SOCAT: _socat}
