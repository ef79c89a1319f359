"""The operations that tell how services are, were and would be run; nothing of a project is changed."""

from nexsock import masking
from nexsock.daemon import answers, past
from nexsock.daemon.operations import Operations
from nexsock.model.status import (
    Graph,
    ProjectStatus,
    RunDiff,
    RunStatus,
    ServiceDetail,
    ServiceEnvironment,
    Timings,
    Why,
)
from nexsock.protocol import api
from nexsock.reconcile import describe, environment


class Questions(Operations):
    """One question each, and one document."""

    async def list_services(self, request: api.ServicesRequest) -> ProjectStatus:
        host = await self._projects.known(request.project)
        return answers.project_status(host, host.names(request.services))

    async def service_status(self, request: api.ServiceRequest) -> ServiceDetail:
        host = await self._projects.known(request.project)
        name = host.service(request.service).name
        return answers.detail(host, name, await host.machinery.tunnels.figures(name))

    async def why(self, request: api.ServiceRequest) -> Why:
        return answers.why(await self._projects.known(request.project), request.service)

    async def history(self, request: api.ServiceRequest) -> tuple[RunStatus, ...]:
        host = await self._projects.known(request.project)
        return await past.history(host, request.service)

    async def diff(self, request: api.DiffRequest) -> RunDiff:
        host = await self._projects.known(request.project)
        return past.difference(host, request.service, request.first, request.second)

    async def timings(self, request: api.ServicesRequest) -> Timings:
        return past.timings(await self._projects.known(request.project))

    async def graph(self, request: api.PlanRequest) -> Graph:
        project = await self._projects.read(request.project)
        host = self._projects.hosts.get(project.id)
        return describe.graph(project, host.state.records if host else {})

    async def environment(self, request: api.ServiceRequest) -> ServiceEnvironment:
        host = await self._projects.known(request.project)
        service = host.service(request.service)
        given = host.machinery.beside.given(service)
        values = {name: masking.MASK for name, secret in service.launch.secrets.items() if not secret.target}
        own = host.machinery.beside.altered(service, service.launch.environment) | given
        shown = {name: masking.masked(name, value) for name, value in own.items()}
        shown |= values
        return ServiceEnvironment(service=service.name, environment=shown)

    async def command(self, request: api.ServiceRequest) -> api.CommandSpec:
        host = await self._projects.known(request.project)
        service = host.service(request.service)
        caller = request.project.environ or host.reconciler.environ
        variables = host.machinery.beside.altered(service, environment.beside(caller, service))
        values: dict[str, str] = {}
        if request.pid is not None and service.launch.secrets:
            paths, values = await host.machinery.lending.lend(request.pid, service.launch.secrets, caller, variables)
            variables |= paths
        return api.CommandSpec(
            command=service.launch.command,
            working_dir=service.launch.working_dir,
            environment=variables,
            values=values,
            skip=host.reconciler.need_not_run(service.name, await host.surroundings.look(host.project)),
        )
