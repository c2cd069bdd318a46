"""The one HTTP client of all connectors: base URL, token, paging with guards, retries and rate limits.

Errors leave here as one line that says what happened, where (a URL without its query) and what to do. A source that
was never readable is a
ConfigurationError (unknown host, refused token, not an API); one that broke off is a SourceError. No token is in any
of them.
"""

import hashlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urljoin

import httpx
import stamina
from pydantic import SecretStr

from pipelines.connectors.paging import Following, by_link
from pipelines.connectors.rate_limit import RateLimit, host_time
from schemas.errors import ConfigurationError, PlumblineError, SourceError

ATTEMPTS = 6
"""How often one request is tried before its stream is given up for this run."""
MAXIMUM_PAGES = 20_000
"""A listing longer than this (two million elements of 100 a page) is taken for one that never ends."""
MAXIMUM_EMPTY_PAGES = 3
"""Empty pages in a row that still name a next one."""
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
GO_ON = "what arrived is kept, run ingest again to go on"
Query = Mapping[str, str | int | None]
"""Parameters of a request; those that are None are left out."""

# By itself stamina logs each retry, to standard output where structlog is installed: that is where results go.
stamina.instrumentation.set_on_retry_hooks(())


class TransientError(Exception):
    """A failure that another attempt may cure; it never leaves this module."""


class NotFound(SourceError):
    """The host says that there is nothing at this address, or nothing that this token may see."""


class Gone(NotFound):
    """The host says that this is turned off for good (410): there is nothing to read, and nothing to mend."""


@dataclass(frozen=True)
class Page:
    """One page of a listing: its elements and the address of the next, if any."""

    items: list[Any]
    next_url: str | None


