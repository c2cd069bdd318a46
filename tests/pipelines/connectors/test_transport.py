"""What the one HTTP client does with hosts that page, limit, redirect, break off and lie."""

import gzip
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import stamina
from pydantic import SecretStr

from pipelines.connectors.host_errors import message_of
from pipelines.connectors.transport import ATTEMPTS, HostClient, NotFound
from schemas.errors import ConfigurationError, PlumblineError, SourceError
from tests.support.replay import Answer, Fault, ReplayHost

TOKEN = "ghp_not-a-real-token-0123456789"
START = 1_700_000_000.0


@dataclass
class Clock:
    """Time that passes only by sleeping."""

    seconds: float = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    """Retries without their waits; the waits that hosts ask for go through the clock above."""
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def client_of(
    transport: httpx.BaseTransport, clock: Clock | None = None, base_url: str = "https://api.example.com"
) -> HostClient:
    clock = clock or Clock()
    return HostClient(
        "work", base_url, SecretStr(TOKEN), "environment variable T", transport=transport, clock=clock.now,
        sleep=clock.sleep,
    )  # fmt: skip


def host(fault: Fault | None = None) -> ReplayHost:
    return ReplayHost({"things": [{"id": number} for number in range(7)], "thing": {"id": 1}}, fault=fault)


def once(answer: Answer) -> Fault:
    """The answer to the first request only."""
    return lambda _, number: answer if number == 1 else None


def always(answer: Answer) -> Fault:
    return lambda *_: answer


def test_pages_are_followed_to_the_end() -> None:
    replay = host()
    client = client_of(replay.transport())
    assert [item["id"] for item in client.list("things", {"per_page": 3})] == list(range(7))
    assert replay.requests == ["/things?per_page=3", "/things?per_page=3&page=2", "/things?per_page=3&page=3"]
    assert client.requests == 3


def test_a_base_url_with_a_path_is_kept() -> None:
    replay = host()
    replay.prefix = "/api/v3"
    client = client_of(replay.transport(), base_url="https://git.example.com/api/v3/")
    assert client.get("thing") == {"id": 1}
    assert replay.requests == ["/api/v3/thing"]


def test_the_token_goes_with_every_request_to_the_host() -> None:
    replay = host()
    client_of(replay.transport()).list("things", {"per_page": 5})
    assert replay.authorizations == [f"Bearer {TOKEN}"] * 2


def test_the_token_does_not_follow_a_redirect_to_another_host() -> None:
    seen: dict[str, str | None] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = request.headers.get("authorization")
        if request.url.host == "api.example.com":
            return httpx.Response(302, headers={"location": "https://elsewhere.example.org/thing?signature=abc"})
        return httpx.Response(200, json={"id": 2})

    assert client_of(httpx.MockTransport(handle)).get("thing") == {"id": 2}
    assert seen == {"api.example.com": f"Bearer {TOKEN}", "elsewhere.example.org": None}


def test_a_redirect_on_the_same_host_keeps_the_token() -> None:
    seen: list[str | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        if request.url.path == "/repos/old/name":
            return httpx.Response(301, headers={"location": "https://api.example.com/repositories/1"})
        return httpx.Response(200, json={"id": 1})

    client_of(httpx.MockTransport(handle)).get("repos/old/name")
    assert seen == [f"Bearer {TOKEN}"] * 2


def test_redirects_without_end_are_given_up() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(302, headers={"location": str(request.url)}))
    with pytest.raises(SourceError, match="redirects without end"):
        client_of(transport).get("thing")


def html(status: int = 200) -> Answer:
    return Answer(status, b"<html>Sign in</html>", {"content-type": "text/html"})


LIMITS_OFF = {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("answer", "waited"),
    [
        (Answer.of({"message": "slow down"}, 429, retry_after="17"), [17.0]),
        (Answer.of({"message": "x"}, 429, retry_after="Tue, 14 Nov 2023 22:14:00 GMT"), [40.0]),
        (Answer.of({"message": "You have exceeded a secondary rate limit."}, 403), [60.0]),
        (Answer.of({"message": "You have triggered an abuse detection mechanism"}, 403, retry_after="5"), [5.0]),
        (
            Answer.of(
                {"message": "API rate limit exceeded"},
                403,
                x_ratelimit_limit="5000",
                x_ratelimit_remaining="0",
                x_ratelimit_reset=str(int(START) + 100),
            ),
            [101.0],
        ),
        (Answer.of({}, 429, ratelimit_limit="10", ratelimit_remaining="0", ratelimit_reset="30"), [30.0]),
        (Answer.of({"message": "busy"}, 503, retry_after="9"), [9.0]),
        (Answer.of({"message": "broken"}, 502), []),
        (Answer(200, b'[{"id": 1}, {"id"', JSON), []),
        (html(503), []),
    ],
)
def test_what_another_attempt_cures(answer: Answer, waited: list[float]) -> None:
    clock = Clock()
    client = client_of(host(once(answer)).transport(), clock)
    assert client.get("thing") == {"id": 1}
    assert clock.slept == waited
    assert client.requests == 2


