"""How the next page is named: each way of the hosts, at its end and before it."""

import pytest

from pipelines.connectors.next_page import by_body, by_number, by_offset, by_token
from pipelines.connectors.paging import NextPage, Query

TOTAL = by_offset("issues", "startAt", lambda document, reached: reached < document["total"])
MORE = by_offset("incidents", "offset", lambda document, _: bool(document.get("more")))
ADDRESS = "https://host.example/list?page=2"


@pytest.mark.parametrize(
    ("next_page", "document", "query", "expected"),
    [
        (by_body("next"), {"next": ADDRESS}, {}, ADDRESS),
        (by_body("paging", "next"), {"paging": {"next": ADDRESS}}, {}, ADDRESS),
        (by_body("paging", "next"), {"paging": {}}, {}, None),
        (by_body("next"), [], {}, None),
        (TOTAL, {"issues": [1, 2], "total": 3}, {"maxResults": 9}, {"maxResults": 9, "startAt": 2}),
        (TOTAL, {"issues": [1], "total": 3}, {"startAt": 2}, None),
        (TOTAL, {"issues": [], "total": 3}, {"startAt": 2}, None),
        (MORE, {"incidents": [1], "more": True}, {"offset": 4, "limit": 1}, {"offset": 5, "limit": 1}),
        (MORE, {"incidents": [1], "more": False}, {"offset": 4}, None),
        (by_offset("value", "$skip"), {"value": [1]}, {}, {"$skip": 1}),
        (by_offset("value", "$skip"), {"value": []}, {"$skip": 1}, None),
        (by_number("page"), [1], {}, {"page": 2}),
        (by_number("page"), [1], {"page": 7}, {"page": 8}),
        (by_number("page"), [], {"page": 7}, None),
        (by_token("nextPageToken"), {"nextPageToken": "b c"}, {}, {"nextPageToken": "b c"}),
        (by_token("nextPageToken"), {"isLast": True}, {"nextPageToken": "b"}, None),
    ],
)
def test_the_next_page(next_page: NextPage, document: object, query: Query, expected: object) -> None:
    assert next_page(document, query) == expected
