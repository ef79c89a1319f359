"""The relay's process. Its command line is made by launch."""

import _socket
import gc
import os
import resource

from nexsock.keeper.linux import signal
from nexsock.relay.launch import DESCRIPTOR
from nexsock.relay.relay import Relay


def run(folder: str) -> None:
    """Be the relay until nothing is left to forward."""
    os.chdir(folder)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(DESCRIPTOR, False)
    relay = Relay(_socket.socket(fileno=DESCRIPTOR), folder)
    gc.freeze()
    relay.run()
