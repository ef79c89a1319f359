"""What is answered with."""

import pytest

from nexsock.web.negotiate import form_of

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "headers", "form"),
    [
        ("/services", {"accept": BROWSER}, "page"),
        ("/services", {"accept": "application/json"}, "json"),
        ("/services", {"accept": "*/*"}, "json"),
        ("/services", {}, "json"),
        ("/services", {"accept": "text/*, application/json;q=0.5"}, "page"),
        ("/services", {"accept": "text/html;q=0.1, application/json"}, "json"),
        ("/services", {"accept": "text/html;q=nonsense"}, "json"),
        ("/services", {"accept": "*/*", "hx-request": "true"}, "fragment"),
        ("/api/services", {"accept": BROWSER}, "json"),
        ("/apiary", {"accept": BROWSER}, "page"),
    ],
)
def test_accept_and_the_place_decide(path, headers, form):
    assert form_of(path, headers) == form
