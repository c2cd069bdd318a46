"""How each kind of host lists: filters, order and paging as its documentation has them, for the replay host.

A dialect is a function of a list's elements, the address asked for and the largest page that the host gives.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
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
        chosen = [item for item in chosen if (item.get("updated_at") or item["created_at"]) >= after]
    if before := query.get("updated_before"):
        chosen = [item for item in chosen if (item.get("updated_at") or item["created_at"]) <= before]
    if order := query.get("order_by"):
        chosen = sorted(
            chosen,
            key=lambda item: str(item.get(order) or item["created_at"]),
            reverse=query.get("sort", "desc") == "desc",
        )
    size, number = min(int(query.get("per_page", 20)), largest_page), int(query.get("page", 1))
    answer = Answer.of(chosen[(number - 1) * size : number * size])
    if number * size >= len(chosen):
        return answer
    link = f'<{with_query(url, page=number + 1)}>; rel="next"'
    return Answer(answer.status, answer.body, {**answer.headers, "link": link})


def pagerduty(items: list[Item], url: str, largest_page: int) -> Answer:
    """`offset` and `limit`, `more` in an envelope named like the address; `statuses[]` and newest first."""
    query, parts = query_of(url), urlsplit(url)
    statuses = [value for key, value in parse_qsl(parts.query) if key == "statuses[]"]
    name = parts.path.rpartition("/")[2]
    chosen = [item for item in items if not statuses or item["status"] in statuses]
    chosen.sort(key=lambda item: str(item.get("created_at")), reverse=True)
    if "since" in query:
        chosen = [item for item in chosen if query["since"] <= item["created_at"] < query["until"]]
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 25)), largest_page)
    if offset + limit > 10_000:
        return Answer.of({"error": {"message": "Invalid Input Provided", "code": 2001}}, 400)
    more = offset + limit < len(chosen)
    return Answer.of({name: chosen[offset : offset + limit], "limit": limit, "offset": offset, "more": more})


_CLAUSE = re.compile(r'(project|issuetype|statusCategory)\s*(!?=)\s*"?([\w-]+)"?')


def jira(items: list[Item], url: str, largest_page: int) -> Answer:
    """Cloud's search by token, Data Center's by `startAt`, and an issue's changelog; simple clauses of JQL."""
    query, path = query_of(url), urlsplit(url).path
    chosen = [item for item in items if all(_fits(item, *clause) for clause in _CLAUSE.findall(query.get("jql", "")))]
    if "ORDER BY updated DESC" in query.get("jql", ""):
        chosen.sort(key=lambda item: str(item["fields"]["updated"]), reverse=True)
    by_token = path.endswith("search/jql")
    start = int(query.get("nextPageToken" if by_token else "startAt", 0))
    size = min(int(query.get("maxResults", 50)), largest_page)
    page, end = chosen[start : start + size], start + size
    if by_token:
        is_last = end >= len(chosen)
        return Answer.of({"issues": page, "isLast": is_last, **({} if is_last else {"nextPageToken": str(end)})})
    name = "values" if path.endswith("changelog") else "issues"
    return Answer.of({"startAt": start, "maxResults": size, "total": len(chosen), name: page})


def _fits(item: Item, field: str, sign: str, wanted: str) -> bool:
    fields = item["fields"]
    held = {
        "project": lambda: fields["project"]["key"],
        "issuetype": lambda: fields["issuetype"]["name"],
        "statusCategory": lambda: fields["status"]["statusCategory"]["name"],
    }[field]()
    return bool(held == wanted) == (sign == "=")


def opsgenie(items: list[Item], url: str, largest_page: int) -> Answer:
    """`offset` and `limit`, newest first, the next page's address in the body; `status:open`, `createdAt <= …`."""
    query = query_of(url)
    if until := re.search(r"createdAt <= (\d+)", query.get("query", "")):
        latest = datetime.fromtimestamp(int(until[1]) / 1000, UTC)
        items = [item for item in items if datetime.fromisoformat(item["createdAt"]) <= latest]
    chosen = [item for item in items if "status:open" not in query.get("query", "") or item["status"] == "open"]
    if "sort" in query:
        chosen.sort(key=lambda item: str(item[query["sort"]]), reverse=query.get("order", "desc") == "desc")
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 20)), largest_page)
    more = {"next": with_query(url, offset=offset + limit, limit=limit)} if offset + limit < len(chosen) else {}
    page = chosen[offset : offset + limit]
    return Answer.of({"data": page, "paging": {"first": with_query(url, offset=0), **more}, "took": 0.1})


def statuspage(items: list[Item], url: str, largest_page: int) -> Answer:
    """Numbered pages, newest first, and no word of the next."""
    query = query_of(url)
    chosen = sorted(items, key=lambda item: str(item.get("created_at")), reverse=True)
    if urlsplit(url).path.endswith("/unresolved"):
        return Answer.of(chosen)
    size, number = min(int(query.get("limit", 100)), largest_page), int(query.get("page", 1))
    return Answer.of(chosen[(number - 1) * size : number * size])


def bitbucket(items: list[Item], url: str, largest_page: int) -> Answer:
    """`page` and `pagelen`, the next page's address in the body; `state` (repeated) and `sort`."""
    query, states = query_of(url), {value for key, value in parse_qsl(urlsplit(url).query) if key == "state"}
    chosen = [item for item in items if not states or item.get("state") in states]
    if order := query.get("sort"):
        chosen.sort(key=lambda item: str(item[order.removeprefix("-")]), reverse=order.startswith("-"))
    size, number = min(int(query.get("pagelen", 10)), largest_page), int(query.get("page", 1))
    repeated = [("state", state) for state in sorted(states)]
    rest = [(key, value) for key, value in query.items() if key not in ("state", "page")]
    following = f"{url.partition('?')[0]}?{urlencode([*repeated, *rest, ('page', number + 1)])}"
    more = {"next": following} if number * size < len(chosen) else {}
    return Answer.of({"values": chosen[(number - 1) * size : number * size], "pagelen": size, "page": number, **more})


def azure_devops(items: list[Item], url: str, largest_page: int) -> Answer:
    """Pull requests by `$skip`, newest first, builds by a token in a header; the rest whole, as the host does."""
    query, path = query_of(url), urlsplit(url).path
    chosen = [item for item in items if query.get("searchCriteria.status", "all") in ("all", item.get("status"))]
    order = {"pullrequests": "creationDate", "builds": "queueTime"}.get(path.rpartition("/")[2])
    if order is None:
        return Answer.of({"value": chosen, "count": len(chosen)})
    chosen.sort(key=lambda item: str(item[order]), reverse=True)
    start = int(query.get("$skip", query.get("continuationToken", 0)))
    size = min(int(query.get("$top", 100)), largest_page)
    page = chosen[start : start + size]
    answer = Answer.of({"value": page, "count": len(page)})
    if order == "creationDate" or start + size >= len(chosen):
        return answer
    return Answer(answer.status, answer.body, {**answer.headers, "x-ms-continuationtoken": str(start + size)})


DIALECTS: dict[str, Dialect] = {
    "gitlab": gitlab,
    "pagerduty": pagerduty,
    "jira": jira,
    "opsgenie": opsgenie,
    "statuspage": statuspage,
    "bitbucket": bitbucket,
    "azure_devops": azure_devops,
}
"""By kind of connector; GitHub's own is the replay host's."""
