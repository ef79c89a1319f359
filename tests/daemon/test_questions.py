import types

from msgspec.structs import replace

from nexsock.daemon.bus import Bus
from nexsock.daemon.questions import Questions
from nexsock.model.project import ProjectRef
from nexsock.model.status import TunnelStatus
from nexsock.protocol.api import ServiceRequest

TUNNELS = {"web-1": (TunnelStatus(name="db", listen="127.0.0.1:20311", target="127.0.0.1:5432"),)}


class Projects:
    def __init__(self, host):
        self.host = host

    async def known(self, ref):
        return self.host


class Tunnels:
    async def figures(self, service):
        return TUNNELS.get(service, ())


async def test_the_name_of_several_instances_asks_for_all_of_the_first_one(house, service):
    class Scaled(type(house())):
        machinery = types.SimpleNamespace(tunnels=Tunnels())

        def service(self, name):
            return super().service(self.project.members([name])[0])

    shop = Scaled(service("web-1"), service("web-2"))
    shop.project = replace(shop.project, groups={"web": ("web-1", "web-2")})
    asked = ServiceRequest(project=ProjectRef(), service="web")
    found = await Questions(Projects(shop), Bus()).service_status(asked)
    assert (found.service.name, found.tunnels) == ("web-1", TUNNELS["web-1"])
