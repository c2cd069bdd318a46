"""How the next page is named: each way of the hosts, at its end and before it."""

import httpx
import pytest

from pipelines.connectors.paging import Following, by_body, by_header, by_link, by_number, by_offset, by_token

ADDRESS = "https://host.example/list?page=2"
TOTAL = by_offset("issues", "startAt", lambda document, reached: reached < document["total"])
MORE = by_offset("incidents", "offset", lambda document, _: bool(document.get("more")))
CONTINUED = by_header("x-ms-continuationtoken", "continuationToken")


def after(following: Following, document: object, query: str = "", **headers: str) -> dict[str, str] | None:
    """The parameters of the address that follows."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx.Request("GET", f"https://host.example/list?{query}")
    address = following(document, httpx.Response(200, headers=named, request=request))
    return dict(httpx.URL(address).params) if address else None


@pytest.mark.parametrize(
    ("following", "document", "query", "expected"),
    [
        (by_body("next"), {"next": ADDRESS}, "", {"page": "2"}),
        (by_body("paging", "next"), {"paging": {"next": ADDRESS}}, "", {"page": "2"}),
        (by_body("paging", "next"), {"paging": {}}, "", None),
        (by_body("next"), [], "", None),
        (TOTAL, {"issues": [1, 2], "total": 3}, "maxResults=100", {"maxResults": "100", "startAt": "2"}),
        (TOTAL, {"issues": [1], "total": 3}, "startAt=2", None),
        (TOTAL, {"issues": [], "total": 3}, "startAt=2", None),
        (MORE, {"incidents": [1], "more": True}, "offset=4&limit=1", {"offset": "5", "limit": "1"}),
        (MORE, {"incidents": [1], "more": False}, "offset=4", None),
        (by_offset("value", "$skip"), {"value": [1]}, "", {"$skip": "1"}),
        (by_offset("value", "$skip"), {"value": []}, "$skip=1", None),
        (by_number("page"), [1], "", {"page": "2"}),
        (by_number("page"), [1], "page=7", {"page": "8"}),
        (by_number("page"), [], "page=7", None),
        (by_token("nextPageToken"), {"nextPageToken": "b c"}, "", {"nextPageToken": "b c"}),
        (by_token("nextPageToken"), {"isLast": True}, "nextPageToken=b", None),
    ],
)
def test_the_next_page(following: Following, document: object, query: str, expected: dict[str, str] | None) -> None:
    assert after(following, document, query) == expected


def test_headers_that_name_the_next_page() -> None:
    assert after(by_link, [], link=f'<{ADDRESS}>; rel="next"') == {"page": "2"}
    assert after(by_link, []) is None
    assert after(CONTINUED, {}, x_ms_continuationtoken="abc") == {"continuationToken": "abc"}
    assert after(CONTINUED, {}) is None
