"""How hosts name the next page of a listing: by link, in the body, by offset, by number or by token.

A function here is what `HostClient.pages` takes as `following`: it reads an answer and gives the address of the next
page, or None at the end. The client's guards (another host, a page that was read before, no end) hold for all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

Following = Callable[[Any, httpx.Response], str | None]
"""(JSON document, response) → address of the next page, absolute or relative to the answer's; None at the end."""


def by_link(_: Any, response: httpx.Response) -> str | None:  # noqa: ANN401 - JSON is of any type
    """The Link header with `rel="next"`, as GitHub and GitLab send it."""
    return response.links.get("next", {}).get("url")


def by_body(*keys: str) -> Following:
    """An address in the body, under these keys: Bitbucket's `next`, Opsgenie's `paging.next`."""

    def following(document: Any, _: httpx.Response) -> str | None:  # noqa: ANN401 - JSON is of any type
        address = _at(document, *keys)
        return address if isinstance(address, str) and address else None

    return following


def by_offset(
    items_key: str, parameter: str, more: Callable[[Mapping[str, Any], int], bool] = lambda _, __: True
) -> Following:
    """A parameter that counts elements: PagerDuty's `offset`, Jira's `startAt`, Azure's `$skip`; an empty page ends it.

    Args:
        items_key: The key of the answer's list.
        parameter: The query's parameter that holds the number of elements before the page.
        more: Told the document and how many elements lie before the next page: whether there is one.
    """

    def following(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401 - JSON is of any type
        items = _at(document, items_key)
        if not isinstance(items, list) or not items:
            return None
        url = response.request.url
        reached = int(url.params.get(parameter, 0)) + len(items)
        return str(url.copy_set_param(parameter, reached)) if more(document, reached) else None

    return following


def by_number(parameter: str) -> Following:
    """A parameter that counts pages, for hosts that say no more: an empty page is the end."""

    def following(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401 - JSON is of any type
        url = response.request.url
        return str(url.copy_set_param(parameter, int(url.params.get(parameter, 1)) + 1)) if document else None

    return following


def by_token(parameter: str) -> Following:
    """A token in the body that the next request hands back under the same name: Jira's `nextPageToken`."""

    def following(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401 - JSON is of any type
        token = _at(document, parameter)
        return str(response.request.url.copy_set_param(parameter, token)) if token else None

    return following


def by_header(header: str, parameter: str) -> Following:
    """A token in a header that the next request hands back: Azure DevOps' `x-ms-continuationtoken`."""

    def following(_: Any, response: httpx.Response) -> str | None:  # noqa: ANN401 - JSON is of any type
        token = response.headers.get(header)
        return str(response.request.url.copy_set_param(parameter, token)) if token else None

    return following


def _at(document: Any, *keys: str) -> Any:  # noqa: ANN401 - JSON is of any type
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
