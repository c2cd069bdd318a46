"""Receivers on loopback, and retries without waiting."""

from collections.abc import Iterator

import pytest
import stamina

from tests.support.receivers import MailReceiver, WebReceiver, mail_receiver, web_receiver


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Three attempts, one right after the other."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver
