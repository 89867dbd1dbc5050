"""F10: fifty people press the same button at the same moment, in the API and in shells that know no locks."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from lessons.tests.drills.clients import TEACHERS, Answer, Client, student_ids
from lessons.tests.drills.registry import Outcome, drill
from lessons.tests.drills.stack import Stack
from lessons.tests.trials import Scale

RACERS = 50
LIFE = ("schedule", "start", "complete")  # each is raced for
WON, REFUSED = 200, 409


@drill("F10")
def racers(stack: Stack, scale: Scale) -> Outcome:
    rounds = scale.of(3, 20)
    stack.settings["NOTIFICATION_CHANNELS"] = "log"
    stack.start_web()
    stack.start_worker()
    stack.start_beat()
    first = Client(stack.url, TEACHERS[0])
    clients = [first, *(first.again() for _ in range(RACERS - 1))]
    outcome = Outcome(what=f"{RACERS} racers, {rounds} rounds over HTTP, {rounds} in plain shells")
    _race_over_http(stack, clients, rounds, outcome)
    shells = _race_in_shells(stack, clients[0], rounds, outcome)
    outcome.recovered_seconds = stack.wait_until_told(within_seconds=60)
    outcome.answers = [answer for client in clients for answer in client.answers]
    outcome.transitions = sum(answer.is_acknowledged for answer in outcome.answers) + shells
    return outcome


def _race_over_http(stack: Stack, clients: list[Client], rounds: int, outcome: Outcome) -> None:
    student = student_ids(stack)[0]
    lesson: int | None = None
    for number in range(rounds):
        action = LIFE[number % len(LIFE)]
        if action == LIFE[0]:
            lesson = clients[0].live(["create"], [student])
        events = _events(stack, lesson)
        answers = _at_once(clients, action, lesson)
        won = [answer for answer in answers if answer.status == WON]
        lost = [answer for answer in answers if answer.status == REFUSED]
        codes = {answer.body.get("code") for answer in lost}
        outcome.expect(
            (len(won), len(lost), codes) == (1, RACERS - 1, {"transition_not_allowed"}),
            f"round {number}, {action}: {len(won)} won, {len(lost)} were refused with {codes}",
        )
        outcome.expect(_events(stack, lesson) == events + 1, f"round {number}: not one more event of lesson {lesson}")


def _at_once(clients: list[Client], action: str, lesson: int | None) -> list[Answer]:
    start = Barrier(len(clients))

    def press(client: Client) -> Answer:
        start.wait(30)
        return client.post(action, lesson)

    with ThreadPoolExecutor(len(clients)) as threads:
        return list(threads.map(press, clients))


def _race_in_shells(stack: Stack, client: Client, rounds: int, outcome: Outcome) -> int:
    """How many transitions were made."""
    student = student_ids(stack)[0]
    lessons = [client.live(["create", "schedule"], [student]) for _ in range(rounds)]
    process = stack.run("-m", "lessons.tests.drills.shells", str(RACERS), *map(str, lessons))
    outcome.expect(process.popen.returncode == 0, f"the shells ended with {process.log_tail()}")
    for lesson, line in zip(lessons, process.log.read_text().splitlines(), strict=True):
        results = json.loads(line)
        outcome.expect(
            results == {"won": 1, "StaleLesson": RACERS - 1}, f"lesson {lesson}, started in {RACERS} shells: {results}"
        )
        outcome.expect(_events(stack, lesson) == len(("created", "scheduled", "started")), f"events of {lesson}")
    return rounds


def _events(stack: Stack, lesson: int | None) -> int:
    return int(stack.value("SELECT count(*) FROM lessons_lessonevent WHERE lesson_id = %s", lesson))
