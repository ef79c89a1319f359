"""`python -m bench MEASURE [options]`: run a measure over tools, in turns, and print records and a table."""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench import summary
from bench.measures.catalogue import MEASURES
from bench.options import Options, Record, Run
from bench.tools.catalogue import TOOLS


def main(words: Sequence[str] | None = None) -> int:
    # A background job of a shell has SIGINT ignored, and so would have all that it starts; SIGTERM cleans up, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    run = _asked_for(words)
    run.options.work.mkdir(parents=True, exist_ok=True)
    records = []
    for record in measured(run):
        line = json.dumps(record)
        print(line, file=sys.stderr, flush=True)
        records.append(record)
        if run.out:
            with run.out.open("a") as file:
                file.write(line + "\n")
    print(summary.table(records))
    return 1 if any("error" in record for record in records) else 0


def measured(run: Run) -> Iterator[Record]:
    """A record a trial. Each repetition goes through all tools, so that noise hits all of them alike."""
    for count in run.counts:
        for repetition in range(run.repetitions):
            for tool in run.tools:
                options = replace(run.options, count=count, repetition=repetition)
                yield {**_setting(run.measure, tool, options), **_figures(run.measure, tool, options)}


def _setting(measure: str, tool: str, options: Options) -> Record:
    setting: Record = {
        "time": round(time.time(), 1),
        "bench": measure,
        "tool": tool,
        "count": options.count,
        "repetition": options.repetition,
    }
    if measure == "logs":
        setting |= {"megabytes": options.megabytes, "line_buffered": options.line_buffered}
    return setting


def _figures(measure: str, tool: str, options: Options) -> Record:
    try:
        return MEASURES[measure].run(tool, options)
    except Exception as error:  # one tool's trouble is a line of the report; the others go on
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def _asked_for(words: Sequence[str] | None) -> Run:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    measures = parser.add_subparsers(dest="measure", required=True, metavar="MEASURE")
    for name, measure in MEASURES.items():
        _add_options(measures.add_parser(name, help=measure.about, description=measure.about), name)
    asked = parser.parse_args(words)
    fields = {name: value for name, value in vars(asked).items() if name in Options.__dataclass_fields__}
    return Run(
        measure=asked.measure,
        tools=tuple(asked.tools),
        counts=tuple(asked.counts),
        repetitions=asked.repetitions,
        options=Options(**fields),
        out=asked.out,
    )


def _add_options(parser: argparse.ArgumentParser, name: str) -> None:
    measure, usual = MEASURES[name], Options(work=Path(tempfile.gettempdir()) / "nexsock-bench")
    known = [*TOOLS, *measure.extra]

    def tools(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [tool for tool in chosen if tool not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
        return chosen

    def counts(text: str) -> list[int]:
        return [int(word) for word in text.split(",")]

    add = parser.add_argument
    add("--tools", type=tools, default=measure.tools(), help="comma between them (all that are installed: %(default)s)")
    add("--counts", type=counts, default=measure.counts, help="numbers of services (%(default)s)")
    add("--repetitions", type=int, default=measure.repetitions, help="of all tools in turns (%(default)s)")
    add("--calls", type=int, default=measure.defaults.get("calls", usual.calls), help="of a command (%(default)s)")
    add("--idle", type=float, dest="idle_s", default=usual.idle_s, help="seconds to watch it idle; 0: not at all")
    add("--rest", type=float, dest="rest_s", default=usual.rest_s, help="seconds of rest before (%(default)s)")
    add("--settle", type=float, dest="settle_s", default=usual.settle_s, help="seconds between up and the rest")
    add("--gap", type=float, dest="gap_s", default=usual.gap_s, help="seconds between kills or writes (%(default)s)")
    add("--limit", type=float, dest="limit_s", default=usual.limit_s, help="seconds until it counts as never")
    add("--megabytes", type=int, default=usual.megabytes, help="that each service writes (%(default)s)")
    add("--line-buffered", action="store_true", help="one write a line")
    add("--victim", default="", help="whom to kill: manager; of nexsock brain, keeper or both")
    add("--work", type=Path, default=usual.work, help="folder for everything (%(default)s)")
    add("--out", type=Path, help="file to which records are added, JSON lines")


if __name__ == "__main__":
    sys.exit(main())
