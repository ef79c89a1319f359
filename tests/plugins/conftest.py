"""A folder of plugins, and a host that uses it and leaves no process behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from nexsock.hooks import OnExit, PreCommand, PreStart
from nexsock.plugins.host import PluginHost

SHOP = {"project": "shop", "directory": "/shop"}
START = PreStart(
    **SHOP,
    service="web",
    run=1,
    cause="it was wanted",
    command=("web",),
    working_dir="/shop",
    environment={"PORT": "3000"},
)
UP = PreCommand(**SHOP, command="up")
EXIT = OnExit(**SHOP, service="web", run=1, exit_code=1)


class Folder:
    """Where plugins lie: writing one makes it one of the user's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("native", "lua"):
            (path / name).mkdir(parents=True, mode=0o700)

    def native(self, name: str, body: str, **said: object) -> Path:
        """A native plugin with this body below its manifest."""
        manifest = {"name": name, "abi": "1.0", **said}
        return self.write(f"native/{name}.py", f"NEXSOCK_PLUGIN = {manifest!r}\n{body}\n")

    def lua(self, name: str, body: str, said: str = "") -> Path:
        """The same in Lua; `said` is more of its manifest, as it is written there."""
        return self.write(f"lua/{name}.lua", f'NEXSOCK_PLUGIN = {{ name = "{name}", abi = "1.0", {said} }}\n{body}\n')

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.write_text(text)
        path.chmod(0o600)
        return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "plugins")


@pytest.fixture
async def make_host(folder: Folder, tmp_path: Path) -> AsyncIterator[Callable[..., PluginHost]]:
    made: list[PluginHost] = []

    def make(**given: Any) -> PluginHost:
        made.append(PluginHost(str(folder.path), str(tmp_path / "state"), **{"search_path": (), **given}))
        return made[-1]

    yield make
    await asyncio.gather(*(host.close() for host in made))


@pytest.fixture
def host(make_host: Callable[..., PluginHost]) -> PluginHost:
    return make_host()
