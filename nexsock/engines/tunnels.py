"""The tunnels of one project: the routes that are wanted become addresses that lead there."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from nexsock import errors
from nexsock.lifecycle import tunnel as judging
from nexsock.model.service import Service
from nexsock.model.status import TunnelStatus
from nexsock.model.tunnel import LOCAL, Route
from nexsock.runtime import ports
from nexsock.runtime.relay import Relay

Warn = Callable[[str, str], None]
"""Tells a service and a sentence about it."""


class Tunnels:
    """Hands routes to the relay that all projects share.

    Args:
        environ: the variables with which ssh is run, asked for when one is started.
        warn: told what becomes of connections that could not be forwarded.
    """

    def __init__(self, project_id: str, relay: Relay, environ: Callable[[], Mapping[str, str]], warn: Warn) -> None:
        self._project_id = project_id
        self._relay = relay
        self._environ = environ
        self._warn = warn
        self._routes: dict[int, Route] = {}
        self._refused: dict[int, OSError] = {}

    def follow(self, routes: Mapping[int, Route]) -> None:
        """Have these tunnels and no others."""
        for listen in self._routes.keys() - routes.keys():
            self._relay.close(listen)
            self._refused.pop(listen, None)
        for listen, route in routes.items():
            if route != self._routes.get(listen):
                self._open(route)
        self._routes = dict(routes)

    def _open(self, route: Route) -> None:
        environment = self._environ() if route.ssh else {}
        try:
            self._relay.open(self._project_id, route, environment, self._told)
        except OSError as error:
            self._refused[route.listen] = error
        else:
            self._refused.pop(route.listen, None)

    def require(self, service: Service) -> None:
        """See that a service which is about to start has its addresses.

        Raises:
            PortBusy: one of them is another's.
        """
        for key, tunnel in service.tunnels.items():
            route = self._routes.get(tunnel.listen)
            if route is not None and tunnel.listen in self._refused:
                self._open(route)
            if (error := self._refused.get(tunnel.listen)) is not None:
                inodes = ports.listening().get(tunnel.listen)
                holder = (
                    f"is held by {ports.holder(tunnel.listen, inodes)}" if inodes else os.strerror(error.errno or 0)
                )
                raise errors.PortBusy(
                    f"port {tunnel.listen} (tunnel to {key}) {holder}",
                    hint=f"stop it, then run 'nexsock start {service.name}'",
                )

    async def figures(self, service: str) -> tuple[TunnelStatus, ...]:
        """The tunnels of a service with what has come through them."""
        routes = [route for route in self._routes.values() if route.service == service]
        found = await self._relay.figures(route.listen for route in routes) if routes else {}
        return tuple(_status(route, found.get(route.listen, {})) for route in routes)

    def _told(self, route: Route, event: Mapping[str, Any]) -> None:
        if event["event"] == "ssh":
            self._warn(
                route.service, f"tunnel to {route.name}: ssh {route.ssh} ended and is started anew: {event['text']}"
            )
        else:
            text = judging.dropped(route, event["reason"], event["count"], event["error"])
            self._warn(route.service, text)


def _status(route: Route, figures: Mapping[str, Any]) -> TunnelStatus:
    return TunnelStatus(
        name=route.name,
        listen=f"{LOCAL}:{route.listen}",
        target=route.target,
        connections=figures.get("connections"),
        waiting=figures.get("waiting"),
        bytes_in=figures.get("bytes_in"),
        bytes_out=figures.get("bytes_out"),
        error=figures.get("error") or None,
    )
