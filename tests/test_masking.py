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


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://app:pa:ss@db:5432/x", f"postgres://app:{MASK}@db:5432/x"),
        ("postgres://app:pa/ss@db/x", f"postgres://app:{MASK}@db/x"),
        ("amqp://app:p@ss@mq", f"amqp://app:{MASK}@mq"),
        ("https://ghp_12345@github.com/a/b", f"https://{MASK}@github.com/a/b"),
        (
            "jdbc:postgresql://db/x?user=u&password=p&ssl=true",
            f"jdbc:postgresql://db/x?user=u&password={MASK}&ssl=true",
        ),
        ("https://api/x?access_token=t#top", f"https://api/x?access_token={MASK}#top"),
        ("get http://a:b@c/ http://d:e@f/", f"get http://a:{MASK}@c/ http://d:{MASK}@f/"),
    ],
)
def test_of_a_url_only_what_lets_in_is_hidden(url, shown):
    assert masking.masked("URL", url) == shown


@pytest.mark.parametrize(
    "url", ["ssh://git@host/x", "http://localhost:4873/@scope/x", "http://h:80?to=a@b", "http://h/?page=2", "a@b: c"]
)
def test_of_other_urls_nothing_is_hidden(url):
    assert masking.masked("URL", url) == url


@pytest.mark.parametrize("text", ["@" + "://a:" * 20_000, "://=" + "?passtokenpass" * 7_000, "@" + "http://" * 15_000])
def test_a_text_made_to_be_looked_through_forever_is_not(text):
    assert masking.hidden(text, ()) == text


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
