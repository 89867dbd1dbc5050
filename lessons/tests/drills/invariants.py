"""What must hold when it is quiet again, whatever was done. Told by the rows and the gateway's log alone.

Nothing of the application is used: its tables of events are restated here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from lessons.tests.drills.clients import Answer
from lessons.tests.drills.evidence import Evidence

BOOKED = ("scheduled", "in_progress", "completed")
EVERYTHING = {
    "created", "updated", "scheduled", "rescheduled", "started", "completed", "cancelled", "reminder", "overdue"
}  # fmt: skip
MAKES_POINTLESS = {
    "updated": {"updated"},
    "scheduled": {"created", "updated"},
    "rescheduled": EVERYTHING - {"updated"},
    "started": EVERYTHING - {"updated"},
    "completed": EVERYTHING - {"updated"},
    "cancelled": EVERYTHING,
    "overdue": {"overdue"},
}
ALLOWED_STEPS = {
    ("pending", "leased"), ("pending", "skipped"), ("leased", "pending"), ("leased", "sent"), ("leased", "dead")
}  # fmt: skip
FEW = 5


def lost(evidence: Evidence, *, may_die: frozenset[int] = frozenset(), leaves_backlog: bool = False) -> list[str]:
    """Messages that somebody should have got, and neither got nor will. `may_die`: ids of deliveries that nobody
    could have taken; `leaves_backlog`: what still waits is not lost."""
    ends_well = {"sent", "pending", "leased"} if leaves_backlog else {"sent"}
    there = {(row.event_id, row.recipient_id, row.channel): row for row in evidence.deliveries}
    later: dict[tuple[int, int, str], list[Any]] = defaultdict(list)
    for row in evidence.deliveries:
        later[row.lesson_id, row.recipient_id, row.channel].append(row)
    missing = []
    for dispatch in (row for row in evidence.dispatches if row.pruned_at is None):
        event = evidence.event[dispatch.event_id]
        for recipient in event.recipients:
            for channel in dispatch.channels or evidence.channels:
                row = there.get((event.id, recipient, channel))
                others = later[event.lesson_id, recipient, channel]
                is_well = row is not None and (
                    row.state in ends_well
                    or (row.state == "dead" and row.id in may_die)
                    or _is_rightly_silent(row, event, others, evidence)
                )
                if not is_well:
                    state = f"{row.state} {row.last_error}" if row else "no row"
                    missing.append(f"{event.name} {event.id} to {recipient} over {channel}: {state}")
    return missing


def _is_rightly_silent(row: Any, event: Any, others: Sequence[Any], evidence: Evidence) -> bool:
    """Superseded by a later event by the table; a cancellation for whom nothing had been sent before; or somebody who
    cannot be reached so, or does not want to."""
    if row.state != "skipped":
        return False
    person = evidence.person[row.recipient_id]
    if row.last_error in ("inactive", "opted_out", "no_address"):
        has_no_address = {"sms": not person.phone, "email": not person.email}.get(row.channel, False)
        return bool(not person.is_active or row.channel in person.muted_channels or has_no_address)
    if row.last_error == "superseded":
        followers = (evidence.event[other.event_id] for other in others if other.event_id > event.id)
        return any(event.name in MAKES_POINTLESS.get(follower.name, ()) for follower in followers)
    told_before = any(other.state == "sent" and other.in_order and other.event_id < event.id for other in others)
    return bool(row.last_error == "nothing_to_take_back" and event.name == "cancelled" and not told_before)


def doubled(evidence: Evidence) -> list[str]:
    """Messages that reached somebody twice, where the provider can tell a repetition."""
    told: Counter[tuple[int, int, str]] = Counter()
    for arrival in evidence.arrivals:
        if (row := evidence.delivery.get(arrival.delivery_id)) and arrival.channel == "sms":
            told[row.event_id, row.recipient_id, row.channel] += 1
    return [
        f"event {event} to {person} over {channel}: {n} times" for (event, person, channel), n in told.items() if n > 1
    ]


def invented(evidence: Evidence) -> Iterator[str]:
    pruned = {step.delivery_id for step in evidence.steps}  # they had a row once
    for arrival in evidence.arrivals:
        if arrival.delivery_id not in evidence.delivery and arrival.delivery_id not in pruned:
            yield f"{arrival.key} arrived and has no row"


def history(evidence: Evidence) -> Iterator[str]:
    """1: the chain of events is whole, and ends where the lesson is."""
    numbered: dict[int, list[Any]] = defaultdict(list)
    for event in evidence.events:
        if event.seq is not None:
            numbered[event.lesson_id].append(event)
    for lesson in evidence.lessons:
        chain = sorted(numbered[lesson.id], key=lambda event: event.seq)
        if [event.seq for event in chain] != list(range(1, lesson.version + 1)):
            yield f"lesson {lesson.id} has version {lesson.version} and events {[event.seq for event in chain]}"
        elif any(earlier.target != after.source for earlier, after in pairwise(chain)):
            yield f"the history of lesson {lesson.id} has a gap"
        elif chain[-1].target != lesson.status:
            yield f"lesson {lesson.id} is {lesson.status}, its history ends with {chain[-1].target}"


def acknowledged(evidence: Evidence, answers: Iterable[Answer]) -> Iterator[str]:
    """2: what a client saw succeed is there, as often as it succeeded."""
    names = {"create": "created", "schedule": "scheduled", "reschedule": "rescheduled", "start": "started"}
    names |= {"complete": "completed", "cancel": "cancelled"}
    there = Counter((event.lesson_id, event.name) for event in evidence.events)
    seen = Counter((answer.lesson, names[answer.action]) for answer in answers if answer.is_acknowledged)
    for (lesson, name), times in seen.items():
        if there[lesson, name] < times:
            yield f"{name} of lesson {lesson} was acknowledged and has no event"
    duties = {dispatch.event_id for dispatch in evidence.dispatches}
    yield from (f"event {e.id} has no dispatch" for e in evidence.events if e.recipients and e.id not in duties)


def sent_is_received(evidence: Evidence) -> Iterator[str]:
    """3: who is recorded as told was told."""
    received = {(arrival.channel, arrival.delivery_id) for arrival in evidence.arrivals}
    for row in evidence.deliveries:
        if row.state == "sent" and row.channel != "log" and (row.channel, row.id) not in received:
            yield f"delivery {row.id} over {row.channel} is sent, and never arrived"


def attempts_are_counted(evidence: Evidence) -> Iterator[str]:
    """5: numbered without gaps, within the limit; each call of the provider was counted before it was made."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for attempt in evidence.attempts:
        numbers[attempt.delivery_id].append(attempt.number)
    for row in evidence.deliveries:
        under_way = row.state == "leased" and row.taken_at is not None
        expected = list(range(1, row.attempt_count + 1 - under_way))
        if numbers[row.id] != expected or row.attempt_count > row.attempt_limit:
            yield f"delivery {row.id} counts {row.attempt_count} of {row.attempt_limit}, attempts {numbers[row.id]}"
    for arrival in evidence.arrivals:
        row = evidence.delivery.get(arrival.delivery_id)
        if row and arrival.raw > row.attempt_count:
            yield f"{arrival.key} was handed in {arrival.raw} times, in {row.attempt_count} attempts"


