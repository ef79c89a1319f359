"""The one thread that writes to disk, for every store of the daemon, so that the event loop never waits for a disk.

It sleeps until something changed, waits a moment for more, and then lets each changed store write itself once.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

BATCH_S = 0.25
"""How long changes are gathered before they are written: two hundred services that start are two writes. Nothing is
lost with a brain in between, because the keeper's table is the truth, and whoever needs more waits for `barrier`."""


RETRY_S = 2.0
"""How long to wait before a disk that has refused is asked again, where nothing else is to be written before."""

Job: TypeAlias = Callable[[], bool]
"""Writes something; False: the disk has refused it, and it wants to be run again."""


class Writer:
    """Runs jobs (the write of a store) one after the other in its own thread, which starts with the first.

    A job handles what the world may do to it. What it raises all the same is a fault of ours: whoever waits for it
    gets it, and so does every later caller, because nothing more is known to be written.
    """

    def __init__(self, batch_s: float = BATCH_S, retry_s: float = RETRY_S) -> None:
        self._batch_s = batch_s
        self._retry_s = retry_s
        self._wake = threading.Condition()
        self._jobs: dict[Job, list[Future[None]]] = {}
        self._refused: set[Job] = set()
        self._urgent = False
        self._closing = False
        self._fault: BaseException | None = None
        self._thread: threading.Thread | None = None

    def later(self, job: Job) -> None:
        """Run `job` with the next batch; asked for again before that, it still runs once."""
        if job not in self._jobs:
            self._add(job, None)

    def now(self, job: Job) -> "Future[None]":
        """Run `job` at once, after what is running; the future is done when it has run, or has what it raised."""
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # from here on a waiter that gives up cannot disturb the thread
        self._add(job, done)
        return done

    def close(self) -> None:
        """Run what is waiting, then end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread:
            self._thread.join()

    def _add(self, job: Job, done: "Future[None] | None") -> None:
        with self._wake:
            if self._fault:
                raise self._fault
            if self._closing:
                raise RuntimeError("the writer is closed")
            waiting = self._jobs.setdefault(job, [])
            if done:
                waiting.append(done)
                self._urgent = True
            if not self._thread:
                self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while jobs := self._next_batch():
            for job, waiting in jobs.items():
                self._run_one(job, waiting)

    def _run_one(self, job: Job, waiting: "list[Future[None]]") -> None:
        try:
            written = job()
        except BaseException as error:
            self._fault = error
            for done in waiting:
                done.set_exception(error)
        else:
            if not written:
                self._refused.add(job)
            for done in waiting:
                done.set_result(None)

    def _next_batch(self) -> dict[Job, "list[Future[None]]"]:
        """What is to run now, with what was refused before; empty when the writer is closed."""
        with self._wake:
            self._wake.wait_for(lambda: self._jobs or self._closing, self._retry_s if self._refused else None)
            self._wake.wait_for(lambda: self._urgent or self._closing, self._batch_s)
            if self._closing and not self._jobs:
                return {}
            jobs = {job: list[Future[None]]() for job in self._refused} | self._jobs
            self._jobs, self._refused, self._urgent = {}, set(), False
        return jobs
