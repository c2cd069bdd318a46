"""How each kind of host lists: filters, order and paging as its documentation has them, for the replay host.

A dialect is a function of a list's elements, the address asked for and the largest page that the host gives.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.replay import Answer

Item = dict[str, Any]
Dialect = Callable[[list[Item], str, int], Answer]


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(url).query))


def with_query(url: str, **more: object) -> str:
    """The address with some parameters replaced."""
    return f"{url.partition('?')[0]}?{urlencode({**query_of(url), **more})}"


def gitlab(items: list[Item], url: str, largest_page: int) -> Answer:
    """Numbered pages with Link headers; `state`, `updated_after`, `order_by` and `sort`."""
    query = query_of(url)
    chosen = [item for item in items if query.get("state", "all") in ("all", item.get("state"))]
    if after := query.get("updated_after"):
        if query.get("order_by") != "updated_at":
            return Answer.of({"message": "400 Bad request"}, 400)
        chosen = [item for item in chosen if item["updated_at"] >= after]
    if order := query.get("order_by"):
        chosen = sorted(chosen, key=lambda item: str(item[order]), reverse=query.get("sort", "desc") == "desc")
    size, number = min(int(query.get("per_page", 20)), largest_page), int(query.get("page", 1))
    answer = Answer.of(chosen[(number - 1) * size : number * size])
    if number * size >= len(chosen):
        return answer
    link = f'<{with_query(url, page=number + 1)}>; rel="next"'
    return Answer(answer.status, answer.body, {**answer.headers, "link": link})


DIALECTS: dict[str, Dialect] = {"gitlab": gitlab}
"""By kind of connector; GitHub's own is the replay host's."""
