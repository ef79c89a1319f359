import pytest

from nexsock import errors
from nexsock.model.problem import Problem
from nexsock.protocol import codec, message

PROBLEM = Problem(
    file="nexsock.yaml", line=3, column=5, message="unknown key 'prots'", suggestion="did you mean 'ports'?"
)


@pytest.mark.parametrize("kind", errors.BY_CODE.values())
def test_every_error_arrives_as_it_was_raised(kind):
    error = kind("port 5432 is taken", hint="stop it", origin="nexsock.yaml:14:7")
    arrived = message.to_error(codec.decode_error(codec.encode(message.from_error(error))))
    assert (type(arrived), str(arrived), arrived.hint) == (kind, str(error), "stop it")


def test_the_problems_of_a_configuration_travel_along():
    error = errors.ConfigError("1 problem", (PROBLEM,))
    arrived = message.to_error(codec.decode_error(codec.encode(message.from_error(error))))
    assert isinstance(arrived, errors.ConfigError)
    assert arrived.problems == (PROBLEM,)


def test_a_code_of_the_future_is_still_an_error():
    arrived = message.to_error(message.WireError(code="from_the_future", message="no"))
    assert (type(arrived), str(arrived)) == (errors.NexsockError, "no")
