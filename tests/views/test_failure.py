import json

from nexsock import errors
from nexsock.model.problem import Problem
from nexsock.views import failure, hot


def test_people_read_a_sentence_and_programs_a_document():
    error = errors.PortBusy("port 80 for 'web' is held by process 12 (nginx)", hint="stop it")
    out, err = failure.render(error, json=True, colour=False)
    assert err == "error: port 80 for 'web' is held by process 12 (nginx); stop it\n"
    assert json.loads(out)["error"]["code"] == "port_busy"
    assert failure.render(error, json=False, colour=False)[0] == ""


def test_warnings_are_shown_but_not_counted_as_problems():
    wrong = Problem(file="n.yaml", line=1, column=1, message="wrong")
    doubtful = Problem(file="n.yaml", line=2, column=1, message="unset", severity="warning")
    told = failure.sentences(errors.ConfigError("x", (wrong, doubtful)), colour=False)
    assert told == "n.yaml:1:1: wrong\nn.yaml:2:1: warning: unset\nerror: 1 problem in n.yaml\n"


def test_a_configuration_error_without_places_is_its_sentence():
    assert failure.sentences(errors.ConfigError("there is no file"), colour=False) == "error: there is no file\n"


def test_the_exit_status_goes_along():
    assert hot.render_error(errors.Refused("no"), hot.Look()) == hot.Shown("", "error: no\n", 4)


def test_an_error_that_names_an_odd_folder_does_not_steer_the_terminal():
    odd = errors.UsageError("there is no nexsock.yaml in /a\x1b]0;title\x07b\nnor above it")
    assert failure.sentences(odd, colour=False) == "error: there is no nexsock.yaml in /ab\nnor above it\n"