class HostClient:
    """Reads JSON from one host.

    Args:
        source: The source's name in plumbline.toml, for messages.
        base_url: Where relative paths start; https, or http on loopback.
        token: Sent as `Authorization: Bearer`, to the host of `base_url` only (httpx drops this header on a redirect
            to another host).
        token_hint: Where the token comes from, for messages ("environment variable GITHUB_TOKEN").
        transport: httpx transport to use, for tests.
        clock: Seconds since the epoch.
        sleep: Waits that many seconds.
        on_wait: Told the seconds and the reason before each wait that the host asked for.

    Attributes:
        requests: Requests sent so far, failed attempts included.
        answered: Whether the host has spoken as an API at all.
        behind: Seconds by which the host's clock is behind ours, at most; 0 where it is not.
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
        sleep: Callable[[float], None] = time.sleep,
        on_wait: Callable[[float, str], None] | None = None,
    ) -> None:
        self.source = source
        self.base_url = httpx.URL(base_url.rstrip("/") + "/")
        self._check_base_url(token)
        self._token = token
        self._token_hint = token_hint
        self.clock = clock
        self._limit = RateLimit(source, clock, sleep, on_wait)
        self.requests = 0
        self.answered = False
        self.behind = 0.0
        sent = {"User-Agent": "plumbline", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token.get_secret_value()}"
        self._http = httpx.Client(
            headers=sent, transport=transport, timeout=TIMEOUT, follow_redirects=True, max_redirects=5
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

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

    def get(self, path: str, params: Query | None = None) -> Any:  # noqa: ANN401 - JSON is of any type
        """The JSON document at `path`. Raises NotFound, ConfigurationError, SourceError."""
        return self._read(self._address(path), params)[0]

    def pages(
        self, path: str, params: Query | None = None, items_key: str | None = None, following: Following = by_link
    ) -> Iterator[Page]:
        """The pages of a listing, by its Link headers unless `following` says otherwise.

        A `next` that leads to another host or back, a page that repeats, and a listing without end raise SourceError.

        Args:
            path: Relative to the base URL.
            params: Query of the first request; the host's links carry it on.
            items_key: Where a page is an object, the key of its list.
            following: How the host names the next page (pipelines.connectors.paging).
        """
        address: str | None = self._address(path)
        visited: set[str] = set()
        contents: set[bytes] = set()
        empty = 0
        while address is not None:
            document, response = self._read(address, params)
            params = None
            items = document.get(items_key) if items_key and isinstance(document, dict) else document
            if not isinstance(items, list):
                raise self._broken(response.url, "answered with something other than a list")
            visited.update((address, str(response.url)))
            empty = 0 if items else empty + 1
            digest = hashlib.sha256(json.dumps(items, sort_keys=True).encode()).digest()
            next_url = self._next_url(following(document, response), response, visited)
            if items and digest in contents:
                raise self._broken(response.url, "repeats a page of its listing")
            if next_url and (empty >= MAXIMUM_EMPTY_PAGES or len(contents) >= MAXIMUM_PAGES):
                raise self._broken(response.url, "names a next page without end")
            contents.add(digest)
            yield Page(items, next_url)
            address = next_url

    def list(
        self, path: str, params: Query | None = None, items_key: str | None = None, following: Following = by_link
    ) -> list[Any]:
        """All elements of a listing."""
        return [item for page in self.pages(path, params, items_key, following) for item in page.items]

    def _address(self, path: str) -> str:
        return str(self.base_url.join(path.lstrip("/")))

    def _next_url(self, link: str | None, response: httpx.Response, visited: set[str]) -> str | None:
        if not link:
            return None
        address = urljoin(str(response.url), link)
        if _origin(httpx.URL(address)) != _origin(self.base_url):
            raise self._broken(
                response.url, f"names a next page on another host ({httpx.URL(address).host}), which is not followed"
            )
        if address in visited:
            raise self._broken(response.url, "names a page as its next that was read before")
        return address

    def _read(self, address: str, params: Query | None) -> tuple[Any, httpx.Response]:
        """Send until answered, at most ATTEMPTS times; (JSON document, response)."""
        wanted = {key: value for key, value in (params or {}).items() if value is not None}
        request = self._http.build_request("GET", address, params=wanted or None)
        try:
            for attempt in stamina.retry_context(
                on=_is_transient, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=30.0, wait_jitter=1.0
            ):
                with attempt:
                    self._limit.wait()
                    return self._attempt(request)
        except TransientError as failure:
            raise self._broken(request.url, f"{failure}, {ATTEMPTS} times in a row") from None
        raise AssertionError("unreachable: the retries either return or raise")

    def _attempt(self, request: httpx.Request) -> tuple[Any, httpx.Response]:
        self.requests += 1
        try:
            response = self._http.send(request)
        except httpx.TooManyRedirects:
            raise self._broken(request.url, "redirects without end") from None
        except httpx.TransportError as failure:
            raise self._unreachable(request.url, failure) from None
        except (httpx.InvalidURL, httpx.DecodingError) as failure:
            raise TransientError(f"sent an unreadable answer ({type(failure).__name__})") from None
        self.behind = max(self.behind, self.clock() - host_time(response, self.clock()))
        if limited := self._limit.note(response):
            raise TransientError(limited)
        return self._document(response), response

    def _document(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON is of any type
        """The response's JSON, or the error that its status or content stands for."""
        if response.status_code >= 500:
            raise TransientError(f"answered {response.status_code}")
        if response.status_code == 401:
            raise self._fault(response.url, "refused the token (401)", f"put a valid one into {self._token_hint}")
        if response.status_code in (404, 410):
            # In JSON this is an API speaking, of one address; as a page it may be the wrong address altogether.
            self.answered = self.answered or _is_json(response)
            what = f"answered {response.status_code}: not there, or not visible to this token"
            raise (Gone if response.status_code == 410 else NotFound)(
                what, self._where(response.url), f"check the name and what the token of {self._token_hint} may read"
            )
        if not response.is_success:
            reason = f"answered {response.status_code}{self._words(response)}"
            raise self._fault(response.url, reason, f"check what the token of {self._token_hint} may read")
        if not _is_json(response):
            content_type = response.headers.get("content-type", "none").partition(";")[0]
            reason = f"answered with {content_type} instead of JSON (a login page or a proxy?)"
            raise self._fault(response.url, reason, "check base_url")
        try:
            document = response.json()
        except ValueError:
            raise TransientError("sent JSON that breaks off") from None
        self.answered = True
        return document

    def _unreachable(self, url: httpx.URL, failure: httpx.TransportError) -> Exception:
        """A failure below HTTP: definite where name or certificate are wrong, else worth another attempt."""
        cause = _root_cause(failure)
        if not self.answered and isinstance(cause, socket.gaierror):
            return ConfigurationError(f"the host {url.host} is not known", self._where(url), "check base_url")
        if not self.answered and isinstance(cause, ssl.SSLCertVerificationError):
            what_to_do = "set SSL_CERT_FILE to the certificate of your own authority, if it is one"
            return ConfigurationError(f"the certificate of {url.host} is not trusted", self._where(url), what_to_do)
        kinds = {httpx.TimeoutException: "did not answer in time", httpx.ConnectError: "could not be connected to"}
        words = next((text for kind, text in kinds.items() if isinstance(failure, kind)), "broke off the connection")
        return TransientError(words)

    def _fault(self, url: httpx.URL, what: str, what_to_do: str) -> PlumblineError:
        """A refusal: the configuration is wrong where nothing was ever read, else the source broke off midway."""
        if self.answered:
            return SourceError(what, self._where(url), f"{what_to_do}; {GO_ON}")
        return ConfigurationError(what, self._where(url), what_to_do)

    def _broken(self, url: httpx.URL, what: str) -> SourceError:
        return SourceError(what, self._where(url), GO_ON)

    def _where(self, url: httpx.URL) -> str:
        """Source and address, without the query: a signed address carries its secret there."""
        return f'source "{self.source}", {url.copy_with(query=None, userinfo=b"", fragment=None)}'

    def _words(self, response: httpx.Response) -> str:
        """The host's own message, on one line, shortened, without the token."""
        try:
            message = response.json().get("message", "")
        except (ValueError, AttributeError):
            return ""
        words = " ".join(str(message).split())[:200]
        if self._token is not None:
            words = words.replace(self._token.get_secret_value(), "***")
        return f" ({words})" if words else ""


def _is_transient(failure: Exception) -> bool:
    return isinstance(failure, TransientError)


def _is_json(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().endswith("json")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _root_cause(failure: BaseException) -> BaseException:
    while (cause := failure.__cause__ or failure.__context__) is not None:
        failure = cause
    return failure
