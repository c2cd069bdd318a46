"""One request and its answer: sent until it is answered, under the host's limits, by whichever thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import stamina

from pipelines.connectors.host_errors import GO_ON, GaveUp, HostErrors, Stopped, TransientError
from pipelines.connectors.kept_answers import KeptAnswer, KeptAnswers
from pipelines.connectors.rate_limit import ALL, RateLimit, host_time
from schemas.errors import SourceError

ATTEMPTS = 6
"""How often one request is tried before its stream is given up for this run."""

# By itself stamina logs each retry, to standard output where structlog is installed: that is where results go.
stamina.instrumentation.set_on_retry_hooks(())


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
class Asked:
    """A request as it is sent, each time anew, and how its answer is looked at."""

    request: httpx.Request
    budget: str = ALL
    check: Check | None = None
    filed_as: str = ""
    kept: KeptAnswer | None = None
    attempts: int = ATTEMPTS


@dataclass
class Exchange:
    """What all threads that read one host share: connections, limits, kept answers, and whether it was called off."""

    http: httpx.Client
    limit: RateLimit
    errors: HostErrors
    clock: Callable[[], float]
    kept: KeptAnswers | None
    stop: threading.Event
    lock: threading.Lock = field(default_factory=threading.Lock)
    requests: int = 0
    behind: float = 0.0
    absent: set[str] = field(default_factory=set)

    def read(self, asked: Asked, sent: Callable[[], None]) -> tuple[Any, httpx.Response]:
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
                    self.limit.wait(asked.budget)
                    return self._attempt(asked, sent)
        except TransientError as failure:
            what = f"{failure}, {asked.attempts} times in a row"
            raise GaveUp(what, self.errors.where(asked.request.url), GO_ON) from None
        raise AssertionError("unreachable: the retries either return or raise")

    def _attempt(self, asked: Asked, sent: Callable[[], None]) -> tuple[Any, httpx.Response]:
        response = self._send(asked, sent)
        if response.status_code == 304:
            return self._kept_document(asked, response)
        if limited := self.limit.note(response, asked.budget):
            raise TransientError(limited)
        document = self.errors.document(response)
        complaint = asked.check(document) if asked.check else None
        if complaint is not None:
            if complaint.error is not None:
                raise complaint.error(complaint.words, self.errors.where(response.url), GO_ON)
            if complaint.is_final:
                raise self.errors.fault(response.url, complaint.words, self.errors.check_token)
            if complaint.is_limit:
                self.limit.note(response, asked.budget, says_limited=True)
            raise TransientError(complaint.words)
        self.errors.answered = True
        if self.kept and asked.filed_as and (etag := response.headers.get("etag")):
            answer = KeptAnswer(etag, response.headers.get("link", ""), response.content)
            self.kept.keep(asked.filed_as, answer, self.clock())
        return document, response

    def _send(self, asked: Asked, sent: Callable[[], None]) -> httpx.Response:
        if self.stop.is_set():
            raise Stopped
        sent()
        with self.lock:
            self.requests += 1
        url = asked.request.url
        try:
            response = self.http.send(asked.request)
        except httpx.TooManyRedirects:
            raise self.errors.broken(url, "redirects without end") from None
        except httpx.TransportError as failure:
            raise self.errors.unreachable(url, failure) from None
        except (httpx.InvalidURL, httpx.DecodingError) as failure:
            raise TransientError(f"sent an unreadable answer ({type(failure).__name__})") from None
        with self.lock:
            self.behind = max(self.behind, self.clock() - host_time(response, self.clock()))
        return response

    def _kept_document(self, asked: Asked, response: httpx.Response) -> tuple[Any, httpx.Response]:
        """The answer that the host says is still right."""
        self.limit.note(response, asked.budget)
        if self.kept is None or asked.kept is None:
            raise TransientError("answered 304 to a request without a condition")
        self.errors.answered = True
        self.kept.keep(asked.filed_as, asked.kept, self.clock())
        headers = {"content-type": "application/json", "link": asked.kept.link}
        again = httpx.Response(200, headers=headers, content=asked.kept.body, request=response.request)
        return again.json(), again


def _is_transient(failure: Exception) -> bool:
    return isinstance(failure, TransientError)
