"""What the two ways to start the gateway from a shell share: options, and a life until a signal."""

import argparse
import math
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from backend.gateway.faults import DEFAULT_LATENCY_SECONDS
from backend.gateway.gateway import Gateway


class Output(Protocol):
    """Standard output, plain or wrapped by Django."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


def add_options(parser: argparse.ArgumentParser, *, default_token: str) -> None:
    """Declare the gateway's options; `parser` may be Django's."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8025, help="0 picks a free one (%(default)s)")
    parser.add_argument("--mail-port", type=int, default=8026, help="the mail sink's; 0 picks a free one (%(default)s)")
    parser.add_argument(
        "--latency",
        type=_seconds,
        default=DEFAULT_LATENCY_SECONDS,
        metavar="SECONDS",
        help="how long an accepted SMS waits for its answer (%(default)s)",
    )
    parser.add_argument(
        "--token",
        default=default_token,
        help="what requests carry as `Authorization: Bearer TOKEN` (SMS_GATEWAY_TOKEN)",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="append one JSON line per SMS, e-mail or request that changes something",
    )
    parser.add_argument("--seed", type=int, help="make the choice of sends that the error rates hit repeatable")


def gateway_from(options: Mapping[str, Any]) -> Gateway:
    """A gateway, not started yet, as the parsed options want it."""
    return Gateway(
        host=options["host"],
        port=options["port"],
        mail_port=options["mail_port"],
        token=options["token"],
        latency_seconds=options["latency"],
        log=options["log"],
        seed=options["seed"],
    )


def serve_until_signalled(gateway: Gateway, *, out: Output) -> None:
    """Serve until SIGTERM or SIGINT; for the main thread of a process of its own."""
    signalled = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: signalled.set())
    with gateway:
        # Whoever started this process waits for the lines to learn the ports.
        out.write(f"Gateway listening on {gateway.url}\n")
        out.write(f"Mail sink listening on {gateway.mail_url}\n")
        out.flush()
        signalled.wait()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (math.isfinite(seconds) and seconds >= 0):
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text}")
    return seconds
