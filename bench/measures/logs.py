"""How fast, and whether whole, what services write gets into the tool's log files.

Lines have 100 bytes and a number; the last one is a mark. The clock starts when the writers are let go, not when
the tool is started, and stops when the mark is in every log. The tools `ref-file` and `ref-cat` are the limits:
`cmd > file` and `cmd | cat > file`.
"""

import os
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.options import Options, Record
from bench.tools.adapter import Service
from bench.trial import Trial

REFERENCES = {"ref-file": "", "ref-cat": "| cat"}

_LINE_BYTES = 100
_FILLING = b"x" * 81
_END = b"END-OF-PAYLOAD"
_POLL_S = 0.004
_MEMORY_EVERY_S = 0.2


def measure(tool: str, options: Options) -> Record:
    """Seconds (`wall_s`), MB/s, lines lost or torn, the manager's CPU seconds and by how many MiB it grew."""
    payload = _payload(options)
    os.sync()
    return _reference(tool, payload, options) if tool in REFERENCES else _tool(tool, payload, options)


def _reference(tool: str, payload: Path, options: Options) -> Record:
    logs = [options.work / f"{tool}-{index}.log" for index in range(options.count)]
    writer = f"{_writer(payload, options)} {REFERENCES[tool]}"
    began = machine.now()
    shells = [subprocess.Popen(["/bin/sh", "-c", f"{writer} > {shlex.quote(str(log))}"]) for log in logs]
    for shell in shells:
        shell.wait()
    took_s = machine.now() - began
    lost = _lost(logs, options)
    for log in logs:
        log.unlink()
    return {"wall_s": round(took_s, 4), "mb_per_s": _rate(took_s, options), "lost_lines": lost}


def _tool(tool: str, payload: Path, options: Options) -> Record:
    with Trial(tool, options, programs=("sh",)) as trial:
        go = trial.folder / "go"
        wait = f"while [ ! -e {shlex.quote(str(go))} ]; do sleep 0.02; done"
        script = f"{wait}; {_writer(payload, options)}; exec sleep 200000.{trial.token}"
        names = [f"writer{index:02d}" for index in range(options.count)]
        trial.tool.keep_logs = True
        trial.begin([Service(name, ("/bin/sh", "-c", script)) for name in names])
        logs = sorted({trial.tool.log_path(name) for name in names})
        manager = trial.manager_pids()
        memory_mib, cpu_ns = machine.memory(manager).rss, machine.work(manager).cpu_ns
        began = machine.now()
        go.touch()
        arrival = _Arrival({log: options.count // len(logs) for log in logs}, manager)
        done = arrival.wait(began + options.limit_s)
        took_s = machine.now() - began
        return {
            "wall_s": round(took_s, 4) if done else None,
            "mb_per_s": _rate(took_s, options) if done else None,
            "lost_lines": _lost(logs, options),
            "manager_cpu_s": round((machine.work(manager).cpu_ns - cpu_ns) / 1e9, 3),
            "growth_mib": round(max(0.0, arrival.peak_mib - memory_mib), 1),
        }


@dataclass
class _Arrival:
    """Which logs still miss how many end marks, and the most memory that the manager had on the way."""

    missing: dict[Path, int]
    manager: list[int]
    peak_mib: float = 0.0
    _read_until: dict[Path, int] = field(default_factory=dict)

    def wait(self, deadline: float) -> bool:
        next_look = 0.0
        while self.missing and machine.now() < deadline:
            if machine.now() >= next_look:
                self.peak_mib = max(self.peak_mib, machine.memory(self.manager).rss)
                next_look = machine.now() + _MEMORY_EVERY_S
            for log in list(self.missing):
                self._look_at(log)
            time.sleep(_POLL_S)
        return not self.missing

    def _look_at(self, log: Path) -> None:
        """Count the marks in the whole lines that are new; a log of one writer is looked at from its end only."""
        if not log.exists():
            return
        size, begin = log.stat().st_size, self._read_until.get(log, 0)
        if self.missing[log] == 1:
            begin = max(begin, size - 10 * _LINE_BYTES)
        with log.open("rb") as file:
            file.seek(begin)
            data = file.read(size - begin)
        whole = data[: data.rfind(b"\n") + 1]
        self._read_until[log] = begin + len(whole)
        self.missing[log] -= whole.count(_END)
        if self.missing[log] <= 0:
            del self.missing[log]


def _payload(options: Options) -> Path:
    """The file that writers copy; made once for a size."""
    path = options.work / f"payload-{options.megabytes}"
    if not path.exists():
        with path.open("wb") as file:
            for number in range(_lines(options) - 1):
                file.write(b"line %012d %s\n" % (number, _FILLING))
            file.write(_END.ljust(_LINE_BYTES - 1, b"-") + b"\n")
    return path


def _writer(payload: Path, options: Options) -> str:
    """The command of a writer: large blocks, or one write a line."""
    return f"{'grep --line-buffered ^' if options.line_buffered else 'cat'} {shlex.quote(str(payload))}"


def _lines(options: Options) -> int:
    return options.megabytes * 1_000_000 // _LINE_BYTES


def _rate(took_s: float, options: Options) -> float:
    return round(options.megabytes * options.count / took_s, 1)


def _lost(logs: list[Path], options: Options) -> int:
    """Lines that are not there in one piece, whatever a tool puts around them."""
    return options.count * _lines(options) - sum(_whole_lines(log) for log in logs if log.exists())


def _whole_lines(log: Path) -> int:
    found, rest = 0, b""
    with log.open("rb") as file:
        while block := file.read(1 << 22):
            whole, _, rest = (rest + block).rpartition(b"\n")
            found += whole.count(_FILLING) + whole.count(_END)
    return found + rest.count(_FILLING) + rest.count(_END)
