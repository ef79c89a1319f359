from nexsock.logs import batches
from nexsock.model.log import LogLine


def lines(count, length):
    return [
        LogLine(at=float(number), service="web", run=1, stream="stdout", text="x" * length) for number in range(count)
    ]


def test_all_lines_come_in_order():
    given = lines(3 * batches.LINES + 1, 1)
    assert [line for batch in batches.batches(given) for line in batch] == given


def test_short_lines_are_many_in_a_batch():
    assert [len(batch) for batch in batches.batches(lines(2 * batches.LINES, 1))] == [batches.LINES] * 2


def test_long_lines_are_few_in_a_batch():
    assert {len(batch) for batch in batches.batches(lines(16, 64 * 1024))} == {4}


def test_no_lines_are_no_batch():
    assert list(batches.batches([])) == []
