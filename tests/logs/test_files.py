"""Finding the files of a service while the keeper renames them."""

import os
from pathlib import Path

from nexsock.logs import files


def test_services_are_those_that_have_a_log(tmp_path, kept_log):
    kept_log("web").rotate()
    kept_log("my.api")
    assert files.services(str(tmp_path)) == ["my.api", "web"]
    assert files.services(str(tmp_path / "missing")) == []


def test_files_are_listed_oldest_first_whatever_gaps_their_numbers_have(tmp_path, web):
    for second in range(3):
        web.write(b"%d" % second, at=float(second + 2))
        web.rotate()
    (tmp_path / "web.log.2").unlink()
    found = [identity.inode for identity in files.kept(str(tmp_path), "web")]
    assert found == [os.stat(tmp_path / name).st_ino for name in ("web.log.3", "web.log.1", "web.log")]


def test_file_is_found_by_inode_after_rotation_has_renamed_it(tmp_path, web):
    web.write(b"moved", at=2.0)
    wanted = files.kept(str(tmp_path), "web")[0]
    web.rotate()
    web.rotate()
    opened = files.open_file(str(tmp_path), "web", wanted)
    assert b"".join(opened.read(0, opened.size)) == b"moved"
    assert opened.index.count == 3
    opened.close()


def test_dropped_file_is_not_found_though_its_inode_is_given_to_the_next_one(tmp_path, web):
    web.write(b"dropped", at=2.0)
    wanted = files.kept(str(tmp_path), "web")[0]
    web.rotate(keep=1)
    assert files.open_file(str(tmp_path), "web", wanted) is None


def test_rotated_file_without_an_index_is_not_taken_for_another_that_has_its_inode(tmp_path, web):
    web.write(b"dropped", at=2.0)
    web.rotate(keep=3)
    (tmp_path / "web.idx.1").unlink()
    wanted = files.kept(str(tmp_path), "web")[0]
    assert files.open_file(str(tmp_path), "web", wanted)
    os.utime(tmp_path / "web.log.1", ns=(5, 5))
    assert files.open_file(str(tmp_path), "web", wanted) is None


def test_files_of_services_with_similar_names_are_not_mixed(tmp_path, kept_log):
    kept_log("web")
    kept_log("web.log")
    kept_log("web-2").rotate()
    assert len(files.kept(str(tmp_path), "web")) == 1


def test_symbolic_link_is_not_followed(tmp_path, web):
    (tmp_path / "evil.log").symlink_to(tmp_path / "web.log")
    assert files.kept(str(tmp_path), "evil") == []


def test_cut_short_file_ends_where_it_ends(tmp_path, web):
    web.write(b"x" * 10, at=2.0)
    opened = files.open_file(str(tmp_path), "web", files.kept(str(tmp_path), "web")[0])
    Path(web.log_path).write_bytes(b"abc")
    assert b"".join(opened.read(0, 10)) == b"abc"
    opened.close()
