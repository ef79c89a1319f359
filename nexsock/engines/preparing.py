"""What has to be so before a run is launched: its config files written, its ports free."""

import os
from collections.abc import Iterable

from nexsock import errors, places
from nexsock.engines.sweep import Sweep
from nexsock.model.project import RenderedConfig
from nexsock.model.service import Service
from nexsock.runtime import files, ports


def write_configs(configs: Iterable[RenderedConfig]) -> None:
    """Raises:
    LaunchError: one cannot be written, or its folder leads out of the project.
    """
    for config in configs:
        folder = os.path.dirname(config.target)
        if config.within and places.leads_out(folder, config.within):
            raise errors.LaunchError(
                f"config '{config.name}' is not written: {folder} leads out of the project by a link",
                hint="remove the link, or choose another target",
            )
        try:
            os.makedirs(folder, exist_ok=True)
            files.write_atomically(config.target, config.text.encode(), config.mode)
        except OSError as error:
            raise errors.LaunchError(
                f"config '{config.name}' cannot be written to {config.target}: {error.strerror}",
                hint="make room for it, or give it another target",
            ) from error


def check_ports(service: Service, sweep: Sweep) -> None:
    """Raises:
    PortBusy: somebody else listens on a port of this service.
    """
    if not service.launch.ports:
        return
    taken = sweep.listening()
    for name, port in service.launch.ports.items():
        if inodes := taken.get(port.number):
            holder = ports.holder(port.number, inodes)
            raise errors.PortBusy(
                f"port {port.number} ({name}) is held by {holder}",
                hint=f"stop it, or give '{service.name}' another port",
            )
