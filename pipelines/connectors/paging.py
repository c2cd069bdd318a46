"""How hosts name the next page of a listing: each way a function of the page's document and its response."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx

Following = Callable[[Any, httpx.Response], str | None]
"""The address of the next page, absolute or relative to the page's own; None at the end."""


def by_link(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401, ARG001 - JSON is of any type
    """By the `Link` header (RFC 8288)."""
    return response.links.get("next", {}).get("url")


def by_body(*path: str) -> Following:
    """By a field of the document, named from the top, that holds the address."""
    return lambda document, _: _at(document, path) or None


def by_header(name: str, parameter: str) -> Following:
    """By a header whose value goes into a parameter of the same query."""

    def following(_: Any, response: httpx.Response) -> str | None:  # noqa: ANN401
        token = response.headers.get(name)
        return _with(response, parameter, token) if token else None

    return following


def by_token(path: Sequence[str], parameter: str) -> Following:
    """By a field of the document, named from the top, whose value goes into a parameter of the same query."""

    def following(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401
        token = _at(document, path)
        return _with(response, parameter, str(token)) if token else None

    return following


def by_offset(items_key: str | None, parameter: str, has_more: Callable[[Any, int], bool]) -> Following:
    """By the number of elements before the page; `has_more` is told the document and how many are in hand with it."""

    def following(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401
        items = _items(document, items_key)
        reached = int(response.request.url.params.get(parameter, 0)) + len(items)
        return _with(response, parameter, str(reached)) if items and has_more(document, reached) else None

    return following


def by_number(items_key: str | None, parameter: str) -> Following:
    """By the page's number, from 1, until a page is empty."""

    def following(document: Any, response: httpx.Response) -> str | None:  # noqa: ANN401
        number = int(response.request.url.params.get(parameter, 1))
        return _with(response, parameter, str(number + 1)) if _items(document, items_key) else None

    return following


def _at(document: Any, path: Sequence[str]) -> Any:  # noqa: ANN401
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _items(document: Any, items_key: str | None) -> Sequence[Any]:  # noqa: ANN401
    found = _at(document, [items_key]) if items_key else document
    return found if isinstance(found, list) else ()


def _with(response: httpx.Response, parameter: str, value: str) -> str:
    """The address that was asked for, with one parameter set."""
    return str(response.request.url.copy_set_param(parameter, value))
