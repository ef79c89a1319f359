"""nexsock.config.profiles: which services are active."""

import pytest

from nexsock.config import profiles, tree

DOCUMENT = """
services:
  web: {depends_on: [db]}
  db: {profiles: [data], depends_on: {disk: {condition: started}, extra: {required: false}}}
  disk: {profiles: storage}
  extra: {profiles: [extra]}
  debug: {profiles: [debug, extra]}
  plain: {profiles: []}
"""


@pytest.mark.parametrize(
    ("chosen", "added"),
    [
        ([], set()),
        (["debug"], {"debug"}),
        (["extra"], {"extra", "debug"}),
        (["nobody"], set()),
        (["*"], {"extra", "debug"}),
    ],
)
def test_services_without_profiles_and_their_needs_are_always_active(chosen, added):
    always = {"web", "db", "disk", "plain"}
    assert profiles.select(tree.parse(DOCUMENT, "f"), chosen) == always | added


@pytest.mark.parametrize(
    ("text", "active"),
    [("{}", set()), ("services: 1", set()), ("services: {web: 1, api: {profiles: {a: b}, depends_on: 3}}", {"web"})],
)
def test_wrong_forms_are_left_to_the_schema(text, active):
    assert profiles.select(tree.parse(text, "f"), ["x"]) == active
