"""Secrets are known by name, by being a URL's password, and by their value."""

import pytest

from nexsock import masking
from nexsock.masking import MASK, Veil


@pytest.mark.parametrize("name", ["DB_PASSWORD", "api_key", "X-Api-Key", "GITHUB_TOKEN", "Authorization", "PGPASS"])
def test_a_name_tells_a_secret(name):
    assert masking.masked(name, "value") == MASK


@pytest.mark.parametrize("name", ["PORT", "DB_PASSWORD_FILE", "KEYBOARD", "AUTHOR"])
def test_other_names_do_not(name):
    assert masking.masked(name, "value") == "value"


def test_of_a_url_only_the_password_is_hidden():
    assert masking.masked("URL", "postgres://app:pa:ss@db:5432/x") == f"postgres://app:{MASK}@db:5432/x"


def test_a_value_is_hidden_wherever_it_stands_however_it_is_written():
    veil = Veil()
    veil.learn(["p@ss/word\n", "line one\nline two"])
    assert veil.hide("a p@ss/word, p%40ss%2Fword, line two.") == f"a {MASK}, {MASK}, {MASK}."


def test_the_longer_of_two_values_is_hidden_whole():
    veil = Veil()
    veil.learn(["secret"])
    veil.learn(["secret-and-more"])
    assert veil.hide("secret-and-more") == MASK


def test_a_value_too_short_to_be_told_from_words_is_not_looked_for():
    veil = Veil()
    veil.learn(["a", "", "123"])
    assert veil.hide("a banana 123") == "a banana 123"


def test_a_short_line_of_a_long_value_is_not_looked_for():
    veil = Veil()
    veil.learn(["true\nMIIEvQIBADANBg"])
    assert veil.hide("true: MIIEvQIBADANBg") == f"true: {MASK}"


def test_what_was_learned_first_gives_way_when_there_is_too_much():
    veil = Veil()
    veil.learn(["the-first-value"])
    veil.learn([f"value-{number:06}" for number in range(masking.MOST_FORMS)])
    assert veil.hide("the-first-value value-000007") == f"the-first-value {MASK}"


def test_a_variables_value_that_is_a_word_is_no_secret_in_a_text():
    environment = {"POSTGRES_PASSWORD": "postgres", "API_TOKEN": "a1b2c3d4", "MODE": "a1b2c3d5"}
    assert masking.telling(environment) == ("a1b2c3d4",)
