import os

from nexsock.runtime import lock


def test_only_one_can_hold_the_lock(tmp_path):
    first = lock.take(str(tmp_path / "lock"))
    assert first is not None
    assert lock.take(str(tmp_path / "lock")) is None
    os.close(first)


def test_a_copy_holds_the_lock_when_the_first_descriptor_is_closed(tmp_path):
    first = lock.take(str(tmp_path / "lock"))
    copy = os.dup(first)
    os.close(first)
    assert lock.take(str(tmp_path / "lock")) is None
    os.close(copy)
    again = lock.take(str(tmp_path / "lock"))
    assert again is not None
    os.close(again)


def test_a_lock_whose_name_is_gone_or_another_files_is_noticed(tmp_path):
    path = tmp_path / "lock"
    held = lock.take(str(path))
    assert lock.still_named(held, str(path))
    path.unlink()
    assert not lock.still_named(held, str(path))
    path.touch()
    assert not lock.still_named(held, str(path))
    os.close(held)
