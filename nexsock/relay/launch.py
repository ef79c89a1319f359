"""The command line of a relay, and the name at which it is found: for whoever starts one, or looks for one."""

CONTROL = "relay.sock"
"""The name of the socket at which brains come in, in the folder of the relay."""
DESCRIPTOR = 3
"""The same socket, as it is handed to a relay."""


def relay_argv(python: str, root: str, folder: str) -> list[str]:
    """The argv that runs a relay.

    Args:
        python: the interpreter; it is run isolated and without site, which halves start time and memory.
        root: the folder that holds the package `nexsock`.
        folder: a private folder, in which the socket behind DESCRIPTOR has the name CONTROL.
    """
    code = f"import sys; sys.path.insert(0, {root!r}); from nexsock.relay import main; main.run(sys.argv[1])"
    return [python, "-I", "-S", "-c", code, folder]
