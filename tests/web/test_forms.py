"""Forms as the structs that JSON gives, too."""

import msgspec
import pytest

from nexsock.web import forms
from nexsock.web.api import asked


def test_a_form_says_the_same_as_json():
    fields = {
        "csrf": ["c"],
        "fields.environment.PORT": ["3001"],
        "fields.command": [""],
        "unset": ["ports", ""],
        "digest": ["d"],
        "apply": ["false"],
    }
    assert forms.convert(fields, asked.Updated) == asked.Updated(
        fields={"environment.PORT": "3001", "command": ""}, unset=("ports",), digest="d", apply=False
    )


def test_numbers_are_read_and_what_is_empty_is_left_out():
    assert forms.convert({"grace_s": ["2.5"]}, asked.Ended) == asked.Ended(grace_s=2.5)
    assert forms.convert({"grace_s": [""]}, asked.Ended) == asked.Ended()


@pytest.mark.parametrize("fields", [{"surprise": ["1"]}, {"grace_s": ["-1"]}, {"grace_s": ["x"]}, {"wait.x": ["1"]}])
def test_a_form_with_something_else_is_refused(fields):
    with pytest.raises(msgspec.ValidationError):
        forms.convert(fields, asked.Ended)