def test_the_wait_grows_when_a_host_limits_without_a_word() -> None:
    clock = Clock()
    replay = host(lambda _, number: Answer.of({}, 429) if number <= 3 else None)
    client_of(replay.transport(), clock).get("thing")
    assert clock.slept == [60.0, 120.0, 240.0]


def test_a_budget_that_is_used_up_is_waited_for_before_the_next_request() -> None:
    last = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(START) + 20)}
    clock = Clock()
    client = client_of(host(once(Answer(200, b"{}", {**JSON, **last}))).transport(), clock)
    client.get("thing")
    assert clock.slept == []
    client.get("thing")
    assert clock.slept == [21.0]


def test_the_hosts_own_clock_decides_how_long_a_budget_is_empty() -> None:
    """Ours is 1,000 s behind here; by ours the wait would be 1,020 s."""
    told = {
        "x-ratelimit-limit": "60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(START) + 1_020),
        "date": "Tue, 14 Nov 2023 22:30:00 GMT",
    }
    clock = Clock()
    client = client_of(host(once(Answer(429, b"{}", {**JSON, **told}))).transport(), clock)
    client.get("thing")
    assert clock.slept == [21.0]


def test_a_limit_of_nothing_of_nothing_does_not_stop_a_pull() -> None:
    clock = Clock()
    client = client_of(host(always(Answer(200, b'{"id": 3}', {**JSON, **LIMITS_OFF}))).transport(), clock)
    assert [client.get("thing"), client.get("thing")] == [{"id": 3}] * 2
    assert clock.slept == []


def test_a_limit_longer_than_an_hour_ends_the_pull_with_the_time_to_come_back() -> None:
    clock = Clock()
    client = client_of(host(always(Answer.of({}, 429, retry_after="86400"))).transport(), clock)
    with pytest.raises(SourceError, match="used up until 2023-11-15 22:13 UTC.*run ingest again then"):
        client.get("thing")
    assert clock.slept == []
    assert client.requests == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer.of({}, 500), "answered 500, 6 times in a row"),
        (Answer(200, b'{"id":', JSON), "sent JSON that breaks off, 6 times in a row"),
        (Answer(200, b"\xff\xfe", JSON), "sent JSON that breaks off"),
        (Answer(200, b"no gzip", {**JSON, "content-encoding": "gzip"}), "unreadable answer"),
    ],
)
def test_what_stays_broken_ends_the_stream(answer: Answer, reason: str) -> None:
    client = client_of(host(always(answer)).transport())
    with pytest.raises(SourceError, match=reason) as caught:
        client.get("thing")
    assert caught.value.exit_status == 3
    assert client.requests == ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "reason", "remedy"),
    [
        (Answer.of({"message": "Bad credentials"}, 401), "refused the token (401)", "environment variable T"),
        (html(), "answered with text/html instead of JSON", "check base_url"),
        (Answer(200, b"[]", {}), "answered with none instead of JSON", "check base_url"),
        (
            Answer.of({"message": "Resource not accessible by\n integration"}, 403),
            "answered 403 (Resource not accessible by integration)",
            "may read",
        ),
    ],
)
def test_a_refusal_is_the_configuration_at_first_and_a_broken_source_later(
    answer: Answer, reason: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as at_first:
        client_of(host(always(answer)).transport()).get("thing")
    assert at_first.value.exit_status == 2
    assert reason in str(at_first.value)
    assert remedy in str(at_first.value)
    midway = client_of(host(lambda _, number: answer if number == 2 else None).transport())
    midway.get("thing")
    with pytest.raises(SourceError) as later:
        midway.get("thing")
    assert reason in str(later.value)
    assert remedy in str(later.value)
    assert later.value.exit_status == 3


def test_nothing_there_is_told_apart() -> None:
    with pytest.raises(NotFound, match="answered 404"):
        client_of(host().transport()).get("nothing")


def test_how_far_the_hosts_clock_is_behind_is_known() -> None:
    told = {**JSON, "date": "Tue, 14 Nov 2023 21:13:20 GMT"}
    client = client_of(host(always(Answer(200, b"{}", told))).transport())
    client.get("thing")
    assert client.behind == 3_600.0


def failing(error: Exception) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(handle)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ReadTimeout("t"), "did not answer in time, 6 times in a row"),
        (httpx.ConnectError("refused"), "could not be connected to"),
        (httpx.RemoteProtocolError("peer closed"), "broke off the connection"),
    ],
)
def test_connections_that_fail_are_tried_again_and_then_given_up(error: Exception, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        client_of(failing(error)).get("thing")


def test_an_unknown_host_is_the_configuration() -> None:
    """A name under .invalid is promised never to exist (RFC 2606)."""
    client = HostClient("work", "https://git.plumbline.invalid", None)
    with pytest.raises(ConfigurationError, match=r"the host git\.plumbline\.invalid is not known; check base_url"):
        client.get("thing")
    assert client.requests == 1


def linked(target: Callable[[int], str], bodies: Callable[[int], object] = lambda number: [number]) -> Fault:
    """Every answer names a next page."""
    return lambda _, number: Answer.of(bodies(number), link=f'<{target(number)}>; rel="next"')


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (linked(lambda _: "https://evil.example.org/things?page=2"), "another host \\(evil.example.org\\)"),
        (linked(lambda _: "http://api.example.com/things?page=2"), "another host"),
        (linked(lambda _: "https://api.example.com/things"), "read before"),
        (linked(lambda n: f"/things?page={n}", lambda _: [{"id": 1}]), "repeats a page"),
        (linked(lambda n: f"/things?page={n}", lambda _: []), "next page without end"),
        (linked(lambda n: f"/things?page={n % 4}"), "read before"),
        (always(Answer.of({"message": "an object"})), "something other than a list"),
    ],
)
def test_listings_that_lead_astray_are_given_up(fault: Fault, reason: str) -> None:
    replay = host(fault)
    with pytest.raises(SourceError, match=reason):
        client_of(replay.transport()).list("things")
    assert len(replay.requests) <= 5


