import errno
import os
import pathlib
import resource

import pytest

from nexsock.keeper import logfile, wire

BASE, RUN, LOST, FOUND = wire.FLAG_BASE, wire.FLAG_RUN, wire.FLAG_LOST, wire.FLAG_FOUND
OLDEST = wire.FLAG_OLDEST


def test_both_streams_go_into_one_file_in_the_order_of_arrival(service):
    service.log.begin_run()
    service.take(service.log, b"one\n")
    service.take(service.log, b"two\n", wire.STREAM_ERR)
    service.log.flush()
    assert service.text() == b"one\ntwo\n"
    assert service.rows() == [(0, 0, 1, BASE), (0, 0, 1, RUN), (0, 4, 1, 0), (4, 4, 1, 0)]
    assert [one["stream"] for one in service.records()[2:]] == [wire.STREAM_OUT, wire.STREAM_ERR]


def test_an_empty_fifo_is_said_so(service):
    with pytest.raises(BlockingIOError):
        service.log.take(service.stream.fileno(), wire.STREAM_OUT)


def test_chunks_that_arrive_together_share_a_record(service):
    for _ in range(10):
        service.take(service.log, b"x")
    service.log.flush()
    assert len(service.records()) < 10
    assert sum(one["length"] for one in service.records()) == 10


def test_a_run_without_output_has_its_separator(service):
    service.log.begin_run()
    service.log.flush()
    assert service.text() == b""
    assert service.rows() == [(0, 0, 1, BASE), (0, 0, 1, RUN)]


def test_a_silent_log_holds_no_descriptor(service):
    service.log.begin_run()
    before = len(os.listdir("/proc/self/fd"))
    service.log.flush()
    assert len(os.listdir("/proc/self/fd")) == before
    service.take(service.log, b"speaks")
    service.log.flush()
    assert service.rows()[1:] == [(0, 0, 1, RUN), (0, 6, 1, 0)]
    assert len(os.listdir("/proc/self/fd")) == before + 2


def test_the_next_run_goes_on_in_the_same_file(service):
    service.take(service.log, b"first\n")
    service.log.close()
    second = service.open_log(run=2)
    second.begin_run()
    service.take(second, b"second\n")
    second.close()
    assert service.text() == b"first\nsecond\n"
    assert service.rows()[2:] == [(0, 6, 1, 0), (6, 0, 2, RUN), (6, 7, 2, 0)]


def test_an_adopted_run_is_not_separated_again(service):
    service.log.begin_run()
    service.take(service.log, b"one\n")
    service.log.flush()
    heir = service.open_log()
    service.take(heir, b"two\n")
    heir.close()
    assert [row[3] for row in service.rows()] == [BASE, RUN, 0, 0]


def test_bytes_that_a_killed_keeper_did_not_index_are_found(service):
    service.log.begin_run()
    service.log.flush()
    service.take(service.log, b"lost keeper\n")
    heir = service.open_log()
    service.take(heir, b"next\n")
    heir.close()
    assert service.rows()[2:] == [(0, 12, 1, FOUND), (12, 5, 1, 0)]


def test_a_torn_last_record_is_written_over(service):
    service.take(service.log, b"one\n")
    service.log.flush()
    with service.index_path.open("ab") as index:
        index.write(b"torn")
    heir = service.open_log()
    service.take(heir, b"two\n")
    heir.close()
    assert sum(one["length"] for one in service.records()) == 8


def test_a_full_file_is_rotated_with_its_index_and_no_byte_is_lost(service):
    log = service.open_log(max_size=10, max_files=3)
    for text in (b"0123456789ab", b"second file ", b"third"):
        service.take(log, text)
    log.close()
    assert [service.text(2), service.text(1), service.text()] == [b"0123456789ab", b"second file ", b"third"]
    assert [service.rows(number)[0] for number in (2, 1, 0)] == [(0, 0, 1, BASE), (12, 0, 1, BASE), (24, 0, 1, BASE)]
    assert [row[3] for row in service.rows()] == [BASE, 0]


