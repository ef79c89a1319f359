"""What the keeper and the brain say to each other, and what the keeper writes beside a log file.

Both sides import this; nothing here touches a file or a socket (see channel).

Messages
    One packet of a SOCK_SEQPACKET pair is one message: a dict of plain values, as `marshal` version 2 (which every
    Python 3 reads; it needs no import, where `json` costs the keeper 1.2 MiB and 14 ms). The two ends are one
    user's two processes with nobody between them. The packet begins with two bytes: VERSION, then INLINE
    or IN_MEMFD; in the latter case the body is in the last descriptor of the packet, because it is large.

    A request has `verb` and `id`; its answer is {"id", "ok": True, ...} or {"id", "ok": False, "kind", "errno",
    "subject"} with one of the KINDS below. A message without `id` is an event of the keeper.

    verb          request                                             answer
    hello         -                                                   version, pid (the keeper's)
    spawn         SPAWN_FIELDS                                        pid, start_ticks, boot_id, repeated
    adopt         KEPT_FIELDS, perhaps a pidfd of it                  watched: False if it is gone; exited follows
    signal        instance, signal, group                             delivered: False if it has ended
    list          -                                                   kept: [KEPT_FIELDS ...]
    acknowledge   instance                                            -
    flush         instance                                            size: of the log file, all readable bytes moved
    notice        instance                                            - (one `grew` follows, when its log has grown)
    rotate        instance                                            -
    retain        instance, max_size, max_files                       -
    close         instance, which must have ended                     -  (its FIFOs are removed)
    store         name, one descriptor                                -
    fetch         name                                                one descriptor
    drop          name                                                -
    stored        -                                                   names
    serving       -                                                   -  (the brain has come up, clients are served)
    stop          -                                                   -  (then the keeper ends; services stay)

    event         fields
    exited        EXIT_FIELDS; repeated to every new brain until acknowledged
    grew          instance; only after notice, once for each
    terminate     - (the keeper was asked to end by SIGTERM or SIGINT; the brain decides, then says stop)

Log and index
    `<name>.log` holds the plain bytes of both streams in the order of arrival; `<name>.idx` beside it one
    INDEX_RECORD for each chunk that was moved. Rotation renames index, then log, to `<name>.idx.1`, `<name>.log.1`
    and so on up to the last number kept; `max_files` counts the current file too. Numbers may have a gap. A reader
    opens the index, then the log, and opens both anew if the index path then names another file.
"""

import marshal
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]
else:
    Message = dict

VERSION = 1
INLINE = 0
IN_MEMFD = 1
INLINE_LIMIT = 64 * 1024
"""Bytes of a packet; a SEQPACKET packet must fit in the send buffer (net.core.wmem_default, 208 KiB)."""

# ------------------------------------------------------------------------------------------------ index

INDEX_RECORD = struct.Struct("<QQIIBB6x")
"""32 bytes, little endian: offset, wall time (ns since 1970), length, run number, stream, flags, 6 zero bytes.

offset and length are bytes in the log file of the same number; records are in order of offset. A torn last record
(size not a multiple of 32) is ignored, as is what points past the end of the log (a power cut)."""

STREAM_UNKNOWN, STREAM_OUT, STREAM_ERR = 0, 1, 2

FLAG_RUN = 1
"""A run begins here. length 0; time is that of the spawn. Not in the log file: views draw the line themselves."""
FLAG_LOST = 2
"""`length` bytes were read and could not be written (disk full). They are not in the file; offset is where they were
due. More than 4 GiB are several records."""
FLAG_OLDEST = 16
"""Beside LOST: the `length` bytes are not those that were due here but the oldest that were kept, dropped at that time
to make room on a full disk."""
FLAG_FOUND = 4
"""Bytes that were in the file but not in the index after a crash: the time is when they were found, the stream is
STREAM_UNKNOWN."""
FLAG_BASE = 8
"""First record of every index file. length 0; offset is how many bytes this service wrote to earlier files since
its log began, so that of the oldest kept file is what rotation has dropped."""


