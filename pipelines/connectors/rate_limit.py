"""What a host says about its rate limits, and how long to wait for them.

Understands `Retry-After` (seconds or a date), `X-RateLimit-*` and `RateLimit-*` headers, and GitHub's secondary
limits, which come as 403 or 429 with a message and sometimes without a header. A limit reported as 0 of 0 is a host
with its limits turned off, and is ignored. Several threads ask one host under one such limit.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from schemas.errors import SourceError

LONGEST_WAIT = 3_900.0
"""Seconds; the hosts' budgets are filled hourly, so a longer wait is not worth keeping the command for."""
SECONDARY_WAIT = 60.0
"""Seconds to wait when a host limits without saying how long; doubled each time in a row, as GitHub asks."""
ALL = ""
"""The budget that a host keeps for everything, or that it does not name."""


class RateLimit:
    """Remembers until when a host wants to be left alone, by budget (GitHub counts REST and GraphQL apart).

    Args:
        source: The source's name, for messages.
        clock: Seconds since the epoch.
        sleep: Waits that many seconds.
        on_wait: Told the seconds and the reason before a wait.

    Attributes:
        remaining: By budget, what the host last said is left of it.
    """

    def __init__(
        self,
        source: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        on_wait: Callable[[float, str], None] | None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._sleep = sleep
        self._on_wait = on_wait
        self._lock = threading.Lock()
        self._blocked_until: dict[str, float] = {}
        self._told_of = 0.0
        self._limited_in_a_row = 0
        self.remaining: dict[str, int | None] = {}

    def wait(self, budget: str = ALL) -> None:
        """Wait until the host may be asked again. Raises SourceError where that is longer than LONGEST_WAIT."""
        with self._lock:
            blocked_until = max(self._blocked_until.get(each, 0.0) for each in {ALL, budget})
            seconds = blocked_until - self._clock()
            is_news = seconds > 0 and blocked_until != self._told_of
            self._told_of = blocked_until if is_news else self._told_of
        if seconds <= 0:
            return
        if seconds > LONGEST_WAIT:
            until = datetime.fromtimestamp(blocked_until, UTC).strftime("%Y-%m-%d %H:%M UTC")
            what = f"the host's rate limit is used up until {until}"
            raise SourceError(what, f'source "{self._source}"', "what arrived is kept, run ingest again then")
        if self._on_wait is not None and is_news:
            self._on_wait(seconds, "the host's rate limit")
        self._sleep(seconds)
        with self._lock:
            # Waited for, whatever the clock says; what another thread has heard meanwhile stays.
            self._blocked_until = {each: at for each, at in self._blocked_until.items() if at > blocked_until}

    def hold(self, budget: str, until: float) -> None:
        """Let nothing of a budget be asked for until an instant, in seconds since the epoch."""
        with self._lock:
            self._blocked_until[budget] = max(self._blocked_until.get(budget, 0.0), until)

    def note(self, response: httpx.Response, budget: str = ALL, says_limited: bool = False) -> str | None:
        """Take in a response's headers; words for it if the request was refused for a limit, else None.

        Args:
            response: What the host answered.
            budget: What the request was counted under, where the host does not say.
            says_limited: Whether the body says so, as GraphQL does with status 200.
        """
        budget = response.headers.get("x-ratelimit-resource", budget)
        limit = _number(response, "limit")
        remaining = _number(response, "remaining") if limit != 0 else None
        used_up = remaining == 0 and limit != 0
        refused = says_limited or self._is_refusal(response, used_up)
        host_now = host_time(response, self._clock())
        asked = _retry_after(response, host_now)
        with self._lock:
            self.remaining[budget] = remaining
            self._limited_in_a_row = self._limited_in_a_row + 1 if refused else 0
            is_for_all = asked is not None or not used_up
            if used_up and asked is None:
                asked = _until_reset(response, host_now)
            if refused and asked is None:
                asked, is_for_all = SECONDARY_WAIT * 2 ** (self._limited_in_a_row - 1), True
            if asked is not None and (refused or used_up or response.status_code >= 500):
                held = ALL if is_for_all else budget
                self._blocked_until[held] = max(self._blocked_until.get(held, 0.0), self._clock() + asked)
        return f"limited the rate of requests ({response.status_code})" if refused else None

    @staticmethod
    def _is_refusal(response: httpx.Response, used_up: bool) -> bool:
        if response.status_code == 429:
            return True
        if response.status_code != 403:
            return False
        message = response.text[:1000].lower()
        return used_up or "retry-after" in response.headers or "rate limit" in message or "abuse detection" in message


def _number(response: httpx.Response, name: str) -> int | None:
    """An integer header by either of its two names; None where it is absent or no number."""
    for header in (f"x-ratelimit-{name}", f"ratelimit-{name}"):
        text = response.headers.get(header, "")
        if text.isdecimal():
            return int(text)
    return None


def _retry_after(response: httpx.Response, host_now: float) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - host_now) if text else None
    except (ValueError, TypeError):
        return None


def _until_reset(response: httpx.Response, host_now: float) -> float | None:
    """Seconds until the budget is filled again; the header is an instant with some hosts, a duration with others."""
    reset = _number(response, "reset")
    if reset is None:
        return None
    return max(0.0, reset - host_now) + 1.0 if reset > 1_000_000_000 else float(reset)


def host_time(response: httpx.Response, now: float) -> float:
    """The host's own clock where it tells it, for ours may differ."""
    try:
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return now
