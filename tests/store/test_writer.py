"""The writing thread: batches, answers barriers, idles without waking."""

import threading

import pytest

from nexsock.store.writer import Writer

FOREVER_S = 3600.0


class Job:
    """Counts its runs; waits for `gate` in each. The first runs are refused."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.runs = 0
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

    def write(self) -> bool:
        self.begun.set()
        self.gate.wait(10)
        self.runs += 1
        return self.runs > self.refusals


def test_many_changes_are_one_run():
    writer, job = Writer(FOREVER_S), Job()
    for _ in range(100):
        writer.later(job.write)
    writer.now(job.write).result(10)
    assert job.runs == 1
    writer.close()


def test_changes_are_written_after_the_batch_time_without_being_asked():
    writer, job = Writer(0.001), Job()
    writer.later(job.write)
    assert job.begun.wait(10)
    writer.close()


def test_barrier_does_not_wait_for_the_batch_time():
    writer, job = Writer(FOREVER_S), Job()
    writer.later(job.write)
    writer.now(job.write).result(10)
    assert job.runs == 1
    writer.close()


def test_change_during_a_run_is_another_run():
    writer, job = Writer(0), Job()
    job.gate.clear()
    first = writer.now(job.write)
    assert job.begun.wait(10)
    second = writer.now(job.write)
    job.gate.set()
    first.result(10)
    second.result(10)
    assert job.runs == 2
    writer.close()


def test_what_the_disk_refuses_is_tried_again_until_it_is_taken():
    writer, job = Writer(0, retry_s=0.001), Job(refusals=3)
    writer.later(job.write)
    other = Job()
    while job.runs < 4:
        writer.now(other.write).result(10)
    writer.close()
    assert job.runs == 4


def test_what_was_refused_does_not_keep_a_writer_from_closing():
    writer, job = Writer(0, retry_s=FOREVER_S), Job(refusals=100)
    writer.now(job.write).result(10)
    writer.close()
    assert job.runs == 1


def test_closing_runs_what_is_waiting():
    writer, job = Writer(FOREVER_S), Job()
    writer.later(job.write)
    writer.close()
    assert job.runs == 1


def test_closed_writer_takes_nothing_more():
    writer = Writer()
    writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        writer.later(Job().write)


def test_waiter_that_gave_up_does_not_disturb_the_thread():
    writer, job = Writer(0), Job()
    job.gate.clear()
    abandoned = writer.now(job.write)
    assert not abandoned.cancel()
    job.gate.set()
    writer.now(job.write).result(10)
    writer.close()


def test_fault_in_a_job_reaches_who_waits_and_everyone_later():
    writer, job = Writer(0), Job()

    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        writer.now(broken).result(10)
    with pytest.raises(ZeroDivisionError):
        writer.later(job.write)
    writer.close()


def test_no_thread_runs_before_the_first_change():
    before = threading.active_count()
    writer = Writer()
    assert threading.active_count() == before
    writer.close()
