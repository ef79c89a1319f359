"""The command line of a keeper, built in one way by whoever starts one: a client, or a brain that has lost its own."""


def keeper_argv(
    python: str,
    root: str,
    runtime_dir: str,
    brain_argv: list[str],
    *,
    log_path: str = "",
    detach: bool = False,
    heir_of: int = 0,
    descriptors: int = 0,
) -> list[str]:
    """The argv that runs a keeper.

    Args:
        python: the interpreter; it is run isolated and without site, which halves start time and memory.
        root: the folder that holds the package `nexsock`.
        runtime_dir: an existing private folder; the lock is `daemon.lock` in it.
        brain_argv: what the keeper runs as the daemon, with "3" and "4" appended: the numbers of the descriptors of
            the channel and of the lock.
        log_path: where standard output and error of keeper and brain go; "": where they go now.
        detach: take the lock, then go on in the background; the started process ends with 0 when that is done, also
            when somebody else holds the lock.
        heir_of: pid of the brain that starts it with its channel at descriptor 3 and the lock at 4.
        descriptors: the soft limit on open descriptors that services get; 0: the keeper's own.
    """
    options = [f"lock={runtime_dir}/daemon.lock"]
    if log_path:
        options.append(f"log={log_path}")
    if detach:
        options.append("detach=1")
    if descriptors:
        options.append(f"descriptors={descriptors}")
    if heir_of:
        options.append(f"heir-of={heir_of}")
    code = f"import sys; sys.path.insert(0, {root!r}); from nexsock.keeper import main; main.run(sys.argv[1:])"
    return [python, "-I", "-S", "-c", code, *options, "--", *brain_argv]
