"""What is shown of a document: everything but what its names call secret."""

import pytest

from nexsock.config import load
from nexsock.model.project import ProjectRef

FILE = """
secrets:
  db_password: {file: pw.txt}
environment: {API_TOKEN: top-level, MODE: fast}
configs:
  app: {target: app.json, values: {password: in-a-config, port: 80, credentials: {user: deep}}}
services:
  web:
    command: serve --key ${SIGNING_SECRET} --from postgres://u:in-a-url@db/x
    environment: [SESSION_COOKIE=in-a-list, "URL=http://u:in-another@h/", MODE=fast]
    labels: {private: in-a-label}
    secrets: [{source: db_password, env: PASSWORD}]
    hooks: {pre_start: [{command: x, environment: {ACCESS_KEY: in-a-hook}}]}
    healthcheck: {http: {url: "http://h/", headers: {Authorization: in-a-header}}}
    depends_on: {token-service: {condition: started}}
  token-service: {command: x, ports: {private: 81}}
"""

VALUES = [
    *("top-level", "in-a-config", "deep", "in-a-url", "in-a-list", "in-another", "in-a-label", "in-a-hook"),
    *("in-a-header", "signing-value"),
]


@pytest.fixture
def request_of(tmp_path):
    (tmp_path / "nexsock.yaml").write_text(FILE)
    return ProjectRef(directory=str(tmp_path), environ={"SIGNING_SECRET": "signing-value"})


def test_the_document_itself_has_every_value(request_of):
    text = str(load.resolved(request_of).plain())
    assert [value for value in VALUES if value not in text] == []


def test_no_secret_is_shown(request_of):
    text = str(load.veiled(request_of).plain())
    assert [value for value in VALUES if value in text] == []


def test_what_is_no_secret_is_shown_as_it_is(request_of):
    shown = load.veiled(request_of).plain()
    assert shown["secrets"] == {"db_password": {"file": "pw.txt"}}
    assert shown["services"]["web"]["secrets"] == [{"source": "db_password", "env": "PASSWORD"}]
    assert shown["services"]["web"]["depends_on"] == {"token-service": {"condition": "started"}}
    assert shown["services"]["token-service"]["ports"] == {"private": 81}
    assert shown["services"]["web"]["command"] == "serve --key •••••• --from postgres://u:••••••@db/x"
    assert shown["configs"]["app"]["values"]["port"] == 80
