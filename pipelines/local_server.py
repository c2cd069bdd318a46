"""Servers of other packages on this machine: started as a child, told by address once they answer, ended with us."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import suppress

import click

from schemas.errors import InputError

LOOPBACK = "127.0.0.1"
START_SECONDS = 90.0
POLL_SECONDS = 0.2
STOP_SECONDS = 10.0


def free_port(wanted: int, host: str = LOOPBACK) -> int:
    """The wanted port of an interface, or one that the system chooses for 0.

    Raises:
        InputError: the port is taken, or the host is none of this machine's.
    """
    try:
        family = socket.getaddrinfo(host, wanted, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise InputError(f"is no address ({error.strerror})", host, "name an interface of this machine") from None
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            where = f"{host}:{wanted}"
            raise InputError(f"the port cannot be used ({error.strerror})", where, "name another with --port") from None
        return int(probe.getsockname()[1])


def serve(
    arguments: Sequence[str],
    address: str,
    health: str,
    environment: Mapping[str, str],
    *,
    says: str,
    opens: bool = False,
) -> int:
    """Run `python -m ARGUMENTS` until it ends or the user stops it.

    Args:
        arguments: module and its arguments.
        address: told to the user once the server answers.
        health: path below the address that answers when the server is ready.
        environment: variables beside our own.
        says: what is served, for the line that is printed.
        opens: whether to open the address in a browser, where there is a screen.

    Returns:
        The exit status: 0 when the user stopped it.

    Raises:
        InputError: the server ended, or did not answer.
    """
    # Whoever ends us by a signal means the child as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = [sys.executable, "-m", *arguments]
    # Files of the folder that we are called in are no modules of the server's.
    variables = {**os.environ, "PYTHONSAFEPATH": "1", **environment}
    # In a session of its own, so that what it starts in turn can be ended with it.
    child = subprocess.Popen(command, env=variables, start_new_session=True)
    try:
        _wait_until_it_answers(child, f"{address}{health}", says)
        click.echo(f"{says}: {address} (stop with Ctrl-C)")
        if opens and _has_screen():
            webbrowser.open(address)
        status = child.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(child)
    if status:
        raise InputError(f"{says} ended with status {status}", address, "see the lines above")
    return 0


def _wait_until_it_answers(child: "subprocess.Popen[bytes]", url: str, says: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise InputError(
                f"{says} ended with status {child.returncode} before it answered", url, "see the lines above"
            )
        try:
            with urllib.request.urlopen(url, timeout=POLL_SECONDS * 10):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(POLL_SECONDS)
    raise InputError(f"{says} did not answer within {START_SECONDS:.0f} s", url, "see the lines above")


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """End the child politely, then it and whatever it started for good."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):  # nothing is left of its session
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _has_screen() -> bool:
    return sys.stdout.isatty() and (sys.platform == "darwin" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)))
