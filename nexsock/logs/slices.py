"""Which bytes of which log files a run wrote."""

from collections.abc import Iterable
from contextlib import closing

from nexsock.logs import files
from nexsock.logs.files import END
from nexsock.logs.history import History
from nexsock.model.log import LogSlice


def of_runs(folder: str, service: str, runs: Iterable[int]) -> dict[int, tuple[LogSlice, ...]]:
    """The slices of each run, oldest first; none where it wrote nothing, or where all of it was dropped.

    Args:
        folder: where the logs of the project are (places.Places.project_logs).
    """
    with closing(History(folder, service)) as history:
        paths = [files.path_of(folder, service, one) for one in history.files]
        return {run: tuple(_of_run(history, paths, run)) for run in runs}


def _of_run(history: History, paths: list[str | None], run: int) -> Iterable[LogSlice]:
    begin, stop = history.of_run(run)
    for number in range(begin.file, stop.file + 1):
        file = history.file(number)
        path = paths[number] if number < len(paths) else None
        if file is None or path is None:
            continue
        start = begin.offset if number == begin.file else 0
        end = file.offset_of(stop.record if number == stop.file else END)
        if start < end:
            yield LogSlice(path=path, start=start, end=end)
