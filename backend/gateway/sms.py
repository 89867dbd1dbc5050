"""What the provider does with one SMS: decline, fail or accept it; then wait; then answer.

The decision falls when the request is complete, before the wait: a client that loses patience
may well have had its message sent, as with a real provider.
"""

import time

from backend.gateway.exchange import NO_ANSWER, Answer, Problem, Request, json_answer
from backend.gateway.faults import Faults
from backend.gateway.messages import Receipt, is_phone_number
from backend.gateway.provider import Provider
from backend.gateway.traffic import Outcome

LONGEST_HOLD_SECONDS = 60
HANG_UP_POLL_SECONDS = 0.1
LONGEST_KEY = 255


def send_message(provider: Provider, request: Request) -> Answer:
    """Deal with `POST /sms/messages`. 201 for a new key, 200 for a known one, Problem otherwise."""
    faults = provider.faults.current
    request.notes.update(channel="sms", key=request.headers.get("Idempotency-Key"))
    with provider.traffic.in_flight():
        if faults.refuse:
            provider.traffic.count("refused")
            request.notes["outcome"] = "refused"
            return NO_ANSWER
        receipt = _decide(provider, faults, request)
        if not _wait(provider, faults, request):
            provider.traffic.count("unanswered")
            return NO_ANSWER
        provider.messages.mark_answered(receipt.id)
        return _answer(receipt)


def _decide(provider: Provider, faults: Faults, request: Request) -> Receipt:
    """Accept the message, or raise the Problem that keeps it from being sent."""
    key, to, text = _read(provider, faults, request)
    if provider.faults.strikes(faults.error_rate):
        provider.traffic.count("failed")
        raise _injected_error(faults)
    receipt = provider.messages.accept(key=key, to=to, text=text)
    outcome: Outcome = "duplicate" if receipt.is_duplicate else "accepted"
    provider.traffic.count(outcome)
    request.notes.update(outcome=outcome, id=receipt.id)
    return receipt


def _read(provider: Provider, faults: Faults, request: Request) -> tuple[str, str, str]:
    """Key, number and text of an order that can be carried out; otherwise a Problem, counted."""
    try:
        key = _read_key(request)
        order = request.json_object()
        to, text = _read_string(order, "to"), _read_string(order, "text")
        request.notes.update(to=to, text=text)
        _check_number(faults, to)
    except Problem:
        provider.traffic.count("declined")
        raise
    return key, to, text


def _read_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= LONGEST_KEY):
        detail = f"Idempotency-Key must be 1 to {LONGEST_KEY} ASCII characters."
        raise Problem(400, "invalid", detail, attribute="Idempotency-Key")
    return key


def _read_string(order: dict[str, object], name: str) -> str:
    value = order.get(name)
    if not (isinstance(value, str) and value.strip()):
        raise Problem(400, "invalid", f"{name} must be a text, and not empty.", attribute=name)
    return value


def _check_number(faults: Faults, to: str) -> None:
    """Raise the 422 that no later attempt will mend."""
    if not is_phone_number(to):
        raise Problem(422, "unknown_number", "to must be + and 7 to 15 digits.", attribute="to")
    if to in faults.fail_numbers:
        raise Problem(422, "unreachable_number", "Nobody has this number.", attribute="to")


def _injected_error(faults: Faults) -> Problem:
    headers = {}
    if faults.retry_after_seconds is not None:
        headers["Retry-After"] = str(faults.retry_after_seconds)
    return Problem(faults.error_status, "injected_error", "The provider is in a bad mood.", headers=headers)


def _wait(provider: Provider, faults: Faults, request: Request) -> bool:
    """Wait as the settings want it; whether somebody is still there to be answered."""
    if faults.accept_then_time_out:
        _hold(provider, request)
        return False
    is_stopping = provider.stopping.wait(faults.latency_seconds + faults.slow)
    return not is_stopping and not request.has_hung_up()


def _hold(provider: Provider, request: Request) -> None:
    """Keep the client waiting until it hangs up."""
    deadline = time.monotonic() + LONGEST_HOLD_SECONDS
    while time.monotonic() < deadline and not request.has_hung_up():
        if provider.stopping.wait(HANG_UP_POLL_SECONDS):
            return


def _answer(receipt: Receipt) -> Answer:
    if receipt.is_duplicate:
        return json_answer({"id": receipt.id, "status": "accepted", "duplicate": True})
    return json_answer({"id": receipt.id, "status": "accepted"}, status=201)
