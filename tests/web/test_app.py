"""Requests in, operations asked, pages and documents out."""

from collections.abc import AsyncIterator

import pytest

from nexsock.errors import ConfigError, Conflict, NotFound, Unreachable
from nexsock.model.problem import Problem
from nexsock.model.status import Failure, Outcome
from nexsock.protocol.api import Progress, UpRequest


async def test_services_are_a_page_for_a_browser_and_json_for_a_program(serve):
    served = serve()
    async with served.browser() as browser, served.program() as program:
        page, document = await browser.get("/services"), await program.get("/services")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert [service["name"] for service in document.json()["services"]] == ["web", "db"]


async def test_a_form_does_its_work_and_leads_back(serve):
    served = serve()
    async with served.browser() as browser:
        answer = await browser.post("/services/web/restart", data={"csrf": served.csrf(browser)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/web")
    assert [(name, request.services, request.wait) for name, request in served.api.asked] == [
        ("restart_service", ("web",), False)
    ]


async def test_a_program_is_told_what_came_of_it(serve):
    async with serve().program() as program:
        answer = await program.post("/api/services/web/start", json={"timeout_s": 5})
    assert (answer.status_code, answer.json()["ok"]) == (200, True)


async def test_what_did_not_come_true_is_a_conflict_with_its_outcome(serve):
    failed = Outcome(ok=False, failed=(Failure(service="web", reason="exited with 1"),))
    async with serve(start_service=(Progress(outcome=failed),)).program() as program:
        answer = await program.post("/api/services/web/start")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["outcome"]["failed"][0]["reason"] == "exited with 1"


async def test_another_project_is_named_in_the_address(serve):
    served = serve()
    async with served.program() as program:
        await program.get("/api/projects/other-2/services")
    assert served.api.asked[0][1].project.name == "other-2"


async def test_without_a_daemon_the_answer_is_a_bad_gateway(serve):
    served = serve(list_services=Unreachable("nexsockd does not run", hint="start it"))
    async with served.browser() as browser, served.program() as program:
        page, document = await browser.get("/services"), await program.get("/api/services")
    assert (page.status_code, document.status_code, document.json()["code"]) == (502, 502, "unreachable")
    assert "nexsockd does not run" in page.text


async def test_what_is_not_there_is_not_found(serve):
    async with serve(service_status=NotFound("no service 'wbe'")).program() as program:
        answer = await program.get("/api/services/wbe")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no service 'wbe'")


async def test_a_mistake_in_the_file_comes_with_all_its_problems(serve):
    problem = Problem(file="nexsock.yaml", line=3, column=5, message="unknown key 'comand'")
    async with serve(update_config=ConfigError("1 problem", (problem,))).program() as program:
        answer = await program.patch("/api/services/web/config", json={"fields": {"comand": "x"}})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["line"] == 3


async def test_content_that_is_not_understood_is_refused_before_anybody_is_asked(serve):
    served = serve()
    async with served.program() as program:
        unknown = await program.post("/api/services/web/start", json={"wiat": True})
        torn = await program.post("/api/services/web/start", content=b"{", headers={"content-type": "application/json"})
    assert (unknown.status_code, torn.status_code, served.api.asked) == (422, 400, [])


async def test_another_method_than_those_of_an_address_is_told_which_there_are(serve):
    async with serve().program() as program:
        answer = await program.delete("/api/services")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("variables", [{"A": "\0"}, {"A\0": ""}, {"A=B": ""}, {"": ""}])
async def test_variables_that_no_process_could_be_given_are_refused_before_anybody_is_asked(serve, variables):
    served = serve()
    async with served.program() as program:
        answer = await program.post("/api/services/web/start", json={"environment": variables})
    assert (answer.status_code, served.api.asked) == (422, [])


async def test_a_number_that_nothing_has_is_refused_before_anybody_is_asked(serve):
    served = serve()
    async with served.program() as program:
        answer = await program.get(f"/api/services/web/diff?first={10**30}")
    assert (answer.status_code, served.api.asked) == (400, [])


async def test_where_there_is_no_project_the_web_begins_with_all_of_them(serve):
    async with serve(project=None).browser() as browser:
        first, services = await browser.get("/"), await browser.get("/services")
    assert (first.headers["location"], services.status_code) == ("/projects", 404)


async def test_a_plan_is_carried_out_as_it_was_shown(serve):
    served = serve()
    async with served.program() as program:
        shown = (await program.get("/api/plan", params={"services": ["web"]})).json()
        done = await program.post("/api/plan/apply", json={"digest": shown["digest"], "services": ["web"]})
    assert done.status_code == 200
    assert [(name, request.services) for name, request in served.api.asked] == [
        ("plan", ("web",)),
        ("up", ("web",)),
    ]
    assert served.api.asked[-1][1].digest == shown["digest"]


async def test_a_plan_that_has_become_another_one_is_not_carried_out(serve):
    async def up(_: UpRequest) -> AsyncIterator[Progress]:
        raise Conflict("something else would be done by now")
        yield

    async with serve(up=up).program() as program:
        done = await program.post("/api/plan/apply", json={"digest": "of before"})
    assert (done.status_code, done.json()["code"]) == (409, "conflict")
