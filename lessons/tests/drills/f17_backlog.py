"""F17: ten thousand SMS wait for a slow gateway, and e-mails go out as if there were none."""

import statistics
import threading
import time

from lessons.tests.drills.clients import TEACHERS, Client
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

GATEWAY_SECONDS = 5.0  # at time scale 1
PER_LESSON = 500  # the API's limit
SMS_WINDOW = 12
SLOWER_AT_MOST = (3.0, 1.5)  # quick: a p95 of forty; whoever waited for an SMS would be thirty times as slow
BETWEEN_PROBES_SECONDS = 0.25

# Who waits for an SMS gets no e-mail, and the other way round.
ADD_STUDENTS = """
INSERT INTO lessons_user (username, password, full_name, role, phone, email, language, time_zone, muted_channels,
                          is_active, is_staff, is_superuser, date_joined)
SELECT 'waiting_' || n, '!', 'Waiting ' || n, 'student', '+7901' || lpad(n::text, 7, '0'), '', 'en', 'UTC', '{email}',
       true, false, false, now()
  FROM generate_series(1, %s) n
RETURNING id
"""
MUTE_SMS = (
    "UPDATE lessons_user SET muted_channels = '{sms}' WHERE username LIKE 'teacher%%' OR username LIKE 'student%%'"
)
MAIL_SECONDS = """
SELECT extract(epoch FROM sent_at - created_at)::float8 AS seconds FROM lessons_delivery
 WHERE channel = 'email' AND state = 'sent' AND lesson_id = ANY(%s)
"""
IN_FLIGHT = "SELECT count(*) FROM lessons_delivery WHERE channel = 'sms' AND state = 'leased'"


@drill("F17", time_scale=(0.2, 0.2))
def backlog(stack: Stack, scale: Scale) -> Outcome:
    waiting, probes = scale.of((1_000, 40), (10_000, 120))
    stack.settings["NOTIFICATION_CHANNELS"] = "email,sms"
    latency = GATEWAY_SECONDS * stack.timing.minute / 60
    stack.gateway.provider.faults.update({"latency_seconds": latency})
    students = [row.id for row in stack.query(ADD_STUDENTS, waiting)]
    stack.query(MUTE_SMS)
    stack.start_web()
    stack.start_beat()
    for queue in ("control", "deliver.email", "deliver.sms"):
        stack.start_worker(queues=queue)
    client = Client(stack.url, TEACHERS[0])
    reader = stack.value("SELECT id FROM lessons_user WHERE username = 'student_1'")

    alone = _mail_p95(stack, client, reader, probes)
    for first in range(0, waiting, PER_LESSON):
        client.live(["create"], students[first : first + PER_LESSON])
    with _Watch(stack) as watch:
        beside = _mail_p95(stack, client, reader, probes)
    left = stack.value("SELECT count(*) FROM lessons_delivery WHERE channel = 'sms' AND state IN ('pending', 'leased')")

    outcome = Outcome(
        what=f"{waiting:,} SMS wait, {latency:g} s each; e-mail p95 {alone:.2f} s alone, {beside:.2f} s beside them",
        answers=client.answers,
        leaves_backlog=True,
    )
    outcome.expect(left > waiting / 2, f"only {left} SMS were still waiting at the end")
    outcome.expect(beside <= scale.of(*SLOWER_AT_MOST) * alone, f"e-mails took {beside / alone:.1f} times as long")
    outcome.expect(0 < watch.longest_queue <= SMS_WINDOW, f"the broker held {watch.longest_queue} SMS tasks")
    outcome.expect(watch.most_in_flight == SMS_WINDOW, f"{watch.most_in_flight} SMS were in flight at most")
    outcome.expect(not stack.attempts("lost"), f"{stack.attempts('lost')} leases expired")
    lost_runs = stack.value("SELECT count(*) FROM lessons_chordrun WHERE state = 'lost'")
    outcome.expect(not lost_runs, f"{lost_runs} runs were lost")
    return outcome


def _mail_p95(stack: Stack, client: Client, reader: int, probes: int) -> float:
    """Seconds from the commit to the mail server's yes. The better of two series: noise only ever adds."""
    return min(_p95_of_series(stack, client, reader, probes) for _ in range(2))


def _p95_of_series(stack: Stack, client: Client, reader: int, probes: int) -> float:
    lessons = []
    for _ in range(probes // 2):  # two people are told of each
        lessons.append(client.live(["create"], [reader]))
        time.sleep(BETWEEN_PROBES_SECONDS)
    stack.wait_until(
        lambda: len(stack.query(MAIL_SECONDS, lessons)) == probes, within_seconds=60, what="every e-mail sent"
    )
    seconds = [row.seconds for row in stack.query(MAIL_SECONDS, lessons)]
    return statistics.quantiles(seconds, n=20)[-1]


class _Watch:
    """Looks, for as long as the block lasts, at how much of the backlog is out of the table."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.longest_queue = self.most_in_flight = 0

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.1):
            self.longest_queue = max(self.longest_queue, self._stack.middleware.queue_length("deliver.sms"))
            self.most_in_flight = max(self.most_in_flight, self._stack.value(IN_FLIGHT))
