import pytest

from nexsock import errors
from nexsock.cli import keys


@pytest.mark.parametrize(
    ("text", "sequence"),
    [
        (keys.DETACH, b"\x10\x11"),
        ("ctrl-],q", b"\x1dq"),
        ("ctrl-@", b"\0"),
        ("ctrl-A,~", b"\x01~"),
    ],
)
def test_keys_are_characters_and_control_characters(text, sequence):
    assert keys.parse(text) == sequence


@pytest.mark.parametrize("text", ["", "ctrl-", "ctrl-1", "ab", "ctrl-p,,q", "é", "alt-x"])
def test_what_is_no_key_is_said_so(text):
    with pytest.raises(errors.UsageError, match="has no key in"):
        keys.parse(text)


@pytest.mark.parametrize(
    ("typed", "passed", "leaves"),
    [
        ((b"ls\r",), b"ls\r", False),
        ((b"\x10\x11",), b"", True),
        ((b"a\x10", b"\x11b"), b"a", True),
        ((b"\x10", b"x"), b"\x10x", False),
        ((b"\x10\x10\x11",), b"\x10", True),
    ],
)
def test_all_passes_but_the_sequence(typed, passed, leaves):
    watch = keys.Watch(b"\x10\x11")
    fed = [watch.feed(piece) for piece in typed]
    assert (b"".join(one for one, _ in fed), fed[-1][1]) == (passed, leaves)


def test_what_may_be_the_beginning_is_held_until_it_is_released():
    watch = keys.Watch(b"\x10\x11")
    assert watch.feed(b"a\x10") == (b"a", False)
    assert (watch.held, watch.release(), watch.held) == (b"\x10", b"\x10", b"")
    assert watch.feed(b"\x11") == (b"\x11", False)
