"""The one HTTP client of all connectors: base URL, token, paging with guards; how a request is answered is in exchange.

Errors leave here as one line (host_errors); no token is in any of them.
"""

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urljoin

import httpx
from pydantic import SecretStr

from pipelines.connectors.exchange import ATTEMPTS, Asked, Check, Complaint, Exchange
from pipelines.connectors.host_errors import GO_ON, Gone, HostErrors, NotFound, Stopped
from pipelines.connectors.kept_answers import KeptAnswers
from pipelines.connectors.listing import Astray, ListingGuard, Page, Query
from pipelines.connectors.paging import Following, by_link
from pipelines.connectors.rate_limit import ALL, RateLimit
from schemas.errors import ConfigurationError, SourceError

__all__ = ["ATTEMPTS", "GO_ON", "Complaint", "Gone", "HostClient", "NotFound", "Page", "Query", "Stopped"]

TIMEOUT = httpx.Timeout(30.0, connect=10.0)


class HostClient:
    """Reads JSON from one host. Threads take a copy each (`for_stream`); limits and connections are shared.

    Args:
        source: The source's name in plumbline.toml, for messages.
        base_url: Where relative paths start; https, or http on loopback.
        token: Sent as `Authorization`, to the host of `base_url` only (httpx drops this header on a redirect to
            another host).
        token_hint: Where the token comes from, for messages ("environment variable GITHUB_TOKEN").
        transport: httpx transport to use, for tests.
        clock: Seconds since the epoch.
        sleep: Waits that many seconds; by default until then or until the pull is called off.
        on_wait: Told the seconds and the reason before each wait that the host asked for.
        authorization: Makes the header's value of the token; `Bearer` by default.
        kept: Where answers are kept that are asked for conditionally.

    Attributes:
        requests: Requests sent by this copy, failed attempts included.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        token: SecretStr | None = None,
        token_hint: str = "token_env or token_file",
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] | None = None,
        on_wait: Callable[[float, str], None] | None = None,
        authorization: Callable[[str], str] = "Bearer {}".format,
        kept: KeptAnswers | None = None,
    ) -> None:
        self.source = source
        self.base_url = httpx.URL(base_url.rstrip("/") + "/")
        self._check_base_url(token)
        self.clock = clock
        self.requests = 0
        sent = {"User-Agent": "plumbline", **(headers or {})}
        self._secrets: tuple[str, ...] = ()
        if token is not None:
            sent["Authorization"] = authorization(token.get_secret_value())
            self._secrets = (token.get_secret_value(), sent["Authorization"].rpartition(" ")[2])
        stop = threading.Event()
        limit = RateLimit(source, clock, sleep or (lambda seconds: (stop.wait(seconds), None)[1]), on_wait)
        http = httpx.Client(headers=sent, transport=transport, timeout=TIMEOUT, follow_redirects=True, max_redirects=5)
        self._host = Exchange(http, limit, HostErrors(source, token_hint, self._secrets), clock, kept, stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._host.http.close()

    def for_stream(self) -> Self:
        """A client of the same host that counts its own requests."""
        client = copy.copy(self)
        client.requests = 0
        return client

    def stop(self) -> None:
        """Call the pull off: waits end, and the next request raises Stopped, in all threads."""
        self._host.stop.set()

    def hold(self, budget: str, until: datetime) -> None:
        """Ask for nothing of a budget until an instant by the host's clock."""
        self._host.limit.hold(budget, until.timestamp() + self._host.behind)

    def astray(self, what: str) -> SourceError:
        """The error for a listing that is not followed any further."""
        return self._host.errors.broken(self.base_url, what)

    def absent(self, what: str) -> NotFound:
        """The error for what is not there or not visible."""
        errors = self._host.errors
        return NotFound(what, errors.where(self.base_url), errors.check_name)

    @property
    def absent_apis(self) -> set[str]:
        """Addresses of APIs that the host has turned out not to have; for all copies to add to."""
        return self._host.absent

    @property
    def is_stopped(self) -> bool:
        """Whether the pull has been called off."""
        return self._host.stop.is_set()

    @property
    def answered(self) -> bool:
        """Whether the host has spoken as an API at all."""
        return self._host.errors.answered

    @property
    def behind(self) -> float:
        """Seconds by which the host's clock is behind ours, at most; 0 where it is not."""
        return self._host.behind

    @property
    def has_token(self) -> bool:
        """Whether requests carry a token."""
        return bool(self._secrets)

    @property
    def all_requests(self) -> int:
        """Requests sent to the host by all copies."""
        return self._host.requests

    @property
    def remaining(self) -> Mapping[str, int | None]:
        """By budget (GitHub counts `core` and `graphql` apart), the requests that the host last said are left."""
        return dict(self._host.limit.remaining)

    def _check_base_url(self, token: SecretStr | None) -> None:
        where = f'source "{self.source}"'
        if self.base_url.scheme not in ("http", "https") or not self.base_url.host:
            raise ConfigurationError("base_url is not an http(s) address", where, "write it as https://host/path")
        if self.base_url.userinfo:
            what_to_do = "name the secret in token_env or token_file instead"
            raise ConfigurationError("base_url holds a user or a password", where, what_to_do)
        loopback = self.base_url.host in ("localhost", "127.0.0.1", "::1")
        if token is not None and self.base_url.scheme == "http" and not loopback:
            what = f"base_url would send the token unencrypted to {self.base_url.host}"
            raise ConfigurationError(what, where, "use https")

    def now(self) -> datetime:
        """The client's clock as an instant in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def get(self, path: str, params: Query | None = None, conditional: bool = False) -> Any:  # noqa: ANN401
        """The JSON document at `path`. Raises NotFound, ConfigurationError, SourceError.

        Args:
            path: Relative to the base URL.
            params: The query.
            conditional: Keep the answer, and next time ask for it only if it has changed since: for what every pull
                asks for.
        """
        return self._read(self._get(self._address(path), params or {}, conditional))[0]

    def look(self, path: str, params: Query | None = None) -> tuple[Any, Mapping[str, str]]:
        """The JSON document at `path`, and the headers that came with it: what a token may do stands there."""
        document, response = self._read(self._get(self._address(path), params or {}))
        return document, response.headers

    def post(
        self, path: str, body: object, check: Check | None = None, budget: str = ALL, attempts: int = ATTEMPTS
    ) -> Any:  # noqa: ANN401 - JSON is of any type
        """The JSON document that answers a query in a body; such a request reads, so that it may be sent again.

        Args:
            path: Relative to the base URL; it may lead up (`../graphql`), not to another host.
            body: Sent as JSON.
            check: Told the document: what went wrong although the status is 200.
            budget: The rate limit that the host counts it under, if it keeps several.
            attempts: How often it is tried.
        """
        request = self._host.http.build_request("POST", self._address(path), json=body)
        return self._read(Asked(request, budget, check, attempts=attempts))[0]

    def pages(
        self,
        path: str,
        params: Query | None = None,
        items_key: str | None = None,
        following: Following = by_link,
        conditional: bool = False,
    ) -> Iterator[Page]:
        """The pages of a listing, by its Link headers unless `following` says otherwise.

        A `next` that leads to another host or back, a page that repeats, and a listing without end raise SourceError.

        Args:
            path: Relative to the base URL.
            params: Query of the first request; the host's links carry it on.
            items_key: Where a page is an object, the key of its list.
            following: How the host names the next page (pipelines.connectors.paging).
            conditional: Ask for the first page only if it has changed since it was last asked for.
        """
        guard, visited = ListingGuard(), set[str]()
        asked: Asked | None = self._get(self._address(path), params or {}, conditional)
        while asked is not None:
            document, response = self._read(asked)
            visited.update((str(asked.request.url), str(response.url)))
            asked = self._next(following(document, response), response)
            try:
                if asked and str(asked.request.url) in visited:
                    raise Astray("names a page as its next that was read before")
                items = document.get(items_key) if items_key and isinstance(document, dict) else document
                page = Page(guard.check(items, asked is not None), str(asked.request.url) if asked else None)
            except Astray as reason:
                raise self._host.errors.broken(response.url, str(reason)) from None
            yield page

    def list(
        self,
        path: str,
        params: Query | None = None,
        items_key: str | None = None,
        following: Following = by_link,
        conditional: bool = False,
    ) -> list[Any]:
        """All elements of a listing."""
        return [item for page in self.pages(path, params, items_key, following, conditional) for item in page.items]

    def _address(self, path: str) -> str:
        return str(self.base_url.join(path.lstrip("/")))

    def _get(self, address: str, params: Query, conditional: bool = False) -> Asked:
        wanted = {key: value for key, value in params.items() if value is not None}
        request = self._host.http.build_request("GET", address, params=wanted or None)
        kept = self._host.kept
        if not conditional or kept is None:
            return Asked(request)
        sent = request.headers
        name = kept.name(str(request.url), sent.get("authorization", ""), sent.get("accept", ""))
        if (answer := kept.get(name)) is not None:
            request.headers["If-None-Match"] = answer.etag
        return Asked(request, filed_as=name, kept=answer)

    def _next(self, link: str | None, response: httpx.Response) -> Asked | None:
        """The request for the next page, if there is one."""
        if not link:
            return None
        address = httpx.URL(urljoin(str(response.url), link))
        if _origin(address) != _origin(self.base_url):
            what = f"names a next page on another host ({address.host}), which is not followed"
            raise self._host.errors.broken(response.url, what)
        return self._get(str(address), {})

    def _read(self, asked: Asked) -> tuple[Any, httpx.Response]:
        """Send until answered; (JSON document, response)."""
        return self._host.read(asked, self._count)

    def _count(self) -> None:
        self.requests += 1


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
