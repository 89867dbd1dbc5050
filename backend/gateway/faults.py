"""The provider's moods: how slow it is, and how and how often it fails."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from backend.gateway.exchange import Problem
from backend.gateway.messages import is_phone_number

DEFAULT_LATENCY_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The settings of `/faults`, under their names there.

    latency_seconds, slow   an accepted message is answered after the sum of both, in seconds
    error_rate              the share of sends that `error_status` answers, without accepting them
    retry_after_seconds     the Retry-After of these answers; None: no such header
    refuse                  the connection of every send is reset
    accept_then_time_out    every send is accepted, and none answered
    fail_numbers            recipients that are declined with 422

    and of the mail sink:

    mail_latency_seconds        an accepted e-mail is answered after this
    mail_error_rate             the share of e-mails that `mail_error_status` answers, without accepting them
    mail_refuse                 who connects, or begins an e-mail, is sent away with 421
    mail_accept_then_time_out   every e-mail is accepted, and none answered
    fail_addresses              recipients that are declined with 550
    """

    latency_seconds: float = DEFAULT_LATENCY_SECONDS
    slow: float = 0.0
    error_rate: float = 0.0
    error_status: int = 500
    retry_after_seconds: int | None = None
    refuse: bool = False
    accept_then_time_out: bool = False
    fail_numbers: tuple[str, ...] = ()
    mail_latency_seconds: float = 0.0
    mail_error_rate: float = 0.0
    mail_error_status: int = 451
    mail_refuse: bool = False
    mail_accept_then_time_out: bool = False
    fail_addresses: tuple[str, ...] = ()

    def with_changes(self, changes: Mapping[str, Any]) -> "Faults":
        """A copy with some settings changed; raises Problem 400 that names the first bad one."""
        for name, value in changes.items():
            _validate(name, value)
        return replace(self, **{name: _frozen(value) for name, value in changes.items()})


class FaultPanel:
    """The settings in force and the dice for the error rates; safe under threads.

    With the same seed the same sends fail: one throw per proper send, in order of arrival.
    """

    def __init__(self, normal: Faults, *, seed: int | None = None) -> None:
        self.normal = normal
        self.current = normal
        self._dice = random.Random(seed)  # noqa: S311 - makes faults, guards nothing
        self._lock = threading.Lock()

    def update(self, changes: Mapping[str, Any]) -> Faults:
        with self._lock:
            self.current = self.current.with_changes(changes)
            return self.current

    def reset(self) -> Faults:
        """Back to the settings of the start."""
        with self._lock:
            self.current = self.normal
            return self.current

    def strikes(self, rate: float) -> bool:
        """Throw the dice: true in a share of `rate` of all throws."""
        with self._lock:
            return self._dice.random() < rate


class _Rule(NamedTuple):
    accepts: Callable[[Any], bool]
    wanted: str


def _is_number(value: Any, low: float, high: float) -> bool:
    # JSON's true is an int to Python; its NaN, a float, lies between no bounds.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and low <= value <= high


def _is_integer(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and _is_number(value, low, high)


def _is_address(value: object) -> bool:
    return isinstance(value, str) and "@" in value


_SECONDS = _Rule(
    lambda value: _is_number(value, 0, LONGEST_WAIT_SECONDS),
    f"a number of seconds from 0 to {LONGEST_WAIT_SECONDS}",
)
_SHARE = _Rule(lambda value: _is_number(value, 0, 1), "a number from 0 to 1")
_STATUS = _Rule(lambda value: _is_integer(value, 400, 599), "a status from 400 to 599")
_FLAG = _Rule(lambda value: isinstance(value, bool), "true or false")
_RULES = {
    "latency_seconds": _SECONDS,
    "slow": _SECONDS,
    "error_rate": _SHARE,
    "error_status": _STATUS,
    "retry_after_seconds": _Rule(
        lambda value: value is None or _is_integer(value, 0, 86_400),
        "null or a whole number of seconds from 0 to 86400",
    ),
    "refuse": _FLAG,
    "accept_then_time_out": _FLAG,
    "fail_numbers": _Rule(
        lambda value: isinstance(value, list) and all(map(is_phone_number, value)),
        "a list of phone numbers like +79001234567",
    ),
    "mail_latency_seconds": _SECONDS,
    "mail_error_rate": _SHARE,
    "mail_error_status": _STATUS,
    "mail_refuse": _FLAG,
    "mail_accept_then_time_out": _FLAG,
    "fail_addresses": _Rule(
        lambda value: isinstance(value, list) and all(map(_is_address, value)),
        "a list of e-mail addresses like bob@school.example",
    ),
}


def _validate(name: str, value: object) -> None:
    rule = _RULES.get(name)
    if rule is None:
        raise Problem(400, "invalid", f"There is no setting {name}.", attribute=name)
    if not rule.accepts(value):
        raise Problem(400, "invalid", f"{name} must be {rule.wanted}.", attribute=name)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