def test_the_oldest_file_is_dropped_and_the_rest_says_how_much(service):
    log = service.open_log(max_size=4, max_files=2)
    for text in (b"aaaa", b"bbbb", b"cccc"):
        service.take(log, text)
    log.close()
    assert sorted(path.name for path in service.folder.glob("web.log*")) == ["web.log", "web.log.1"]
    assert (service.text(1), service.rows(1)[0][0]) == (b"bbbb", 4)


def test_a_single_file_begins_anew(service):
    log = service.open_log(max_size=4, max_files=1)
    for text in (b"aaaa", b"bbbb"):
        service.take(log, text)
    log.close()
    assert sorted(path.name for path in service.folder.glob("web.log*")) == ["web.log"]
    assert service.text() == b"bbbb"


def test_who_is_told_to_keep_less_drops_what_is_too_much_with_the_next_rotation(service):
    log = service.open_log(max_size=4, max_files=4)
    for text in (b"aaaa", b"bbbb", b"cccc", b"dddd"):
        service.take(log, text)
    log.retain(8, 2)
    for text in (b"eeee", b"ffff"):
        service.take(log, text)
    log.close()
    assert sorted(path.name for path in service.folder.glob("web.*")) == [
        "web.idx", "web.idx.1", "web.log", "web.log.1", "web.out",
    ]  # fmt: skip
    assert (service.text(1), service.text()) == (b"ddddeeee", b"ffff")


@pytest.mark.parametrize("renames", range(5))
def test_a_rotation_that_was_cut_short_is_finished(tmp_path, renames):
    log, index = str(tmp_path / "web.log"), str(tmp_path / "web.idx")
    for number in ("", ".1"):
        for path in (log, index):
            pathlib.Path(path + number).write_text(f"pair{number}")
    steps = [(index + ".1", index + ".2"), (log + ".1", log + ".2"), (index, index + ".1"), (log, log + ".1")]
    for before, after in steps[:renames]:
        os.replace(before, after)
    logfile.finish_step(log, index, 0)
    logfile.make_room(log, index, 5)
    logs = {path.name.replace("log", "idx"): path.read_text() for path in tmp_path.glob("web.log.*")}
    assert logs == {path.name: path.read_text() for path in tmp_path.glob("web.idx.*")}
    assert sorted(logs.values()) == ["pair", "pair.1"]


