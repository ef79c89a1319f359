"""Commands that do nothing but run one program again when files change: the peers of watching."""

import shlex
from collections.abc import Sequence

from bench.tools.adapter import Adapter, Service, binary


class Watcher(Adapter):
    restarts = reloads = supervises = False
    watches = True

    def write(self) -> None:
        """All of its configuration is its command line."""

    def up(self) -> None:
        (service,) = self.services
        self.start(self.watching(service))

    def watching(self, service: Service) -> Sequence[str]:
        """The command that runs the service and watches its folder."""
        raise NotImplementedError


class Watchfiles(Watcher):
    name = program = "watchfiles"

    def watching(self, service: Service) -> Sequence[str]:
        return [binary("watchfiles"), "--filter", "all", service.shell, service.watch]


class Nodemon(Watcher):
    name = program = "nodemon"

    def watching(self, service: Service) -> Sequence[str]:
        options = ["--watch", service.watch, "-e", "*", "--delay", "0"]
        return [binary("nodemon"), *options, "--exec", service.shell]


class Entr(Watcher):
    name = program = "entr"

    def watching(self, service: Service) -> Sequence[str]:
        files = f"find {shlex.quote(service.watch)} -type f"
        return ["/bin/sh", "-c", f"{files} | {binary('entr')} -n -r {service.shell}"]
