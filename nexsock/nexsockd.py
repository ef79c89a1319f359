"""The program `nexsockd`: the keeper and its brain, in the foreground for systemd and containers, or detached.

    nexsockd [--detach] [--listen tcp://127.0.0.1:PORT [--listen-anywhere]] [--version]

Every command of `nexsock` starts it by itself when it does not run. Wires rooms together; holds no logic of its own.
"""

import argparse
import functools
import gc
import os
import sys

import nexsock
from nexsock import places as folders
from nexsock.client import starter


def main() -> None:
    """Become the keeper, which starts the brain: this program again, with --brain."""
    options = _parser().parse_args()
    places = folders.from_environ(os.environ, os.getuid())
    if options.brain:
        _be_brain(places, options)
        return
    try:
        folders.make_private(places.runtime_dir, os.getuid())
        folders.make_private(places.state_dir, os.getuid())
    except OSError as error:
        sys.exit(f"error: {error}")
    argv = starter.daemon_argv(places, _brain_options(options), detach=options.detach)
    os.execv(argv[0], argv)  # noqa: S606 the keeper takes our place


def _be_brain(places: folders.Places, options: argparse.Namespace) -> None:
    gc.disable()
    from nexsock.daemon.worker import Worker

    worker = None if places.remembered() else Worker()  # somebody has just started us, to bring something up
    from nexsock.daemon import brain

    gc.freeze()  # modules are never garbage: looking through them for some takes a tenth of the time they need
    gc.enable()
    channel, lock = options.brain
    brain.main(
        places,
        channel,
        lock,
        keeper_argv=functools.partial(starter.heir_argv, places, _brain_options(options)),
        worker=worker,
        tcp=options.listen,
        anywhere=options.listen_anywhere,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nexsockd", description="Keeps the services of nexsock.", allow_abbrev=False)
    parser.add_argument("--detach", action="store_true", help="go on in the background; the log is in the state folder")
    parser.add_argument("--listen", metavar="ADDRESS", default="", help="serve tcp://127.0.0.1:PORT too, with a token")
    parser.add_argument("--listen-anywhere", action="store_true", help="allow --listen an address others can reach")
    parser.add_argument("--version", action="version", version=f"nexsockd {nexsock.__version__}")
    parser.add_argument("--brain", nargs=2, type=int, metavar=("CHANNEL", "LOCK"), help=argparse.SUPPRESS)
    return parser


def _brain_options(options: argparse.Namespace) -> tuple[str, ...]:
    listening = ("--listen", options.listen) if options.listen else ()
    return (*listening, *(("--listen-anywhere",) if options.listen_anywhere else ()))


if __name__ == "__main__":
    main()
