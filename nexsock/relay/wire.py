"""What the relay and the brain say to each other. Packets are those of `keeper.channel`.

A request has `verb` and `id`; its answer is {"id", "ok": True, ...} or {"id", "ok": False, "kind", "errno", "subject"}
in the words of `keeper.wire`. A message without `id` is an event of the relay.

    verb      request                                                answer
    hello     version                                                version, pid, listens: [[project, listen] ...]
    open      ROUTE_FIELDS; a listening socket, where it has none    -   (a tunnel that is there is changed)
    close     listen                                                 -   (what is forwarded goes on until it ends)
    fetch     listen                                                 one descriptor, its listening socket
    figures   listens                                                figures: {listen: FIGURES}
    retire    -                                                      -   (nothing new; it ends with its last connection)

    event     fields
    dropped   listen, reason (one of REASONS), count, error: what stood in the way
    ssh       listen, text: how an ssh program ended

A relay without tunnels and connections ends.
"""

VERSION = 1

ROUTE_FIELDS = (
    "listen",  # port on 127.0.0.1; names the tunnel
    "project",
    "targets",  # list of [host, port], tried in this order
    "passes",  # False: who comes in waits
    "ssh",  # go to the last target through this host, "" for none
    "environment",  # of the ssh program
    "limit",  # connections that may wait
    "patience_s",  # how long each may
)
FIGURES = (
    "connections",  # that are being forwarded
    "waiting",
    "accepted",  # all since the tunnel was opened
    "dropped",
    "bytes_in",  # from the target
    "bytes_out",  # to the target
    "error",  # of the last try to get there, "" when it succeeded
)

TOO_MANY = "too_many"
TOO_LONG = "too_long"
REASONS = {TOO_MANY: "more than `limit` waited", TOO_LONG: "it has waited for `patience_s`"}