def test_a_listing_that_is_longer_than_any_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.connectors.listing.MAXIMUM_PAGES", 10)
    with pytest.raises(SourceError, match="without end"):
        client_of(host(linked(lambda n: f"/things?page={n}")).transport()).list("things")


def test_an_empty_page_in_between_is_passed_over() -> None:
    pages = {1: [1], 2: [], 3: [2]}

    def fault(_: str, number: int) -> Answer:
        if number == 3:
            return Answer.of(pages[number])
        return Answer.of(pages[number], link=f'</things?page={number + 1}>; rel="next"')

    assert client_of(host(fault).transport()).list("things") == [1, 2]


@pytest.mark.parametrize(
    ("base_url", "reason"),
    [
        ("ftp://example.com", "not an http"),
        ("https://user:hunter2@example.com", "holds a user or a password"),
        ("http://example.com", "unencrypted"),
    ],
)
def test_an_address_that_would_leak_or_mean_nothing_is_refused(base_url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        client_of(host().transport(), base_url=base_url)
    assert "hunter2" not in str(caught.value)


def test_the_token_is_in_no_message_log_or_chain(caplog: pytest.LogCaptureFixture) -> None:
    """Even a host that sends the token back in its message."""
    caplog.set_level(logging.DEBUG)
    echo = Answer.of({"message": f"the token {TOKEN} may not do this"}, 403)
    texts = []
    for fault in (always(echo), always(Answer.of({}, 401)), always(Answer.of({}, 500)), always(html())):
        client = client_of(host(fault).transport())
        with pytest.raises(PlumblineError) as caught:
            client.get("thing")
        error: BaseException | None = caught.value
        while error is not None:
            texts.append(repr(error))
            error = error.__cause__ or error.__context__
        texts.append(repr(client))
    assert "***" in "".join(texts)
    assert TOKEN not in "".join(texts)
    assert TOKEN not in "".join(record.getMessage() for record in caplog.records)


def test_over_a_real_socket() -> None:
    """Paging, compression and a body that ends early, as a network has them."""
    torn = Answer(
        200, gzip.compress(json.dumps([{"id": 0}, {"id": 1}]).encode())[:18], {**JSON, "content-encoding": "gzip"}
    )
    replay = host(lambda _, number: torn if number == 2 else None)
    with replay.serving() as base_url, client_of(None, base_url=base_url) as client:  # type: ignore[arg-type]
        assert [item["id"] for item in client.list("things", {"per_page": 3})] == list(range(7))
    assert len(replay.requests) == 4


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"message": "401 Unauthorized"}, "401 Unauthorized"),
        ({"errorMessages": ["The value 'PAX' does not exist."], "errors": {}}, "The value 'PAX' does not exist."),
        ({"error": {"message": "Invalid Input", "errors": ["Offset is too large"]}}, "Invalid Input"),
        ({"error": "invalid_token", "error_description": "Token was revoked."}, "Token was revoked."),
        ({"error": ["Page not found"]}, "Page not found"),
        ({"type": "error", "error": {"message": "Access denied"}}, "Access denied"),
        (["one", "two"], "one; two"),
        ({"count": 3}, ""),
    ],
)
def test_the_words_of_each_host_s_errors(document: object, words: str) -> None:
    assert message_of(document) == words