def nothing_is_left(evidence: Evidence) -> Iterator[str]:
    """6: quiet is quiet."""
    yield from (
        f"delivery {row.id} is {row.state}" for row in evidence.deliveries if row.state in ("pending", "leased")
    )
    yield from (f"dispatch {row.event_id} is not settled" for row in evidence.dispatches if row.settled_at is None)
    yield from (f"run {row.id} is open" for row in evidence.runs if row.closed_at is None)


def steps_are_legal(evidence: Evidence) -> Iterator[str]:
    """7: what has ended stays as it is, unless somebody asked for a redelivery."""
    asked = Counter(row.delivery_id for row in evidence.redeliveries)
    for step in evidence.steps:
        if (step.was, step.became) == ("dead", "pending") and asked[step.delivery_id]:
            asked[step.delivery_id] -= 1
        elif (step.was, step.became) not in ALLOWED_STEPS:
            yield f"delivery {step.delivery_id} went from {step.was} to {step.became}"


def bookings_fit(evidence: Evidence) -> Iterator[str]:
    """8: nobody is in two places, and bookings exist exactly for the lessons that take people's time."""
    booked = {booking.lesson_id for booking in evidence.bookings}
    for lesson in evidence.lessons:
        if (lesson.status in BOOKED) != (lesson.id in booked):
            yield f"lesson {lesson.id} is {lesson.status} and {'has' if lesson.id in booked else 'lacks'} bookings"
    spans: dict[int, list[Any]] = defaultdict(list)
    for booking in evidence.bookings:
        spans[booking.user_id].append(booking.during)
    for person, taken in spans.items():
        taken.sort(key=lambda span: span.lower)
        if any(earlier.upper > after.lower for earlier, after in pairwise(taken)):
            yield f"{person} is booked twice at once"


def order_is_kept(evidence: Evidence) -> Iterator[str]:
    """9: per lesson, person and channel, messages arrived in the order of their events."""
    redelivered = {row.delivery_id for row in evidence.redeliveries}
    told: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for arrival in sorted(evidence.arrivals, key=lambda arrival: arrival.number):
        row = evidence.delivery.get(arrival.delivery_id)
        if row and row.id not in redelivered:
            told[row.lesson_id, row.recipient_id, row.channel].append(row.event_id)
    for (lesson, person, channel), events in told.items():
        if events != sorted(events):
            yield f"{person} was told of lesson {lesson} over {channel} in the order {events}"


def nobody_deadlocked(evidence: Evidence) -> Iterator[str]:
    if evidence.deadlocks:
        yield f"PostgreSQL broke {evidence.deadlocks} deadlocks"


CHECKS = (
    nobody_deadlocked,
    invented,
    history,
    sent_is_received,
    attempts_are_counted,
    nothing_is_left,
    steps_are_legal,
    bookings_fit,
    order_is_kept,
)


def broken(evidence: Evidence, answers: Iterable[Answer], *, leaves_backlog: bool = False) -> list[str]:
    """What does not hold, each check's first few findings; beside `lost` and `doubled`, which are counted."""
    found = [list(check(evidence)) for check in CHECKS if not (leaves_backlog and check is nothing_is_left)]
    found.append(list(acknowledged(evidence, answers)))
    return [
        line for lines in found for line in [*lines[:FEW], *([f"… {len(lines)} of these"] if len(lines) > FEW else [])]
    ]
