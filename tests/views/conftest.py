"""A small shop in which something of everything happens."""

import pytest

from nexsock.model.problem import Problem
from nexsock.model.status import ConfigFault, ProjectInfo, ProjectStatus, ServiceStatus

NOW = 1_795_428_000.0
"""2026-11-23T10:00:00Z"""

FAULT = ConfigFault(
    since=NOW - 20,
    problems=(
        Problem(
            file="nexsock.yaml",
            line=3,
            column=5,
            message="service 'api' has the unknown key 'comand'",
            suggestion="did you mean 'command'?",
            source_line="    comand: python app.py",
        ),
    ),
)

SERVICES = (
    ServiceStatus(name="migrate", phase="completed", ready=True, exit_code=0, oneshot=True),
    ServiceStatus(
        name="api",
        phase="ready",
        ready=True,
        health="healthy",
        reason="healthy after 0.3s",
        pid=4711,
        ports={"http": 8080, "admin": 9090},
        uptime_s=123.4,
        run=3,
    ),
    ServiceStatus(name="web", phase="running", ready=True, pid=4712, ports={"http": 8000}, uptime_s=4.2, stale=True),
    ServiceStatus(
        name="worker", phase="backoff", ready=False, reason="exited with 3, next try in 0.4s", restarts=2, exit_code=3
    ),
    ServiceStatus(name="load", phase="stopped", ready=False, active=False),
)


@pytest.fixture
def now() -> float:
    return NOW


@pytest.fixture
def shop() -> ProjectStatus:
    """Five services: completed, ready, running with a pending restart, in backoff, and inactive."""
    return ProjectStatus(
        project=ProjectInfo(name="shop", dir="/home/ann/shop", id="shop-1a2b3c4d5e"), services=SERVICES
    )


@pytest.fixture
def broken_shop() -> ProjectStatus:
    """The same, with a broken file on disk."""
    project = ProjectInfo(name="shop", dir="/home/ann/shop", id="shop-1a2b3c4d5e", config_error=FAULT)
    return ProjectStatus(project=project, services=SERVICES)
