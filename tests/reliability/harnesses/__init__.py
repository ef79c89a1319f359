"""One module for each promise, with a `HARNESS` in it; nothing else belongs here."""

import importlib
import pkgutil

from tests.reliability.harness import Harness


def found() -> dict[str, Harness]:
    """Every harness by its name."""
    modules = (importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    harnesses = (module.HARNESS for module in modules)
    return {harness.name: harness for harness in harnesses}
