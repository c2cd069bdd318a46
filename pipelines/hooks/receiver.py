"""The receiver of signed deliveries: checks who sends, writes to disk, then answers. It reads nothing of what it keeps.

Answers: 200 kept (or known already), 202 kept although nothing reads such an event, 400 no JSON, 401 wrong signature,
404 no such hook, 408 too slow, 413 too large, 500 and 503 our own trouble (no secret, no disk).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipelines.hooks.prepared import PreparedHook
from pipelines.hooks.spool import Delivery, Spool
from schemas.errors import ConfigurationError, PlumblineError

MAXIMUM_BYTES = 25 * 1024 * 1024
"""The largest delivery that is taken: the largest that GitHub sends."""
BODY_SECONDS = 30.0
"""How long a sender may take to send one."""
LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Answered:
    """One line of the log: what was sent to which hook, and what was answered. It holds no secret and no body."""

    at: datetime
    hook: str
    event: str
    delivery: str
    size: int
    status: int
    outcome: str

    def as_facts(self) -> dict[str, Any]:
        """For machines."""
        return {
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "hook": self.hook,
            "event": self.event,
            "delivery": self.delivery,
            "bytes": self.size,
            "status": self.status,
            "outcome": self.outcome,
        }

    def as_text(self) -> str:
        """For people."""
        facts = self.as_facts()
        named = " ".join(filter(None, (self.hook, self.event, self.delivery)))
        return f"{facts['at']} {self.status} {named}: {self.outcome} ({self.size:,} bytes)"


class Refused(Exception):
    """A delivery that is not kept: status, and words for the log and the sender alike."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


def receiver(
    hooks: Sequence[PreparedHook],
    spool: Spool,
    log: Callable[[Answered], None],
    *,
    clock: Callable[[], float] = time.time,
    maximum_bytes: int = MAXIMUM_BYTES,
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """The application that takes `POST /hooks/<name>`, and says that it is there at `/healthz`.

    Args:
        hooks: whose deliveries are taken.
        spool: where they are kept.
        log: told of every answer.
        clock: seconds since the epoch.
        maximum_bytes: the largest body.
        body_seconds: how long a body may take.
    """
    desk = _Desk({hook.name: hook for hook in hooks}, spool, log, clock, maximum_bytes, body_seconds)
    routes = [Route("/hooks/{name}", desk.take, methods=["POST"]), Route("/healthz", _health, methods=["GET"])]
    return Starlette(routes=routes)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


@dataclass(frozen=True)
class _Desk:
    """Takes deliveries; no state of its own."""

    hooks: Mapping[str, PreparedHook]
    spool: Spool
    log: Callable[[Answered], None]
    clock: Callable[[], float]
    maximum_bytes: int
    body_seconds: float

    async def take(self, request: Request) -> Response:
        """One delivery: its answer, and its line in the log."""
        now = datetime.fromtimestamp(self.clock(), UTC)
        name, event, identifier, body = request.path_params["name"], "", "", b""
        warnings: list[str] = []
        try:
            hook = self.hooks.get(name)
            if hook is None:
                raise Refused(404, "no such hook")
            body = await self._body(request)
            headers = {key.lower(): value for key, value in request.headers.items()}
            if not hook.sender.is_genuine(headers, body, await run_sync(hook.secrets), self.clock()):
                raise Refused(401, "wrong signature")
            content, payload = _payload(hook, headers, body)
            event, identifier = hook.sender.event(headers, payload), hook.sender.delivery_id(headers, payload)
            warnings = hook.sender.warnings(payload)
            is_new = await run_sync(self.spool.keep, Delivery(name, event, now, content))
            status = 200 if hook.sender.knows(event) else 202
            words = "kept" if status == 200 else "kept, but nothing reads such an event"
            words = words if is_new else "known already"
        except Refused as refusal:
            status, words = refusal.status, refusal.words
        except ClientDisconnect:
            status, words = 400, "the sender broke off"
        except ConfigurationError as error:
            status, words = 500, str(error)
        except PlumblineError as error:
            status, words = 503, str(error)
        said = f"{words}; {'; '.join(warnings)}" if warnings and status < 300 else words
        self.log(
            Answered(now, _shown(name), _shown(event), _shown(identifier), len(body), status, " ".join(said.split()))
        )
        # What is wrong with our own files is the log's affair, not the sender's.
        told = {"outcome": words if status < 500 else "not kept, try again later"}
        return JSONResponse({**told, **({"warnings": warnings} if status < 300 and warnings else {})}, status)

    async def _body(self, request: Request) -> bytes:
        """The body, never more of it in memory than is taken."""
        declared = request.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self.maximum_bytes:
            raise Refused(413, f"larger than {self.maximum_bytes:,} bytes")
        chunks, size = [], 0
        with anyio.move_on_after(self.body_seconds) as scope:
            async for chunk in request.stream():
                size += len(chunk)
                if size > self.maximum_bytes:
                    raise Refused(413, f"larger than {self.maximum_bytes:,} bytes")
                chunks.append(chunk)
        if scope.cancelled_caught:
            raise Refused(408, f"not sent within {self.body_seconds:g} seconds")
        return b"".join(chunks)


def _payload(hook: PreparedHook, headers: Mapping[str, str], body: bytes) -> tuple[bytes, Any]:
    """The JSON as sent, and what it says: an object, or a list of objects."""
    try:
        content = hook.sender.unpacked(headers, body)
        payload = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    items = payload if isinstance(payload, list) else [payload]
    if not items or not all(isinstance(item, dict) for item in items):
        raise Refused(400, "the body is no JSON object")
    return content, payload


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _shown(text: str) -> str:
    """A sender's text as the log shows it: printable, on one line, not long."""
    return "".join(each if each.isprintable() else "?" for each in text)[:LONGEST_SHOWN]
