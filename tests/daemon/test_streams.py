import pytest

from nexsock import errors
from nexsock.daemon.bus import Bus
from nexsock.daemon.streams import Streams
from nexsock.model.log import LogQuery
from nexsock.model.project import ProjectRef
from nexsock.protocol.api import LogsRequest


class Projects:
    def __init__(self, host):
        self.host = host

    async def known(self, ref):
        return self.host


async def test_the_logs_of_a_run_that_was_not_yet_are_not_found(house, service, run):
    shop = house(service("web"))
    shop.history["web"] = (run(3), run(2))
    asked = LogsRequest(project=ProjectRef(), query=LogQuery(services=("web",), run=4))
    with pytest.raises(errors.NotFound, match="there is no run 4 of 'web' yet") as refused:
        [line async for line in Streams(Projects(shop), Bus()).logs(asked)]
    assert refused.value.hint == "the last one is run 3"
