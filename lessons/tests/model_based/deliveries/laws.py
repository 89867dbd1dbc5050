"""What holds after every act, whatever happened: the promises of delivery, asked of the rows and of the world.

`was` are the rows before the act.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from lessons.tests.model_based.deliveries.story import UNFINISHED, Records, Row, Story
from lessons.tests.model_based.deliveries.world import CHANNELS, World

ENDED = ("sent", "dead", "skipped")
UNREACHABLE = ("inactive", "opted_out", "no_address")
LONGEST_IDLE_WAIT = timedelta(seconds=1.5)  # a second where an event is not expanded yet, and the act itself


# --- Who is told ------------------------------------------------------------------------------------


def every_success_has_its_dispatch_and_nothing_else_has(now: Records, was: Records, story: Story, world: World) -> None:
    assert now.dispatches.keys() == story.events.keys()


def an_expanded_event_has_a_message_for_everybody(now: Records, was: Records, story: Story, world: World) -> None:
    due = Counter(
        (event_id, story.cast.id(name), channel)
        for event_id, happened in story.events.items()
        if now.dispatches[event_id]["expanded_at"]
        for name in happened.tells
        for channel in CHANNELS
    )
    assert Counter((row["dispatch_id"], row["recipient_id"], row["channel"]) for row in now.deliveries.values()) == due


def who_cannot_be_reached_is_skipped_at_once_and_nobody_else(
    now: Records, was: Records, story: Story, world: World
) -> None:
    for pk, row in now.deliveries.items():
        if pk not in was.deliveries:
            why_not = story.reach[str(story.cast.name(row["recipient_id"]))].why_not(row["channel"])
            assert not why_not or (row["state"], row["last_error"]) == ("skipped", why_not)
            assert why_not or row["last_error"] in ("", "superseded", "nothing_to_take_back")


# --- What was sent ----------------------------------------------------------------------------------


def sent_means_received_and_received_means_a_row(now: Records, was: Records, story: Story, world: World) -> None:
    received = world.times_received()
    assert received.keys() <= now.deliveries.keys()
    assert {pk for pk, row in now.deliveries.items() if row["state"] == "sent"} <= received.keys()
    assert {(arrival.delivery_id, arrival.key) for arrival in world.arrivals} == {
        (pk, f"delivery-{pk}") for pk in received
    }


def nothing_is_sent_again_without_a_reason(now: Records, was: Records, story: Story, world: World) -> None:
    for pk, times in world.times_received().items():
        in_doubt = [try_ for try_ in now.attempts.get(pk, ()) if try_["outcome"] in ("lost", "transient")]
        assert times <= 1 + len(in_doubt)


def each_try_is_counted_and_there_are_not_too_many(now: Records, was: Records, story: Story, world: World) -> None:
    for pk, row in now.deliveries.items():
        finished = row["attempt_count"] - (row["taken_at"] is not None)
        assert [try_["number"] for try_ in now.attempts.get(pk, ())] == list(range(1, finished + 1))
        assert row["attempt_count"] <= row["attempt_limit"]


def the_last_try_says_how_it_ended(now: Records, was: Records, story: Story, world: World) -> None:
    for pk, row in now.deliveries.items():
        outcomes = [try_["outcome"] for try_ in now.attempts.get(pk, ())]
        assert "sent" not in outcomes[:-1]
        assert (row["state"] == "sent") == (outcomes[-1:] == ["sent"]) == (row["sent_at"] is not None)
        if row["state"] == "dead":
            assert outcomes[-1] == "permanent" or row["attempt_count"] == row["attempt_limit"]


def what_has_ended_stays_ended_unless_it_is_redelivered(now: Records, was: Records, story: Story, world: World) -> None:
    for pk, row in was.deliveries.items():
        redelivered = now.redeliveries[pk] > was.redeliveries[pk]
        assert not redelivered or row["state"] == "dead"
        if row["state"] in ENDED and not redelivered:
            unchanged = ("state", "attempt_count", "attempt_limit", "last_error", "provider_id", "run_id")
            assert [now.deliveries[pk][name] for name in unchanged] == [row[name] for name in unchanged]


# --- In which order ---------------------------------------------------------------------------------


def messages_arrived_in_the_order_of_their_events(now: Records, was: Records, story: Story, world: World) -> None:
    latest: dict[tuple[int, int, str], int] = {}
    for pk in world.first_arrivals():
        row = now.deliveries[pk]
        if row["in_order"]:
            to = (row["lesson_id"], row["recipient_id"], row["channel"])
            assert latest.get(to, 0) < row["dispatch_id"]
            latest[to] = row["dispatch_id"]


def nothing_is_launched_before_its_predecessor_has_ended(
    now: Records, was: Records, story: Story, world: World
) -> None:
    for row in now.deliveries.values():
        if row["state"] == "leased" and row["in_order"]:
            assert not _unfinished_before(now, row)


def nobody_waits_for_nothing(now: Records, was: Records, story: Story, world: World) -> None:
    for row in now.deliveries.values():
        waits = row["state"] == "pending" and row["attempt_count"] == 0 and row["in_order"]
        if waits and not _unfinished_before(now, row):
            assert row["next_attempt_at"] <= now.now + LONGEST_IDLE_WAIT


def _unfinished_before(now: Records, row: Row) -> list[Row]:
    return [
        other
        for other in now.siblings(row)
        if other["in_order"] and other["dispatch_id"] < row["dispatch_id"] and other["state"] in UNFINISHED
    ]


# --- What is pointless ------------------------------------------------------------------------------


def only_what_is_pointless_is_skipped(now: Records, was: Records, story: Story, world: World) -> None:
    for row in _newly(now, was, "skipped"):
        assert row["in_order"]
        if row["last_error"] == "superseded":
            assert _superseding(now, was, story, row)
        elif row["last_error"] == "nothing_to_take_back":
            assert story.events[row["dispatch_id"]].step.name == "cancelled"
            assert not _heard_before(now, row)


def what_is_pointless_is_not_launched(now: Records, was: Records, story: Story, world: World) -> None:
    for row in _newly(now, was, "leased"):
        if row["in_order"]:
            assert not [other for other in _superseding(now, was, story, row) if other["state"] in UNFINISHED]
            assert story.events[row["dispatch_id"]].step.name != "cancelled" or _heard_before(now, row)


def _newly(now: Records, was: Records, state: str) -> list[Row]:
    return [
        row
        for pk, row in now.deliveries.items()
        if row["state"] == state and was.deliveries.get(pk, {}).get("state", "pending") == "pending"
    ]


def _superseding(now: Records, was: Records, story: Story, row: Row) -> list[Row]:
    """The later messages that say all that this one would, and had not ended when the act began."""
    return [
        other
        for other in now.siblings(row)
        if other["in_order"]
        and story.supersedes(other["dispatch_id"], row["dispatch_id"])
        and _was_unfinished(was, other)
    ]


def _was_unfinished(was: Records, row: Row) -> bool:
    if row["id"] in was.deliveries:
        return was.deliveries[row["id"]]["state"] in UNFINISHED
    return row["last_error"] not in UNREACHABLE


def _heard_before(now: Records, row: Row) -> bool:
    """Something earlier was sent, or is being sent once more because somebody asked for it."""
    return any(
        other["state"] == "sent" or (not other["in_order"] and other["state"] in UNFINISHED)
        for other in now.siblings(row)
        if other["dispatch_id"] < row["dispatch_id"]
    )


# --- The books --------------------------------------------------------------------------------------


def a_dispatch_is_settled_once_nothing_is_unfinished(now: Records, was: Records, story: Story, world: World) -> None:
    states: dict[int, Counter[str]] = {event_id: Counter() for event_id in now.dispatches}
    for row in now.deliveries.values():
        states[row["dispatch_id"]][row["state"]] += 1
    for event_id, dispatch in now.dispatches.items():
        count = states[event_id]
        finished = dispatch["expanded_at"] is not None and not any(count[state] for state in UNFINISHED)
        assert (dispatch["settled_at"] is not None) == finished
        if finished:
            counts = [dispatch[name] for name in ("total", "sent", "dead", "skipped")]
            assert counts == [count.total(), count["sent"], count["dead"], count["skipped"]]


def a_lease_is_whole_or_not_there(now: Records, was: Records, story: Story, world: World) -> None:
    for row in now.deliveries.values():
        leased = row["state"] == "leased"
        assert (row["lease_until"] is not None) == leased
        assert leased or row["taken_at"] is None
        assert not leased or now.runs[row["run_id"]]["channel"] == row["channel"]


def a_closed_run_holds_nothing_and_its_report_is_true(now: Records, was: Records, story: Story, world: World) -> None:
    for run_id, run in now.runs.items():
        if run["closed_at"] is None:
            assert run["state"] in ("running", "lost")
            continue
        assert run["state"] in ("closed", "lost")
        assert not now.held_by(run_id)
        tries = Counter(
            try_["outcome"] for of_one in now.attempts.values() for try_ in of_one if try_["run_id"] == run_id
        )
        reported = [run["report"].get(name, 0) for name in ("sent", "failed", "lost")]
        assert reported == [tries["sent"], tries["transient"], tries["lost"]]
        assert run["state"] == "lost" or not tries["lost"]


LAWS: list[Callable[[Records, Records, Story, World], None]] = [
    every_success_has_its_dispatch_and_nothing_else_has,
    an_expanded_event_has_a_message_for_everybody,
    who_cannot_be_reached_is_skipped_at_once_and_nobody_else,
    sent_means_received_and_received_means_a_row,
    nothing_is_sent_again_without_a_reason,
    each_try_is_counted_and_there_are_not_too_many,
    the_last_try_says_how_it_ended,
    what_has_ended_stays_ended_unless_it_is_redelivered,
    messages_arrived_in_the_order_of_their_events,
    nothing_is_launched_before_its_predecessor_has_ended,
    nobody_waits_for_nothing,
    only_what_is_pointless_is_skipped,
    what_is_pointless_is_not_launched,
    a_dispatch_is_settled_once_nothing_is_unfinished,
    a_lease_is_whole_or_not_there,
    a_closed_run_holds_nothing_and_its_report_is_true,
]
