"""The end of a run and whoever watches over it meet, whichever comes first."""

from nexsock.engines.exits import Exits
from nexsock.runtime.kept import Ended

END = Ended(instance="i1", pid=7, status=0, wall=1.0, monotonic=1.0)


def test_an_end_comes_to_its_watcher_once():
    exits, told = Exits(), []
    exits.watch("i1", told.append)
    exits.tell(END)
    exits.tell(END)
    assert told == [END]


def test_an_end_that_came_first_waits_for_its_watcher():
    exits, told = Exits(), []
    exits.tell(END)
    exits.watch("i1", told.append)
    assert told == [END]


def test_who_left_is_not_told():
    exits, told = Exits(), []
    exits.watch("i1", told.append)
    exits.leave("i1")
    exits.tell(END)
    assert told == []
