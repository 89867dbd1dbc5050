"""What waits for the disk, and what need not: whatever led to a message is there before it is sent (ADR 9)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from lessons.models import User
from lessons.notifications.channels import REGISTRY
from lessons.notifications.claim import claim
from lessons.notifications.close import close_run
from lessons.notifications.delivery import deliver_batch
from lessons.notifications.expand import expand
from lessons.notifications.launch import _give_back
from lessons.notifications.reap import reap
from lessons.tests.notifications.deliveries import claimed, expand_all
from lessons.tests.people import draft

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _a_database_that_writes_through(db: None) -> Iterator[None]:
    """As in production; that of the tests is in a hurry."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        yield
        cursor.execute("RESET synchronous_commit")


def waits_for_the_disk(action: Callable[[], object]) -> set[bool]:
    """Whether the transactions of `action` wait, as it was set after each of their statements."""
    seen: set[bool] = set()

    def look(execute: Callable[..., object], *statement: Any) -> object:
        outcome = execute(*statement)
        with connection.connection.cursor() as cursor:  # past this function
            cursor.execute("SHOW synchronous_commit")
            seen.add(cursor.fetchone()[0] == "on")
        return outcome

    with connection.execute_wrapper(look):
        action()
    return seen


def test_what_a_crash_may_undo_is_not_waited_for(alice: User, bob: User) -> None:
    draft(alice, bob)

    assert waits_for_the_disk(expand) == {False}
    assert waits_for_the_disk(lambda: claim(REGISTRY["log"])) == {False}


def test_a_run_that_is_closed_is_not_waited_for(alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    run = claimed("log").run

    assert waits_for_the_disk(lambda: close_run(run_id=run.pk)) == {False}


def test_what_was_taken_and_what_was_sent_are_waited_for(alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    run = claimed("log")
    close_run(run_id=run.run.pk)

    def deliver() -> None:
        deliver_batch(run_id=run.run.pk, delivery_ids=run.batches[0], task_id=None, retries=0)

    assert waits_for_the_disk(deliver) == {True}


def test_a_claim_that_is_given_back_and_a_rescue_are_waited_for(alice: User, bob: User) -> None:
    draft(alice, bob)
    expand_all()
    run = claimed("log").run

    assert waits_for_the_disk(lambda: _give_back(run)) == {True}
    assert waits_for_the_disk(reap) == {True}