@pytest.fixture
def small_disk():
    """Files of this process may have 8 bytes: what is more fails like a full disk (and raises no signal in Python)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_costs_bytes_that_are_counted_and_then_it_goes_on(service, small_disk):
    service.take(service.log, b"kept....")
    small_disk(8)
    service.take(service.log, b"lost")
    service.take(service.log, b"lost too", wire.STREAM_ERR)
    service.log.flush()
    small_disk(resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    service.take(service.log, b"again")
    service.log.flush()
    assert service.text() == b"kept....again"
    assert [row[1:] for row in service.rows()[2:] if row[3] != BASE] == [(8, 1, FOUND), (12, 1, LOST), (5, 1, 0)]


def test_a_log_that_cannot_be_made_costs_bytes_and_not_the_service(service):
    service.log.begin_run()
    service.log_path.mkdir()
    service.take(service.log, b"lost")
    service.log_path.rmdir()
    service.take(service.log, b"kept")
    service.log.flush()
    assert service.text() == b"kept"
    assert [row[3] for row in service.rows()] == [BASE, RUN, LOST, 0]


def test_a_log_that_somebody_removed_is_made_again(service):
    service.take(service.log, b"gone")
    service.log.flush()
    service.log_path.unlink()
    service.log.flush()
    service.take(service.log, b"new")
    service.log.flush()
    assert service.text() == b"new"
    assert service.rows()[0] == (4, 0, 1, BASE)


def test_a_log_that_is_emptied_while_it_is_written_has_no_hole(service):
    service.take(service.log, b"gone")
    service.log.flush()
    os.truncate(service.log_path, 0)
    service.take(service.log, b"new")
    service.log.flush()
    assert service.text() == b"new"
    assert service.rows()[0] == (4, 0, 1, BASE)


def test_a_log_that_somebody_emptied_has_no_hole(service):
    service.take(service.log, b"gone")
    service.log.flush()
    os.truncate(service.log_path, 0)
    service.log.flush()
    service.take(service.log, b"new")
    service.log.flush()
    assert service.text() == b"new"


def test_log_and_index_are_private(service):
    service.log.flush()
    assert {path.stat().st_mode & 0o777 for path in (service.log_path, service.index_path)} == {0o600}


def test_an_index_whose_log_was_dropped_already_is_given_to_no_other(tmp_path):
    log, index = str(tmp_path / "web.log"), str(tmp_path / "web.idx")
    for name in ("web.log", "web.idx", "web.log.1", "web.idx.1", "web.idx.2"):
        (tmp_path / name).write_text(name)
    logfile.make_room(log, index, 3)
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert left == {"web.log.1": "web.log", "web.idx.1": "web.idx", "web.log.2": "web.log.1", "web.idx.2": "web.idx.1"}


class SmallDisk(logfile.LogFile):
    """A log on a disk that has room for so many bytes of logs."""

    room = 10_000

    def _move(self, fifo, stream, limit):
        self._ready()
        folder = pathlib.Path(self.log_path).parent
        left = self.room - sum(path.stat().st_size for path in folder.glob("web.log*"))
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super()._move(fifo, stream, min(limit, left))


def on_small_disk(service, *, room, max_size, max_files):
    log = SmallDisk(str(service.log_path), str(service.index_path), max_size, max_files, 1)
    log.room = room
    return log


def write_through(service, log, data):
    """Have the log take all of it, in as many moves as the disk needs."""
    service.write(data)
    left = len(data)
    while left:
        left -= log.take(service.stream.fileno(), wire.STREAM_OUT)


def kept(service, files):
    return b"".join(service.text(number) for number in range(files - 1, -1, -1) if _there(service, number))


def _there(service, number):
    return (service.log_path if not number else service.log_path.with_name(f"web.log.{number}")).exists()


def test_on_a_full_disk_the_oldest_file_is_dropped_and_what_is_new_is_kept(service):
    log = on_small_disk(service, room=30, max_size=10, max_files=9)
    for letter in b"abcde":
        write_through(service, log, bytes([letter]) * 10)
    log.close()
    assert kept(service, 9) == b"c" * 10 + b"d" * 10 + b"e" * 10


def test_what_was_dropped_on_a_full_disk_is_stated_where_it_happened(service):
    log = on_small_disk(service, room=20, max_size=10, max_files=9)
    for letter in b"abc":
        write_through(service, log, bytes([letter]) * 10)
    log.close()
    assert service.rows() == [(20, 0, 1, BASE), (0, 10, 1, LOST | OLDEST), (0, 10, 1, 0)]
    assert service.rows(1)[0] == (10, 0, 1, BASE)


def test_on_a_full_disk_a_log_of_one_file_begins_anew_in_smaller_files(service):
    half = logfile.WORTH_BYTES // 2
    log = on_small_disk(service, room=8 * half, max_size=100 * half, max_files=9)
    for letter in b"abcdefghijklmnopq":
        write_through(service, log, bytes([letter]) * half)
    log.close()
    assert kept(service, 9) == b"".join(bytes([letter]) * half for letter in b"klmnopq")


def test_a_disk_that_others_have_filled_costs_what_is_new_and_not_a_small_log(service):
    log = on_small_disk(service, room=4, max_size=10, max_files=9)
    write_through(service, log, b"oldnew")
    log.close()
    assert service.text() == b"oldn"
    assert service.rows()[-1] == (4, 2, 1, LOST)


def test_a_log_of_one_file_goes_on_when_the_disk_is_full(service):
    log = on_small_disk(service, room=logfile.WORTH_BYTES, max_size=0, max_files=1)
    write_through(service, log, b"a" * (logfile.WORTH_BYTES - 2))
    write_through(service, log, b"bbbb")
    log.close()
    assert service.text() == b"bb"
    assert sum(row[1] for row in service.rows() if row[3] & OLDEST) == logfile.WORTH_BYTES
