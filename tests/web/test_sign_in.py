"""From the one-time link to the cookie, and what stands in between."""

import pytest

from nexsock.web.sessions import LINK_S, SESSIONS, Sessions
from tests.web.conftest import COOKIE, TOKEN


async def test_a_link_becomes_a_cookie_of_this_site_alone_and_is_left_at_once(serve):
    served = serve()
    async with served.client() as client:
        answer = await client.get(f"/enter/{served.sessions.link()}")
        page = await client.get("/services", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    attributes = {part.strip().split("=")[0].lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite", "path"} <= attributes
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert page.status_code == 200


async def test_a_link_works_once(serve):
    served = serve()
    code = served.sessions.link()
    async with served.client() as client, served.client() as other:
        first, second = await client.get(f"/enter/{code}"), await other.get(f"/enter/{code}")
        page = await other.get("/services")
    assert (first.status_code, second.status_code, page.status_code) == (303, 401, 401)


async def test_a_link_that_was_only_looked_at_is_not_used_up(serve):
    served = serve()
    code = served.sessions.link()
    async with served.client() as client:
        await client.head(f"/enter/{code}")
        assert (await client.get(f"/enter/{code}")).status_code == 303


async def test_a_link_is_good_for_ten_minutes(serve):
    served = serve()
    code = served.sessions.link()
    served.moment[0] += LINK_S + 1
    async with served.client() as client:
        assert (await client.get(f"/enter/{code}")).status_code == 401


async def test_a_link_that_was_followed_on_another_site_leads_on_by_a_page_of_ours(serve):
    served = serve()
    async with served.client() as client:
        answer = await client.get(
            f"/enter/{served.sessions.link()}",
            headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        )
    assert answer.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/"' in answer.text
    assert COOKIE in answer.headers["set-cookie"]


async def test_who_has_not_signed_in_sees_how_it_is_done_and_nothing_else(serve):
    served = serve()
    async with served.client(accept="text/html") as client:
        answer = await client.get("/services")
    assert (answer.status_code, served.api.asked) == (401, [])
    assert "nexsock web" in answer.text
    assert "shop" not in answer.text


async def test_static_files_are_for_who_has_signed_in(serve):
    served = serve()
    path = served.web.assets.url("nexsock.css")
    async with served.client() as stranger, served.browser() as browser:
        refused, given = await stranger.get(path), await browser.get(path)
    assert (refused.status_code, given.status_code) == (401, 200)
    assert given.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_program_with_the_token_needs_no_origin_and_no_csrf(serve):
    served = serve()
    async with served.client(authorization=f"Bearer {TOKEN}") as client:
        assert (await client.post("/api/services/web/stop")).status_code == 200


async def test_pages_are_kept_nowhere(serve):
    async with serve().browser() as browser:
        assert (await browser.get("/services")).headers["cache-control"] == "no-store"


async def test_a_mistake_of_ours_tells_the_client_nothing(serve, caplog):
    async with serve(list_services=RuntimeError("secret inside")).program() as program:
        answer = await program.get("/api/services")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret inside" not in answer.text
    assert "secret inside" in caplog.text


def test_each_session_has_a_csrf_token_that_is_good_for_it_alone():
    sessions = Sessions(lambda: 0.0, TOKEN)
    first, second = sessions.exchange(sessions.link()), sessions.exchange(sessions.link())
    assert sessions.is_csrf(first, sessions.csrf(first))
    assert not sessions.is_csrf(second, sessions.csrf(first))


def test_the_oldest_of_too_many_sessions_gives_way():
    sessions = Sessions(lambda: 0.0, TOKEN)
    opened = [sessions.exchange(sessions.link()) for _ in range(SESSIONS + 1)]
    assert [sessions.knows(session) for session in (opened[0], opened[1], opened[-1])] == [False, True, True]


@pytest.mark.parametrize("guess", ["", "x", TOKEN + "x", "\udcff", "é"])
def test_a_guess_is_not_the_token(guess):
    assert not Sessions(lambda: 0.0, TOKEN).is_token(guess)


def test_two_answers_have_nothing_of_the_csrf_token_in_common():
    sessions = Sessions(lambda: 0.0, TOKEN)
    told = [sessions.csrf("one") for _ in range(50)]
    assert len({text[place : place + 8] for text in told for place in range(0, 128, 8)}) == 50 * 16


@pytest.mark.parametrize(
    "change", [lambda text: "", lambda text: text[:-2], lambda text: text + "00", lambda text: "x"]
)
def test_what_is_not_wholly_a_csrf_token_is_none(change):
    sessions = Sessions(lambda: 0.0, TOKEN)
    assert not sessions.is_csrf("one", change(sessions.csrf("one")))


@pytest.mark.parametrize(
    "other", ['layout={"open": true}', 'quoted="no end', "word", "=nameless", "a b=c", "path=/", f"{COOKIE}=stranger"]
)
async def test_cookies_of_other_programs_on_this_host_keep_nobody_out(serve, other):
    served = serve()
    async with served.client() as client:
        entered = await client.get(f"/enter/{served.sessions.link()}")
        ours = entered.headers["set-cookie"].split(";")[0]
        client.cookies.clear()
        pages = [
            await client.get("/services", headers={"cookie": sent}) for sent in (f"{other}; {ours}", f"{ours}; {other}")
        ]
    assert [page.status_code for page in pages] == [200, 200]
