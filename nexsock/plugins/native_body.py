"""The process of a native plugin: `python -m nexsock.plugins.native_body`. See plugins.body for what all kinds share.

The plugin is Python with all the rights of the user, so nothing here keeps it from anything: the process keeps its
faults away from the daemon. A function names the fields that it wants; `nexsock` is what it can use of ours.
"""

import importlib
import inspect
import resource
import sys
import types
from collections.abc import Callable
from typing import Any

from nexsock.hooks import EVENTS
from nexsock.plugins import body
from nexsock.plugins.body import Nexsock
from nexsock.plugins.wire import Load

CPU_S = 60
"""of processor time until the next call: who goes on working when nobody asks is ended, and that is a fault"""


class Native:
    """The functions of one module, each with the names of what it wants to be told; None: everything."""

    def __init__(self, functions: dict[str, tuple[Callable[..., object], tuple[str, ...] | None]], nexsock: Nexsock):
        self._functions = functions
        self._nexsock = nexsock
        self.hooks = tuple(functions)

    def call(self, hook: str, arguments: dict[str, Any]) -> object:
        _allow_cpu()
        function, names = self._functions[hook]
        told = {**arguments, "nexsock": self._nexsock}
        return function(**(told if names is None else {name: told[name] for name in names}))


def load(order: Load, nexsock: Nexsock) -> Native:
    """Run the module and take its functions.

    Raises:
        AttributeError, TypeError: a function is missing, or wants something that its hook is not told.
    """
    _allow_cpu()
    if order.module:
        sys.path.append(order.root)
    module = importlib.import_module(order.module) if order.module else _module(order)
    return Native({hook: _function(module, hook) for hook in order.hooks}, nexsock)


def _allow_cpu() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = int(used.ru_utime + used.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (allowed if hard == resource.RLIM_INFINITY else min(allowed, hard), hard))


def _module(order: Load) -> types.ModuleType:
    """Stands in sys.modules before it runs: dataclasses and pickle look for their module there."""
    module = types.ModuleType(f"nexsock_plugin_{order.name.replace('-', '_')}")
    module.__file__ = order.path
    sys.modules[module.__name__] = module
    exec(compile(order.source, order.path, "exec"), module.__dict__)  # noqa: S102 this is what the process is for
    return module


def _function(module: types.ModuleType, hook: str) -> tuple[Callable[..., object], tuple[str, ...] | None]:
    function = getattr(module, hook, None)
    if not callable(function):
        raise AttributeError(f"it has no function {hook}")
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{hook} is async; a plugin has a process of its own and may simply wait")
    parameters = inspect.signature(function).parameters.values()
    told = (*EVENTS[hook].__struct_fields__, "nexsock")
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            raise TypeError(f"{hook} is called with keywords only; '{parameter}' cannot be one")
        if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in told:
            raise TypeError(f"{hook} is not told '{parameter.name}'; it is told {', '.join(told)}")
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return function, None
    return function, tuple(parameter.name for parameter in parameters)


def main() -> None:
    body.serve(load)


if __name__ == "__main__":
    main()
