"""The process that loads and edits files for the daemon: `python -m nexsock.config.worker`.

Reads requests on stdin and writes one answer for each on stdout, which is the same socket, until stdin ends. Both are
packed (model.packed) with their length in front (4 bytes, big endian). A hostile file may exhaust or crash this
process; its parent has the deadline and starts another. Names no other room's code: the parent knows only how to start
it and these two messages.
"""

import gc
import os
import resource
import struct
import sys
from typing import BinaryIO

from nexsock import errors
from nexsock.config import edit, load, settings
from nexsock.model import packed
from nexsock.model.load import LoadAnswer, LoadRequest
from nexsock.model.problem import Problem

LENGTH = struct.Struct(">I")
MEMORY_BYTES = 1024**3
"""of address space; 1,000 services take a fifth of it, libraries included"""


def main() -> None:
    """Answer requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    gc.disable()
    gc.freeze()
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except ConnectionError:
        os._exit(0)  # who asked was killed, and nobody reads what is left to say


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer every request in a stream, in order. A stream that ends in the middle of a request ends quietly.

    Garbage is collected between answers: a load makes many nodes that all live, and looking through them again and
    again takes 40 % of its time.
    """
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        body = requests.read(*LENGTH.unpack(head))
        reply = packed.encode(answer(packed.decode(body, LoadRequest)))
        answers.write(LENGTH.pack(len(reply)) + reply)
        answers.flush()
        gc.collect()


def answer(request: LoadRequest) -> LoadAnswer:
    """What a request asks for, or what is wrong with its files."""
    try:
        if request.edit is not None:
            return LoadAnswer(edited=edit.apply(request.ref, request.edit, reserved=request.reserved))
        if request.look is not None:
            return LoadAnswer(definition=edit.look(request.ref, request.look, reserved=request.reserved))
        if request.settings is not None:
            return LoadAnswer(settings=settings.read(request.settings))
        return LoadAnswer(project=load.load(request.ref, reserved=request.reserved, uncloned=request.uncloned))
    except errors.NexsockError as error:
        problems = tuple(problem for problem in getattr(error, "problems", ()) if isinstance(problem, Problem))
        return LoadAnswer(message=error.message, hint=error.hint, problems=problems, code=error.code)


if __name__ == "__main__":
    main()
