"""The one HTTP client of all connectors: base URL, token, paging with guards, retries and rate limits.

Errors leave here as one line that says what happened, where (a URL without its query) and what to do. A source that
was never readable is a ConfigurationError (unknown host, refused token, not an API); one that broke off is a
SourceError. No token is in any of them.
"""

import copy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urljoin

import httpx
import stamina
from pydantic import SecretStr

from pipelines.connectors.kept_answers import KeptAnswer, KeptAnswers
from pipelines.connectors.listing import Astray, ListingGuard, Page, Query
from pipelines.connectors.paging import Following, by_link
from pipelines.connectors.rate_limit import ALL, RateLimit, host_time
from schemas.errors import ConfigurationError, PlumblineError, SourceError

__all__ = ["ATTEMPTS", "GO_ON", "Gone", "HostClient", "NotFound", "Page", "Query", "Stopped"]

ATTEMPTS = 6
"""How often one request is tried before its stream is given up for this run."""
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
GO_ON = "what arrived is kept, run ingest again to go on"

# By itself stamina logs each retry, to standard output where structlog is installed: that is where results go.
stamina.instrumentation.set_on_retry_hooks(())


class TransientError(Exception):
    """A failure that another attempt may cure; it never leaves this module."""


class Stopped(Exception):
    """The pull has been called off; nothing more is asked of the host."""


class NotFound(SourceError):
    """The host says that there is nothing at this address, or nothing that this token may see."""


class Gone(NotFound):
    """The host says that this is turned off for good (410): there is nothing to read, and nothing to mend."""


@dataclass
class _Host:
    """What all threads that read one host share."""

    http: httpx.Client
    limit: RateLimit
    kept: KeptAnswers | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)
    requests: int = 0
    answered: bool = False
    behind: float = 0.0


@dataclass(frozen=True)
class Complaint:
    """What a body says went wrong although its status is 200.

    `is_limit` where it is the rate of requests; `is_final` where another attempt is of no use, `error` where it is not
    and the caller knows what to do.
    """

    words: str
    is_limit: bool = False
    is_final: bool = False
    error: type[SourceError] | None = None


Check = Callable[[Any], Complaint | None]
"""Looks into a document for what the status does not tell."""


