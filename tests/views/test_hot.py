import json

from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.status import Failure, Outcome
from nexsock.views import hot, logs

STARTING = Event(at=1.0, seq=1, project="shop", kind="phase", service="web", phase="starting")


def test_json_is_one_document_on_the_one_stream_and_sentences_on_the_other(shop, now):
    failed = Outcome(ok=False, services=shop.services, failed=(Failure(service="web", reason="exited with 1"),))
    shown = hot.render_outcome(failed, hot.Look(json=True))
    assert json.loads(shown.out)["ok"] is False
    assert shown.err == "error: web: exited with 1\n"
    assert shown.exit_status == 1


def test_progress_is_silent_with_json():
    look = hot.Look(json=True)
    assert hot.render_event(STARTING, look, hot.progress_of(look)) == ""


def test_progress_is_told_to_people():
    look = hot.Look()
    assert hot.render_event(STARTING, look, hot.progress_of(look)) == "web: starting\n"


def test_a_log_line_is_text_or_a_document():
    line = LogLine(at=0.0, service="web", run=1, stream="stdout", text="hello")
    lines = logs.Lines(["web"], colour=False)
    assert hot.render_line(line, hot.Look(), lines) == "web | hello\n"
    assert json.loads(hot.render_line(line, hot.Look(json=True), lines))["at"] == "1970-01-01T00:00:00.000Z"
