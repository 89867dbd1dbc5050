"""The application, whose process dies of sending an SMS to one certain number, until there is an antidote.

python -m lessons.tests.drills.poison ANTIDOTE-FILE PHONE -m MODULE …
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from lessons.tests.drills.inside import run_changed


def poison(antidote: Path, phone: str) -> None:
    from lessons.notifications.channels.sms import SmsChannel

    send = SmsChannel.send

    def send_or_die(self: Any, message: Any) -> Any:
        if message.recipient.phone == phone and not antidote.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return send(self, message)

    SmsChannel.send = send_or_die


if __name__ == "__main__":
    _, antidote, phone, *program = sys.argv
    run_changed(lambda: poison(Path(antidote), phone), program)
