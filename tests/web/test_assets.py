"""Files of the pages: named by content, with their type, compressed where it pays."""

import gzip

from nexsock.web.assets import Assets


def test_a_file_is_served_under_a_name_that_changes_with_its_content(tmp_path):
    (tmp_path / "page.css").write_text("a{}")
    first = Assets(str(tmp_path)).url("page.css")
    (tmp_path / "page.css").write_text("b{}")
    second = Assets(str(tmp_path)).url("page.css")
    assert first != second
    assert first.startswith("/static/page.")


def test_a_file_comes_in_the_best_coding_that_the_client_takes(tmp_path):
    (tmp_path / "page.js").write_text("let x;")
    (tmp_path / "page.js.br").write_bytes(b"brotli")
    assets = Assets(str(tmp_path))
    found = assets.at(assets.url("page.js"))
    assert found.type == "text/javascript; charset=utf-8"
    assert found.best("gzip, br") == ("br", b"brotli")
    assert found.best("br;q=0, gzip")[0] == "gzip"
    assert gzip.decompress(found.best("gzip")[1]) == b"let x;"
    assert found.best("identity") == ("", b"let x;")


def test_what_is_not_there_is_said_to_be_missing(tmp_path):
    (tmp_path / "notes.txt").write_text("not for browsers")
    assets = Assets(str(tmp_path))
    assert not assets.has("vendor/htmx.js")
    assert not assets.has("notes.txt")
    assert assets.at("/static/../assets.py") is None
