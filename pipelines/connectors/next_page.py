"""How hosts other than GitHub and GitLab name the next page of a listing: in the body, by offset, number or token.

Each function makes what `HostClient.pages` takes as `next_page`: it reads a page's document and the query that it
answers, and gives the next query or address, or None at the end. The client's guards (another host, a page that was
read before, no end) hold for all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipelines.connectors.paging import NextPage, Query


def by_body(*keys: str) -> NextPage:
    """An address in the body, under these keys: Bitbucket's `next`, Opsgenie's `paging.next`."""

    def next_page(document: Any, _: Query) -> str | None:  # noqa: ANN401 - JSON is of any type
        address = _at(document, *keys)
        return address if isinstance(address, str) and address else None

    return next_page


def by_offset(
    items_key: str, parameter: str, more: Callable[[Mapping[str, Any], int], bool] = lambda _, __: True
) -> NextPage:
    """A parameter that counts elements: PagerDuty's `offset`, Jira's `startAt`, Azure's `$skip`; an empty page ends it.

    Args:
        items_key: The key of the answer's list.
        parameter: The query's parameter that holds the number of elements before the page.
        more: Told the document and how many elements lie before the next page: whether there is one.
    """

    def next_page(document: Any, query: Query) -> Query | None:  # noqa: ANN401 - JSON is of any type
        items = _at(document, items_key)
        if not isinstance(items, list) or not items:
            return None
        reached = int(query.get(parameter) or 0) + len(items)
        return {**query, parameter: reached} if more(document, reached) else None

    return next_page


def by_number(parameter: str) -> NextPage:
    """A parameter that counts pages, for hosts that say no more: an empty page is the end."""

    def next_page(document: Any, query: Query) -> Query | None:  # noqa: ANN401 - JSON is of any type
        return {**query, parameter: int(query.get(parameter) or 1) + 1} if document else None

    return next_page


def by_token(parameter: str) -> NextPage:
    """A token in the body that the next request hands back under the same name: Jira's `nextPageToken`."""

    def next_page(document: Any, query: Query) -> Query | None:  # noqa: ANN401 - JSON is of any type
        token = _at(document, parameter)
        return {**query, parameter: token} if token else None

    return next_page


def _at(document: Any, *keys: str) -> Any:  # noqa: ANN401 - JSON is of any type
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
