"""Pages on the wire: small ones as they are, large ones compressed, streams never."""

import gzip

import pytest
from msgspec import structs

from nexsock.model.status import ProjectStatus
from tests.web.conftest import SHOP, WEB, Served

FIRST_PAGE_LIMIT = 150 * 1024


@pytest.fixture
def crowd(serve) -> Served:
    """A project of two hundred services."""
    services = tuple(structs.replace(WEB, name=f"service-{number}") for number in range(200))
    return serve(list_services=ProjectStatus(project=SHOP, services=services))


async def received(served: Served, path: str, coding: str) -> tuple[str, int, str]:
    """(Content-Encoding, bytes on the wire, text) of a page."""
    async with (
        served.browser(**{"accept-encoding": coding}) as browser,
        browser.stream("GET", path) as answer,
    ):
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    coded = answer.headers.get("content-encoding", "")
    return coded, len(raw), (gzip.decompress(raw) if coded else raw).decode()


async def test_a_page_of_two_hundred_services_is_small_on_the_wire(crowd):
    (_, whole, text), (coding, size, unpacked) = [await received(crowd, "/services", one) for one in ("", "gzip, br")]
    assert coding == "gzip"
    assert size < whole / 4
    assert size < FIRST_PAGE_LIMIT / 3
    assert unpacked.count("<tr data-name=") == text.count("<tr data-name=") == 200


async def test_a_file_that_is_compressed_already_is_not_compressed_again(serve):
    served = serve()
    coding, _, text = await received(served, served.web.assets.url("nexsock.css"), "gzip")
    assert coding == "gzip"
    assert "{" in text


async def test_caches_know_that_the_answer_depends_on_the_coding(crowd):
    async with crowd.browser() as browser:
        answer = await browser.get("/services")
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert "hx-request" in answer.headers["vary"].lower()


async def test_a_stream_is_never_compressed(serve):
    served = serve()
    async with served.program() as program:
        answer = await program.get("/api/services/web/logs/follow", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "event: lines" in answer.text
