"""A host that answers from kept payloads, over loopback HTTP or as an httpx transport, and pages as GitHub does.

It knows what the host's documentation says of listings: `per_page` and `page` with Link headers, `state`, `sort`,
`direction` and `since`,
ETags with 304, and the rate-limit headers. Faults are handed in by the test.
"""

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx


@dataclass(frozen=True)
class Answer:
    """What the host sends back."""

    status: int = 200
    body: bytes = b"[]"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: object, status: int = 200, **headers: str) -> "Answer":
        """JSON with its content type; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(document).encode(), {"content-type": "application/json; charset=utf-8", **named})


Fault = Callable[[str, int], Answer | None]
"""Given path and query and the number of the request (from 1): an answer in place of the right one, or None."""


@dataclass
class ReplayHost:
    """Resources by path (`repos/acme/payments/pulls` → list or object); everything else is 404.

    `dialect` lists as another host than GitHub does (tests.support.dialects).
    """

    resources: dict[str, Any]
    prefix: str = ""
    largest_page: int = 100
    fault: Fault | None = None
    dialect: Callable[[list[Any], str, int], Answer] | None = None
    requests: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The answer to a request for an absolute URL; of a body nothing is known here."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self.requests.append(target)
        self.authorizations.append(headers.get("authorization"))
        if self.fault and (wrong := self.fault(target, len(self.requests))):
            return wrong
        resource = self.resources.get(parts.path.removeprefix(self.prefix).strip("/"))
        if resource is None:
            return Answer.of({"message": "Not Found", "status": "404"}, 404)
        if isinstance(resource, dict) and "total_count" in resource:
            return self._with_etag(self._enveloped(resource, url), headers)
        if body or not isinstance(resource, list):
            return self._with_etag(Answer.of(resource), headers)
        if self.dialect:
            return self._with_etag(self.dialect(resource, url, self.largest_page), headers)
        return self._with_etag(self._page(resource, url), headers)

    def _page(self, items: list[Any], url: str) -> Answer:
        query = dict(parse_qsl(urlsplit(url).query))
        chosen = select(items, query)
        size = min(int(query.get("per_page", 30)), self.largest_page)
        number = int(query.get("page", 1))
        last = max(1, -(-len(chosen) // size))
        base = url.partition("?")[0]
        links = {"next": number + 1, "last": last} if number < last else {}
        link = ", ".join(f'<{base}?{urlencode({**query, "page": page})}>; rel="{rel}"' for rel, page in links.items())
        answer = Answer.of(chosen[(number - 1) * size : number * size])
        return Answer(answer.status, answer.body, {**answer.headers, **({"link": link} if link else {})})

    def _enveloped(self, resource: dict[str, Any], url: str) -> Answer:
        """A page of a list that comes within an object, as with workflow runs."""
        name = next(key for key, value in resource.items() if isinstance(value, list))
        page = self._page(resource[name], url)
        body = json.dumps({"total_count": resource["total_count"], name: json.loads(page.body)}).encode()
        return Answer(page.status, body, page.headers)

    @staticmethod
    def _with_etag(answer: Answer, headers: Mapping[str, str]) -> Answer:
        etag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
        limits = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-reset": "4102444800"}
        if headers.get("if-none-match") == etag:
            return Answer(304, b"", {"etag": etag, **limits})
        return Answer(answer.status, answer.body, {**answer.headers, **limits, "etag": etag})

    def transport(self) -> httpx.MockTransport:
        """The host as a transport, without a socket."""

        def handle(request: httpx.Request) -> httpx.Response:
            found = self.answer(str(request.url), request.headers, request.content)
            return httpx.Response(found.status, content=found.body, headers=dict(found.headers))

        return httpx.MockTransport(handle)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The host over HTTP on a free loopback port; yields its base URL."""
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet: two would wait for each other's acknowledgement

            def do_GET(self) -> None:  # noqa: N802 - the name that http.server asks for
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                found = replay.answer(f"http://{headers['host']}{self.path}", headers, body)
                self.send_response(found.status)
                for name, value in found.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Keep the tests' output clean."""

        server = _Server(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{self.prefix}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    """A server whose clients may be killed while it answers."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's types
        """Say nothing of a client that is gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def select(items: list[Any], query: Mapping[str, str]) -> list[Any]:
    """A listing's elements as the host filters and sorts them: newest first, open ones only where a state is kept."""
    chosen = list(items)
    if chosen and all(isinstance(item, dict) and item.get("state") in ("open", "closed") for item in chosen):
        wanted = query.get("state", "open")
        chosen = [item for item in chosen if wanted in ("all", item["state"])]
    if since := query.get("since"):
        chosen = [item for item in chosen if item["updated_at"] >= since]
    key = f"{query.get('sort', 'created')}_at"
    if chosen and all(isinstance(item, dict) and key in item for item in chosen) and "sort" in query:
        chosen.sort(key=lambda item: str(item[key]), reverse=query.get("direction", "desc") == "desc")
    return chosen
