"""Inside the application: so many shells start the same lessons at the same moment, without a lock.

    python -m lessons.tests.drills.shells NUMBER LESSON …

Prints one line of JSON per lesson: how many won, and what the others were told.
"""

import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    django.setup()
    number, *lessons = map(int, sys.argv[1:])
    with ThreadPoolExecutor(number) as threads:
        for lesson in lessons:
            start = Barrier(number)
            results = Counter(threads.map(lambda _, lesson=lesson, start=start: start_it(lesson, start), range(number)))
            print(json.dumps(results))  # noqa: T201 - what the drill reads


def start_it(lesson_id: int, start: Barrier) -> str:
    """`won`, or the name of the error."""
    from django.db import IntegrityError

    from lessons.models import Lesson, StaleLesson, UnrecordedChange

    lesson = Lesson.objects.get(pk=lesson_id)
    lesson.start()
    start.wait(30)
    try:
        lesson.save()
    except (StaleLesson, UnrecordedChange, IntegrityError) as error:
        return type(error).__name__
    return "won"


if __name__ == "__main__":
    main()
