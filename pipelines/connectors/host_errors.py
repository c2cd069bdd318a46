"""What goes wrong with a host, in one line each: what happened, where (a URL without its query), and what to do.

A source that was never readable is a ConfigurationError (unknown host, refused token, not an API); one that broke off
is a SourceError. No token is in any of them.
"""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from schemas.errors import ConfigurationError, PlumblineError, SourceError

GO_ON = "what arrived is kept, run ingest again to go on"


class TransientError(Exception):
    """A failure that another attempt may cure; it never leaves the client."""


class Stopped(Exception):
    """The pull has been called off; nothing more is asked of the host."""


class GaveUp(SourceError):
    """The host went on failing in a way that another attempt might have cured."""


class NotFound(SourceError):
    """The host says that there is nothing at this address, or nothing that this token may see."""


class Gone(NotFound):
    """The host says that this is turned off for good (410): there is nothing to read, and nothing to mend."""


@dataclass
class HostErrors:
    """Makes the errors of one source.

    Attributes:
        source: Its name in plumbline.toml.
        token_hint: Where its token comes from.
        secrets: What must be in no message.
        answered: Whether the host has spoken as an API at all.
    """

    source: str
    token_hint: str
    secrets: Sequence[str] = ()
    answered: bool = False

    @property
    def check_token(self) -> str:
        """What to do about something that is refused."""
        return f"check what the token of {self.token_hint} may read"

    @property
    def check_name(self) -> str:
        """What to do about something that is not there."""
        return f"check the name and what the token of {self.token_hint} may read"

    def document(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON is of any type
        """The response's JSON, or the error that its status or content stands for."""
        if response.status_code >= 500 and response.status_code != 501:
            raise TransientError(f"answered {response.status_code}")
        if response.status_code == 401:
            raise self.fault(response.url, "refused the token (401)", f"put a valid one into {self.token_hint}")
        if response.status_code in (404, 405, 410, 501):
            # In JSON this is an API speaking, of one address; as a page it may be the wrong address altogether.
            self.answered = self.answered or _is_json(response)
            what = f"answered {response.status_code}: not there, or not visible to this token"
            raise (Gone if response.status_code == 410 else NotFound)(what, self.where(response.url), self.check_name)
        if not response.is_success:
            reason = f"answered {response.status_code}{self._words(response)}"
            raise self.fault(response.url, reason, self.check_token)
        if not _is_json(response):
            content_type = response.headers.get("content-type", "none").partition(";")[0]
            reason = f"answered with {content_type} instead of JSON (a login page or a proxy?)"
            raise self.fault(response.url, reason, "check base_url")
        try:
            return response.json()
        except ValueError:
            raise TransientError("sent JSON that breaks off") from None

    def unreachable(self, url: httpx.URL, failure: httpx.TransportError) -> Exception:
        """A failure below HTTP: definite where name or certificate are wrong, else worth another attempt."""
        cause = _root_cause(failure)
        if not self.answered and isinstance(cause, socket.gaierror):
            return ConfigurationError(f"the host {url.host} is not known", self.where(url), "check base_url")
        if not self.answered and isinstance(cause, ssl.SSLCertVerificationError):
            what_to_do = "set SSL_CERT_FILE to the certificate of your own authority, if it is one"
            return ConfigurationError(f"the certificate of {url.host} is not trusted", self.where(url), what_to_do)
        kinds = {httpx.TimeoutException: "did not answer in time", httpx.ConnectError: "could not be connected to"}
        words = next((text for kind, text in kinds.items() if isinstance(failure, kind)), "broke off the connection")
        return TransientError(words)

    def fault(self, url: httpx.URL, what: str, what_to_do: str) -> PlumblineError:
        """A refusal: the configuration is wrong where nothing was ever read, else the source broke off midway."""
        if self.answered:
            return SourceError(what, self.where(url), f"{what_to_do}; {GO_ON}")
        return ConfigurationError(what, self.where(url), what_to_do)

    def broken(self, url: httpx.URL, what: str) -> SourceError:
        """The error for a source that cannot be read on."""
        return SourceError(what, self.where(url), GO_ON)

    def where(self, url: httpx.URL) -> str:
        """Source and address, without the query: a signed address carries its secret there."""
        return f'source "{self.source}", {url.copy_with(query=None, userinfo=b"", fragment=None)}'

    def _words(self, response: httpx.Response) -> str:
        """The host's own message, on one line, shortened, without the token."""
        try:
            words = " ".join(message_of(response.json()).split())[:200]
        except ValueError:
            return ""
        for secret in self.secrets:
            words = words.replace(secret, "***")
        return f" ({words})" if words else ""


def message_of(document: Any) -> str:  # noqa: ANN401 - JSON is of any type
    """What an error says in words, by the keys that hosts put it under, wherever they nest it."""
    if isinstance(document, dict):
        keys = ("message", "errorMessages", "error_description", "error", "errors", "detail")
        found = (message_of(document[key]) for key in keys if document.get(key))
        return next((words for words in found if words), "")
    if isinstance(document, list):
        return "; ".join(words for words in map(message_of, document) if words)
    return document if isinstance(document, str) else ""


def _is_json(response: httpx.Response) -> bool:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().endswith("json")


def _root_cause(failure: BaseException) -> BaseException:
    while (cause := failure.__cause__ or failure.__context__) is not None:
        failure = cause
    return failure
