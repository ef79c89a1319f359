"""What runs beside a service and sees what its run sees: probes, the command of a watch rule, those of clients."""

from collections.abc import Callable

from nexsock.daemon.output import Output
from nexsock.engines.asking import Asking
from nexsock.engines.process import ProcessEngine
from nexsock.model.log import LogQuery
from nexsock.model.probe import Healthcheck, ProbeResult
from nexsock.model.service import Service
from nexsock.model.state import Record, Run
from nexsock.reconcile import environment as environments
from nexsock.runtime import command, notify, probe, secrets
from nexsock.views import style

EXEC_LIMIT_S = 60.0
"""How long the command of a watch rule may take."""


class Beside:
    """Attempts and commands in the place of one project's services, with the variables and secrets of their runs."""

    def __init__(
        self,
        processes: ProcessEngine,
        asking: Asking,
        given: secrets.Secrets,
        output: Output,
        *,
        record: Callable[[str], Record],
        environ: Callable[[], dict[str, str]],
    ) -> None:
        self._processes = processes
        self._asking = asking
        self._secrets = given
        self._output = output
        self._record = record
        self._environ = environ

    async def attempt(self, service: Service, run: Run, check: Healthcheck, environment: dict[str, str]) -> ProbeResult:
        """Ask a service's health check once."""
        query = LogQuery(services=(service.name,), run=run.number)
        lines = self._output.lines(query, follow=True)
        return await probe.attempt(
            check,
            working_dir=service.launch.working_dir,
            environment={
                **self._asking.variables(service.name, run.instance, environment),
                **self._secrets.variables(run.instance, service.launch.secrets),
            },
            members=None if service.engine == "external" else lambda: self._processes.pids(service.name),
            log_lines=(style.output(line.text, colour=False) async for line in lines),
        )

    async def listen(self, service: Service, run: Run) -> notify.Mailbox | None:
        """Where a run says of itself that it is ready."""
        return await self._processes.mail.box(run, lambda: self._processes.pids(service.name))

    async def run(self, service: Service, argv: tuple[str, ...]) -> command.Finished:
        """Run a command in the place of a service, with its environment."""
        variables = self.altered(service, environments.beside(self._environ(), service)) | self.given(service)
        return await command.run(argv, cwd=service.launch.working_dir, environment=variables, timeout_s=EXEC_LIMIT_S)

    def altered(self, service: Service, variables: dict[str, str]) -> dict[str, str]:
        """These variables as plugins have changed them for the current run of a service, if there is one."""
        run = self._record(service.name).run
        return variables if run is None else self._asking.variables(service.name, run.instance, variables)

    def given(self, service: Service) -> dict[str, str]:
        """The variables of the secrets that a service's current run has; none where there is none."""
        record = self._record(service.name)
        if not record.alive or record.run is None:
            return {}
        return self._secrets.variables(record.run.instance, service.launch.secrets)
