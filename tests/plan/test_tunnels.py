"""Where tunnels lead: to where the dependency runs, as long as somebody needs them."""

from nexsock.model.project import Project
from nexsock.model.service import Dependency, Launch, Port, Service, Tunnel
from nexsock.model.state import Cause, Record, Run
from nexsock.model.tunnel import Route
from nexsock.plan import tunnels


def db(number=5432):
    return Service(name="db", launch=Launch(ports={"main": Port(number=number)}))


def web(**fields):
    tunnel = Tunnel(on="db", port="main", listen=20311, **fields)
    needs = {"db": Dependency(condition="started", tunnel=True)}
    return Service(name="web", launch=Launch(), depends_on=needs, tunnels={"db": tunnel})


def project(*services):
    return Project(id="p", name="p", directory="/p", services={one.name: one for one in services})


def alive(service, phase="running"):
    run = Run(number=1, instance="i", cause=Cause(kind="user", text=""), fingerprint="")
    return {service.name: Record(name=service.name, phase=phase, run=run, applied=service)}


def routes(shop, records, up=("db", "web")):
    return tunnels.routes(shop, records, up, tunnels.dependents(shop, records))


def leading_to(number, passes=True, listen=20311):
    targets = (("127.0.0.1", number), ("::1", number))
    return Route(service="web", name="db", listen=listen, targets=targets, passes=passes)


def test_it_leads_to_the_service_and_is_passed_when_that_serves():
    assert routes(project(db(), web()), alive(db())) == {20311: leading_to(5432)}


def test_before_the_service_has_started_it_waits_there():
    assert routes(project(db(), web()), {}) == {20311: leading_to(5432, passes=False)}


def test_it_leads_to_where_the_service_runs_and_not_to_where_it_will():
    assert routes(project(db(6000), web()), alive(db(5432))) == {20311: leading_to(5432)}
    assert routes(project(db(6000), web()), alive(db(5432), "stopped")) == {20311: leading_to(6000, passes=False)}


def test_it_is_there_only_while_its_service_is_wanted_or_alive():
    shop = project(db(), web())
    assert routes(shop, alive(db()), up=("db",)) == {}
    assert routes(shop, alive(db()) | alive(web(), "stopping"), up=("db",)) == {20311: leading_to(5432)}


def test_a_service_that_runs_keeps_the_address_that_it_was_started_with():
    older = web()
    newer = Service(name="web", launch=Launch(), tunnels={"db": Tunnel(on="db", port="main", listen=20400)})
    found = routes(project(db(), newer), alive(db()) | alive(older))
    assert found == {20311: leading_to(5432), 20400: leading_to(5432, listen=20400)}


def test_another_target_counts_at_once():
    found = routes(project(db(), web(to="db.far:1")), alive(db()) | alive(web()))
    assert found[20311].targets == (("db.far", 1),)


def test_an_address_is_passed_at_once_and_through_its_host():
    stock = Service(
        name="web",
        launch=Launch(),
        tunnels={"stock": Tunnel(on="stock", port="default", listen=1, to="[::1]:2", ssh="box")},
    )
    (route,) = routes(project(stock), {}).values()
    assert route == Route(service="web", name="stock", listen=1, targets=(("::1", 2),), ssh="box")
    assert route.target == "[::1]:2 through ssh box"


def test_a_target_without_a_port_is_never_passed_to():
    worker = Service(name="db", launch=Launch())
    (route,) = routes(project(worker, web()), alive(worker)).values()
    assert (route.targets, route.passes, route.target) == ((), False, "")
