"""Where a local address leads at this moment, and what has come through it."""

from msgspec import Struct

LOCAL = "127.0.0.1"
"""Where every tunnel listens."""


class Route(Struct, frozen=True, kw_only=True):
    """`service` reaches `name` at port `listen` of LOCAL; `targets` are tried in their order.

    `passes` False: who comes in waits. `ssh`: the last target is reached through this host.
    """

    service: str
    name: str
    listen: int
    targets: tuple[tuple[str, int], ...] = ()
    passes: bool = True
    ssh: str = ""

    @property
    def target(self) -> str:
        """Where it leads, for people."""
        if not self.targets:
            return ""
        host, port = self.targets[-1 if self.ssh else 0]
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return f"{address} through ssh {self.ssh}" if self.ssh else address
