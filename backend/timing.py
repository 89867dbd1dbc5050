"""The time constants of delivery, scaled together so that their order always holds."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Timing:
    """Seconds. provider < soft limit < hard limit < lease < visibility: each gives up before the next steps in."""

    provider_timeout: float = 10
    soft_limit: float = 45
    hard_limit: float = 60
    lease: float = 90
    visibility: float = 300

    batch: float = 15  # a header task begins no further message after that: a worker asked to end is gone within 30 s
    launch_lease: float = 20  # claimed but not yet taken by a worker
    tick: float = 10  # beat's call of the relay
    circuit: float = 30  # a channel that is down is left alone this long
    retry_slack: float = 20  # on top of a Celery retry's countdown, until its lease ends
    minute: float = 60  # the unit of the long retry schedule

    @classmethod
    def scaled(cls, factor: float) -> "Timing":
        """All constants times `factor` (1 in production; tests and drills use less)."""
        return cls(**{field.name: float(str(field.default)) * factor for field in fields(cls)})
