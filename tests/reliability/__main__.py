"""`python -m tests.reliability [--quick|--full] [NAME ...]`: measure the promises and print one line for each.

A line is `name  target  measured  seed`; the same seed, given with --seed, takes the same decisions again.
"""

import argparse
import json
import secrets
import signal
import sys
import time
from pathlib import Path

from tests import left
from tests.reliability import harness, harnesses


def main(arguments: list[str]) -> int:
    """0 when every promise was kept and nothing that was begun for it goes on; that is ended, however we end."""
    mark = left.mark_ourselves()
    try:
        kept = _measure(arguments)
        if remaining := left.found(mark):
            print(f"BROKEN  these processes survive their harness: {remaining}", flush=True)
        return 0 if kept and not remaining else 1
    finally:
        left.end(mark)


def _measure(arguments: list[str]) -> bool:
    """Whether every promise was kept."""
    known = harnesses.found()
    options = _options(list(known)).parse_args(arguments)
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    results = []
    for name in options.names or known:
        began = time.monotonic()
        one = known[name]
        measured = harness.proven(one, seed, options.full)
        mark = "kept  " if measured.kept else "BROKEN"
        print(f"{mark}  {name:18} {one.target:56} {measured.text}  seed {seed}", flush=True)
        results.append(
            {
                "name": name,
                "target": one.target,
                "kept": measured.kept,
                "measured": measured.text,
                "seed": seed,
                "full": options.full,
                "took_s": round(time.monotonic() - began, 1),
                **measured.figures,
            }
        )
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"version": 1, "harnesses": results}, indent=2) + "\n")
    return all(result["kept"] for result in results)


def _options(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all when none is given")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="full", action="store_false", help="about three minutes in all (the default)")
    parser.set_defaults(full=False)
    size.add_argument("--full", action="store_true", help="about twenty minutes in all")
    parser.add_argument("--seed", type=int, help="replay the decisions of an earlier run")
    parser.add_argument("--json", type=Path, default=Path("artifacts/reliability.json"), help="where the figures go")
    return parser


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever ends it, with what is torn down on the way
        signal.signal(number, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
