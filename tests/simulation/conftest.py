import os

import pytest

SCHEDULES = int(os.environ.get("NEXSOCK_SCHEDULES", "5000"))
CHUNK = 100


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="replay this one schedule of the simulation")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    one = metafunc.config.getoption("--seed", default=None) or os.environ.get("NEXSOCK_SEED")
    chunks = [range(first, min(first + CHUNK, SCHEDULES)) for first in range(0, SCHEDULES, CHUNK)]
    if one is not None:
        chunks = [range(int(one), int(one) + 1)]
    metafunc.parametrize("seeds", chunks, ids=[f"{chunk[0]}-{chunk[-1]}" for chunk in chunks])