def index_record(offset: int, time_ns: int, length: int, run: int, stream: int, flags: int = 0) -> bytes:
    return INDEX_RECORD.pack(offset, time_ns, length, run, stream, flags)


# --------------------------------------------------------------------------------------------- messages

SPAWN_FIELDS = (
    "instance",  # unique for each run; the same instance again is answered with the first's pid
    "project",
    "service",
    "run",  # number, 1 to 2**32 - 1
    "argv",  # list, not empty; argv[0] without "/" is looked up in PATH of `environment`, from `cwd`
    "cwd",  # absolute folder
    "environment",  # the whole of it
    "limits",  # those that it has of its own: nice, nofile, memory (bytes)
    "stdin",  # a path to open for reading, where there is no terminal
    "stdout_fifo",  # made by the keeper, removed by close
    "stderr_fifo",  # the same path as stdout_fifo: one stream
    "log_path",
    "index_path",
    "terminal",  # name in the vault of the master of its terminal, which is its input and output; "": it has none
    "max_size",  # bytes after which the log is rotated; 0: never
    "max_files",  # log files kept, the current one included; 1 or more
    "note",  # text for the brain's own use
)
KEPT_FIELDS = (
    *(name for name in SPAWN_FIELDS if name not in ("argv", "cwd", "environment", "limits", "stdin")),
    "pid",
    "start_ticks",  # field 22 of /proc/PID/stat: with pid and boot id it names one process for ever
    "exit",  # None while the main process lives, else a dict of EXIT_FIELDS
    "acknowledged",  # its exit
)
"""What list tells of each instance is what adopt takes: so a brain knows all that the next keeper must know."""

EXIT_FIELDS = (
    "instance",
    "pid",
    "status",  # exit code, or minus the signal; None: nobody could know
    "wall",  # seconds since 1970
    "monotonic",  # seconds of CLOCK_MONOTONIC
)

PROGRAM_MISSING = "program"
INTERPRETER_MISSING = "interpreter"
NOT_EXECUTABLE = "not_executable"
PERMISSION = "permission"
WORKING_DIR = "working_dir"
STREAMS = "streams"
LIMITS = "limits"
RESOURCES = "resources"
REQUEST = "request"
UNKNOWN_INSTANCE = "unknown_instance"
OTHER = "other"

KINDS = {
    PROGRAM_MISSING: "no such program in its folder or on PATH",
    INTERPRETER_MISSING: "the program is there, the interpreter of its first line or its loader is not",
    NOT_EXECUTABLE: "neither a binary for this machine nor a script with #!",
    PERMISSION: "the user may not run it or enter the folder",
    WORKING_DIR: "the folder is missing or not a folder",
    STREAMS: "the FIFO, log or index cannot be made or opened",
    LIMITS: "the user may not set this limit; the subject is its name and number",
    RESOURCES: "processes, memory or descriptors are short; worth another try",
    REQUEST: "the request cannot be meant: a field is missing or of the wrong kind",
    UNKNOWN_INSTANCE: "nothing is kept under this name",
    OTHER: "see errno",
}


class Refusal(Exception):
    """A request that was not done; `kind` is one of KINDS, `subject` the path or name that it is about."""

    def __init__(self, kind: str, number: int, subject: str) -> None:
        super().__init__(f"{kind}: {subject}: {os.strerror(number)}")
        self.kind = kind
        self.number = number
        self.subject = subject


class WireError(Exception):
    """A packet that is not a message of this version."""


def encode(message: "Message") -> bytes:
    """The body of a message, without the two leading bytes."""
    return marshal.dumps(message, 2)


def decode(body: bytes) -> "Message":
    """The message of a body.

    Raises:
        WireError: it is not one.
    """
    try:
        message = marshal.loads(body)  # noqa: S302 the peer is our own other half, see above
    except (EOFError, ValueError, TypeError) as error:
        raise WireError(f"a packet of {len(body)} bytes is no message: {error}") from error
    if not isinstance(message, dict):
        raise WireError(f"a packet holds {type(message).__name__}, not a dict")
    return message
