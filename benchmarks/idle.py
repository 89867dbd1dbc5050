"""`python -m benchmarks.idle NUMBER`: so many changes of a lesson, one by one; when each was committed, as JSON.

The lessons are there. Each change waits until everybody was told of the one before: nothing is under way.
"""

import json
import sys
import time

import django

django.setup()

from django.db import transaction

from lessons import lifecycle
from lessons.models import Dispatch, Lesson

PAUSE_SECONDS = 0.05


def change(lesson_id: int) -> float:
    """Start the lesson; the moment of the commit, before anybody is woken."""
    committed: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.time()))  # the first to be called
        lifecycle.schedule_lesson(lesson_id=lesson_id, actor=None)
    return committed[0]


def main() -> None:
    moments = {}
    for pk in Lesson.objects.filter(status="draft").order_by("pk").values_list("pk", flat=True)[: int(sys.argv[1])]:
        moments[pk] = change(pk)
        time.sleep(PAUSE_SECONDS)  # nobody asks how far it is while it is measured
        while Dispatch.objects.filter(lesson_id=pk, settled_at__isnull=True).exists():
            time.sleep(PAUSE_SECONDS)
    print(json.dumps(moments))


if __name__ == "__main__":
    main()