@dataclass(frozen=True)
class _Asked:
    """A request as it is sent, each time anew, and how its answer is looked at."""

    request: httpx.Request
    budget: str = ALL
    check: Check | None = None
    filed_as: str = ""
    kept: KeptAnswer | None = None
    attempts: int = ATTEMPTS


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
        self._token_hint = token_hint
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
        self._host = _Host(http, limit, kept, stop=stop)

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
        return self._broken(self.base_url, what)

    def absent(self, what: str) -> NotFound:
        """The error for what is not there or not visible."""
        what_to_do = f"check the name and what the token of {self._token_hint} may read"
        return NotFound(what, self._where(self.base_url), what_to_do)

    @property
    def is_stopped(self) -> bool:
        """Whether the pull has been called off."""
        return self._host.stop.is_set()

    @property
    def answered(self) -> bool:
        """Whether the host has spoken as an API at all."""
        return self._host.answered

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
        return self._read(_Asked(request, budget, check, attempts=attempts))[0]

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
        asked: _Asked | None = self._get(self._address(path), params or {}, conditional)
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
                raise self._broken(response.url, str(reason)) from None
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

    def _get(self, address: str, params: Query, conditional: bool = False) -> _Asked:
        wanted = {key: value for key, value in params.items() if value is not None}
        request = self._host.http.build_request("GET", address, params=wanted or None)
        kept = self._host.kept
        if not conditional or kept is None:
            return _Asked(request)
        sent = request.headers
        name = kept.name(str(request.url), sent.get("authorization", ""), sent.get("accept", ""))
        if (answer := kept.get(name)) is not None:
            request.headers["If-None-Match"] = answer.etag
        return _Asked(request, filed_as=name, kept=answer)

    def _next(self, link: str | None, response: httpx.Response) -> _Asked | None:
        """The request for the next page, if there is one."""
        if not link:
            return None
        address = httpx.URL(urljoin(str(response.url), link))
        if _origin(address) != _origin(self.base_url):
            what = f"names a next page on another host ({address.host}), which is not followed"
            raise self._broken(response.url, what)
        return self._get(str(address), {})

    def _read(self, asked: _Asked) -> tuple[Any, httpx.Response]:
        """Send until answered, at most ATTEMPTS times; (JSON document, response)."""
        try:
            for attempt in stamina.retry_context(
                on=_is_transient,
                attempts=asked.attempts,
                timeout=None,
                wait_initial=0.5,
                wait_max=30.0,
                wait_jitter=1.0,
            ):
                with attempt:
                    self._host.limit.wait(asked.budget)
                    return self._attempt(asked)
        except TransientError as failure:
            raise self._broken(asked.request.url, f"{failure}, {asked.attempts} times in a row") from None
        raise AssertionError("unreachable: the retries either return or raise")

    def _attempt(self, asked: _Asked) -> tuple[Any, httpx.Response]:
        response = self._send(asked)
        if response.status_code == 304:
            return self._kept_document(asked, response)
        if limited := self._host.limit.note(response, asked.budget):
            raise TransientError(limited)
        document = self._document(response)
        complaint = asked.check(document) if asked.check else None
        if complaint is not None:
            if complaint.error is not None:
                raise complaint.error(complaint.words, self._where(response.url), GO_ON)
            if complaint.is_final:
                raise self._fault(response.url, complaint.words, f"check what the token of {self._token_hint} may read")
            if complaint.is_limit:
                self._host.limit.note(response, asked.budget, says_limited=True)
            raise TransientError(complaint.words)
        self._host.answered = True
        if asked.filed_as and (etag := response.headers.get("etag")):
            answer = KeptAnswer(etag, response.headers.get("link", ""), response.content)
            self._kept.keep(asked.filed_as, answer, self.clock())
        return document, response

    def _send(self, asked: _Asked) -> httpx.Response:
        if self._host.stop.is_set():
            raise Stopped
        self.requests += 1
        with self._host.lock:
            self._host.requests += 1
        url = asked.request.url
        try:
            response = self._host.http.send(asked.request)
        except httpx.TooManyRedirects:
            raise self._broken(url, "redirects without end") from None
        except httpx.TransportError as failure:
            raise self._unreachable(url, failure) from None
        except (httpx.InvalidURL, httpx.DecodingError) as failure:
            raise TransientError(f"sent an unreadable answer ({type(failure).__name__})") from None
        with self._host.lock:
            self._host.behind = max(self._host.behind, self.clock() - host_time(response, self.clock()))
        return response

    @property
    def _kept(self) -> KeptAnswers:
        assert self._host.kept is not None  # only a client that keeps answers files requests
        return self._host.kept

    def _kept_document(self, asked: _Asked, response: httpx.Response) -> tuple[Any, httpx.Response]:
        """The answer that the host says is still right."""
        self._host.limit.note(response, asked.budget)
        if asked.kept is None:
            raise TransientError("answered 304 to a request without a condition")
        self._host.answered = True
        self._kept.keep(asked.filed_as, asked.kept, self.clock())
        headers = {"content-type": "application/json", "link": asked.kept.link}
        again = httpx.Response(200, headers=headers, content=asked.kept.body, request=response.request)
        return again.json(), again

    def _document(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON is of any type
        """The response's JSON, or the error that its status or content stands for."""
        if response.status_code >= 500:
            raise TransientError(f"answered {response.status_code}")
        if response.status_code == 401:
            raise self._fault(response.url, "refused the token (401)", f"put a valid one into {self._token_hint}")
        if response.status_code in (404, 410):
            # In JSON this is an API speaking, of one address; as a page it may be the wrong address altogether.
            self._host.answered = self._host.answered or _is_json(response)
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
            return response.json()
        except ValueError:
            raise TransientError("sent JSON that breaks off") from None

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
            words = " ".join(_message(response.json()).split())[:200]
        except ValueError:
            return ""
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return f" ({words})" if words else ""


def _message(document: Any) -> str:  # noqa: ANN401 - JSON is of any type
    """What an error says in words, by the keys that hosts put it under, wherever they nest it."""
    if isinstance(document, dict):
        keys = ("message", "errorMessages", "error_description", "error", "errors", "detail")
        found = (_message(document[key]) for key in keys if document.get(key))
        return next((words for words in found if words), "")
    if isinstance(document, list):
        return "; ".join(words for words in map(_message, document) if words)
    return document if isinstance(document, str) else ""


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
