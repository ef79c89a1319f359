"""What a project is remembered by when the runtime folder is gone, or cannot be written."""

import pytest

from nexsock.daemon import recall
from nexsock.daemon.memory import Memory
from nexsock.model.project import Project, ProjectRef
from nexsock.store import store
from nexsock.store.writer import Writer

SHOP = recall.Remembered(
    ref=ProjectRef(directory="/shop"), project=Project(id="shop-1", name="shop", directory="/shop"), environ={}
)


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def remember(tmp_path, warnings):
    """`remember(folder)`: a memory that keeps what is wanted there."""

    def make(folder: str) -> Memory:
        kept = store.open_store(None, Writer(), warnings.append)
        return Memory(kept, f"{tmp_path}/{folder}", warnings.append)

    return make


def test_a_folder_that_was_cleared_away_is_made_anew(tmp_path, remember, warnings):
    remember("run/shop-1").keep(SHOP)
    assert (recall.load(f"{tmp_path}/run/shop-1"), warnings) == (SHOP, [])


def test_a_folder_that_cannot_be_made_is_told_of_and_stops_nobody(tmp_path, remember, warnings):
    (tmp_path / "file").touch()
    remember("file/shop-1").keep(SHOP)
    assert ["would go on with an older version" in told for told in warnings] == [True]
