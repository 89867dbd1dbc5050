"""Inside the application: somebody who redelivers whatever is dead and prunes whatever is old, all the time.

python -m lessons.tests.drills.busy_staff
"""

import os
import time

import django

BETWEEN_SECONDS = 0.1


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    django.setup()
    while True:
        redeliver_all()
        prune_all()
        time.sleep(BETWEEN_SECONDS)


def redeliver_all() -> None:
    from lessons.lifecycle.redelivery import NothingToRedeliver, redeliver_dispatch
    from lessons.models import Delivery, User

    manager = User.objects.get(username="manager_1")
    for dispatch in Delivery.objects.filter(state="dead").values_list("dispatch_id", flat=True).distinct():
        try:
            redeliver_dispatch(dispatch_id=dispatch, actor=manager, reason="the number works again")
        except NothingToRedeliver:
            continue


def prune_all() -> None:
    from lessons.retention.prune import prune

    prune()


if __name__ == "__main__":
    main()
