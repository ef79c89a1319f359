"""Hot commands ask the operations that any client asks, and answer with text and an exit status."""

import pytest

from nexsock import errors
from nexsock.daemon import render
from nexsock.model.event import Event
from nexsock.model.log import LogLine
from nexsock.model.project import ProjectRef
from nexsock.model.status import Failure, Outcome, ProjectInfo, ProjectStatus, ServiceDetail, ServiceStatus
from nexsock.protocol import api
from nexsock.testing.scripted import ScriptedApi

SHOP = ProjectRef(directory="/shop")
WEB = ServiceStatus(name="web", phase="running", ready=True)
LISTED = ProjectStatus(project=ProjectInfo(name="shop", dir="/shop", id="shop-1"), services=(WEB,))


async def rendered(operations, command, **fields):
    """All of the output, the error output, and the exit statuses that were told."""
    request = api.RenderRequest(project=SHOP, command=command, **fields)
    pieces = [piece async for piece in render.render(operations, request)]
    statuses = [piece.exit_status for piece in pieces if piece.exit_status is not None]
    return "".join(piece.out for piece in pieces), "".join(piece.err for piece in pieces), statuses


@pytest.mark.parametrize(
    ("command", "operation"),
    [
        ("up", "up"),
        ("down", "down"),
        ("start", "start_service"),
        ("stop", "stop_service"),
        ("restart", "restart_service"),
    ],
)
async def test_an_action_asks_its_operation_for_the_named_services(command, operation):
    operations = ScriptedApi(**{operation: [api.Progress(outcome=Outcome(ok=True, services=(WEB,)))]})
    *_, statuses = await rendered(operations, command, services=("web",))
    assert ([(name, asked.services) for name, asked in operations.asked], statuses) == ([(operation, ("web",))], [0])


async def test_up_passes_its_options_on():
    operations = ScriptedApi(up=[api.Progress(outcome=Outcome(ok=True))])
    await rendered(operations, "up", no_deps=True, force_restart=True, watch=True)
    asked = operations.asked[0][1]
    assert (asked.no_deps, asked.force_restart, asked.watch) == (True, True, True)


async def test_a_list_is_one_piece_with_the_exit_status():
    out, err, statuses = await rendered(ScriptedApi(list_services=LISTED), "ps")
    assert ("web" in out, err, statuses) == (True, "", [0])


async def test_the_status_of_a_service_is_that_of_the_first_name():
    detail = ServiceDetail(service=WEB, command="serve", working_dir="/shop")
    operations = ScriptedApi(service_status=detail)
    out, _, statuses = await rendered(operations, "status", services=("web",))
    assert (operations.asked[0][1].service, "serve" in out, statuses) == ("web", True, [0])


async def test_lines_come_one_by_one_and_the_exit_status_last():
    lines = [LogLine(at=1e9, service="web", run=1, stream="stdout", text=text) for text in ("hello", "again")]
    operations = ScriptedApi(list_services=LISTED, logs=lines)
    out, _, statuses = await rendered(operations, "logs", services=("web",), lines=9, follow=True)
    asked = operations.asked[-1][1]
    assert (out.count("\n"), "hello" in out, asked.query.last_lines, asked.follow, statuses) == (2, True, 9, True, [0])


async def test_events_are_told_beside_the_output_and_not_within_json():
    event = Event(at=1e9, seq=1, project="shop-1", kind="phase", service="web", phase="running")
    stream = [api.Progress(event=event), api.Progress(outcome=Outcome(ok=True, services=(WEB,)))]
    _, told, _ = await rendered(ScriptedApi(up=stream), "up")
    _, told_with_json, _ = await rendered(ScriptedApi(up=stream), "up", json=True)
    assert ("web" in told, told_with_json) == (True, "")


async def test_a_failure_is_told_with_its_reason_and_an_exit_status():
    outcome = Outcome(ok=False, failed=(Failure(service="web", reason="exited with 1"),))
    _, told, statuses = await rendered(ScriptedApi(up=[api.Progress(outcome=outcome)]), "up")
    assert ("exited with 1" in told, statuses) == (True, [1])


async def test_an_error_is_the_last_piece_with_the_exit_status_of_its_kind():
    error = errors.NotFound("no service 'wbe'", hint="did you mean 'web'?")
    _, told, statuses = await rendered(ScriptedApi(list_services=error), "ps")
    assert ("no service 'wbe'" in told, statuses) == (True, [error.exit_status])
