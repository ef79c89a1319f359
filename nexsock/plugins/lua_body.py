"""The process of one Lua plugin: `python -m nexsock.plugins.lua_body`.

The script runs in lua_sandbox, the sandbox behind lua_wall. A script that has reached a limit of Lua's gets a new
interpreter for the next call; one that reaches the wall's has ended with its process, and the daemon starts another.
"""

import os
from typing import Any

from nexsock.hooks import HOOKS
from nexsock.plugins import body, lua_wall
from nexsock.plugins.lua_sandbox import Answer, Given, Sandbox
from nexsock.plugins.wire import Load


class Script:
    """A script that is loaded."""

    def __init__(self, order: Load, nexsock: body.Nexsock) -> None:
        self._order = order
        self._nexsock = nexsock
        self.hooks = self._begin()

    def call(self, hook: str, arguments: dict[str, Any]) -> object:
        """The plain answer of one of its hooks."""
        if self._sandbox is None:
            self._begin()
            assert self._sandbox is not None
        services = self._nexsock.services() if "services" in self._order.capabilities else ()
        with lua_wall.one_call():
            return _as_answered(self._heard(self._sandbox.ask(hook, arguments, services)))

    def _begin(self) -> tuple[str, ...]:
        """Run the script in a new interpreter; the hooks that it defines."""
        kept = self._nexsock.storage if "storage" in self._order.capabilities else {}
        given = Given(hooks=HOOKS, capabilities=self._order.capabilities, variables=self._order.variables, storage=kept)
        self._sandbox: Sandbox | None = Sandbox()
        with lua_wall.one_call():
            answer = self._sandbox.load(self._order.source, os.path.basename(self._order.path), given)
        return tuple(self._heard(answer))

    def _heard(self, answer: Answer) -> Any:
        """The value of an answer, when what came with it has been taken care of."""
        for line in answer.log:
            self._nexsock.log(line)
        if answer.storage is not None:
            self._nexsock.storage.clear()
            self._nexsock.storage.update(answer.storage)
        if answer.spent:
            self._sandbox = None
        if answer.problem:
            raise body.Fault(answer.problem)
        return answer.value


def _as_answered(value: Any) -> Any:
    """A table of Lua as the contract has it: false takes a variable away, and an empty table may be an empty list."""
    if not isinstance(value, dict):
        return value
    environment = value.get("environment")
    if isinstance(environment, dict):
        value["environment"] = {name: None if text is False else text for name, text in environment.items()}
    return value | {name: [] for name in ("command", "notes") if value.get(name) == {}}


def main() -> None:
    body.serve(Script, limits=lua_wall.put_up)


if __name__ == "__main__":
    main()
