from nexsock.views import table


def test_columns_are_as_wide_as_their_widest_cell():
    assert table.render(("A", "LONG", "C"), [["xxx", "1", "z"], ["y", "22222", ""]], colour=False) == (
        "A    LONG   C\nxxx  1      z\ny    22222\n"
    )


def test_coloured_and_wide_cells_keep_the_columns():
    drawn = table.render(("N", "V"), [["\x1b[31mab\x1b[0m", "1"], ["日本", "2"]], colour=False)
    assert drawn == "N     V\n\x1b[31mab\x1b[0m    1\n日本  2\n"


def test_only_the_last_cell_gives_way():
    assert table.render(("", ""), [["name", "a long sentence"]], colour=False, columns=16) == "name  a long se…\n"


def test_the_last_cell_keeps_eight_columns_on_the_narrowest_terminal():
    assert table.render(("", ""), [["name", "a long sentence"]], colour=False, columns=3) == "name  a long…\n"


PS = ("NAME", "HEALTH", "PID", "RESTARTS", "REASON")
FAILED = [["web", "\x1b[2m-\x1b[0m", "4711", "0", ""], ["api", "-", "-", "0", "exited with 3, given up after 5 runs"]]


def test_on_a_narrow_terminal_columns_that_say_nothing_are_left_out():
    assert table.render(PS, FAILED, colour=False, columns=40) == (
        "NAME  PID   REASON\nweb   4711\napi   -     exited with 3, given up aft…\n"
    )
    assert "RESTARTS" in table.render(PS, FAILED, colour=False, columns=80)
    assert "RESTARTS" in table.render(PS, FAILED, colour=False)


def test_on_a_narrower_one_the_last_columns_stand_below_and_are_whole():
    assert table.render(PS, FAILED, colour=False, columns=30) == (
        "NAME  PID\n    REASON\nweb   4711\napi   -\n    exited with 3, given up\n    after 5 runs\n"
    )


def test_each_row_comes_with_what_stands_below_it():
    assert table.lines(PS, FAILED, colour=False, columns=30)[2] == (
        "api   -\n    exited with 3, given up\n    after 5 runs\n"
    )


def test_a_table_without_headings_has_only_its_rows():
    assert table.render(("", ""), [["a", "b"]], colour=False) == "a  b\n"


def test_pairs_leave_out_what_has_no_value():
    assert table.pairs([("pid", "12"), ("git", ""), ("command", "run")], colour=False) == (
        "  pid      12\n  command  run\n"
    )


STEERING = "a\x1b[2J\x1b]0;title\x07b\nc"
"""What a folder, a branch or a plugin may be called."""


def test_no_cell_steers_the_terminal():
    assert table.render(("", ""), [[STEERING, "1"], ["x", STEERING]], colour=False) == "ab c  1\nx     ab c\n"


def test_no_value_of_a_pair_steers_the_terminal():
    assert table.pairs([("directory", STEERING)], colour=False) == "  directory  ab c\n"
