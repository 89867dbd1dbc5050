"""Runs that do not get on, or were lost: what happened to each, and when and how it is mended."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons.admin import markup
from lessons.monitoring import LostRun, OpenRun
from lessons.monitoring.runs import Phase


@dataclass(frozen=True)
class Trouble:
    """`what` has happened to the run, and `how` that is mended. `is_mended`: nothing of it is left to do."""

    run: OpenRun | LostRun
    state: str
    label: str
    what: str
    how: str
    is_mended: bool = False


def troubles(runs: Collection[OpenRun], lost: Collection[LostRun], *, relay_is_alive: bool) -> list[Trouble]:
    """The open ones first."""
    open_ids = {run.id for run in runs if run.is_stalled}
    stalled = [_stalled(run, relay_is_alive) for run in runs if run.is_stalled]
    return stalled + [_lost(run) for run in lost if run.id not in open_ids]


def _stalled(run: OpenRun, relay_is_alive: bool) -> Trouble:
    what, how = STALLED[run.phase](run)
    if not relay_is_alive:
        how = _("The relay is not running, so nothing is mended: start beat.")
    return Trouble(run, "stalled", _("stalled"), what, how)


def _expired(run: OpenRun) -> tuple[str, str]:
    what = ngettext(
        "A worker has not reported back on %(number)d delivery.",
        "Workers have not reported back on %(number)d deliveries.",
        run.expired,
    ) % {"number": run.expired}
    return what, _("The relay takes them back within %(tick)s and sends them again, each on its own.") % _tick()


def _untaken(run: OpenRun) -> tuple[str, str]:
    what = _("No worker has taken it for %(age)s: they are busy, or away.") % {"age": markup.seconds(run.age_seconds)}
    if run.lease_until is None:
        return what, _next_pass()
    how = _("What is not taken by %(moment)s goes back to waiting, and out in another run. No try is counted.")
    return what, how % {"moment": markup.clock(run.lease_until)}


def _unclosed(_run: OpenRun) -> tuple[str, str]:
    return _("All its deliveries are done, but the chord's body has not said so."), _next_pass()


def _next_pass() -> str:
    return _("The relay closes it within %(tick)s.") % _tick()


def _tick() -> dict[str, str]:
    return {"tick": markup.seconds(settings.TIMING.tick)}


STALLED = {Phase.EXPIRED: _expired, Phase.UNTAKEN: _untaken, Phase.UNCLOSED: _unclosed}


def _lost(run: LostRun) -> Trouble:
    if not run.was_launched:
        what, how = _("The broker did not take it."), _("Its deliveries went back to waiting at once.")
        return Trouble(run, "lost", _("lost"), what, how, is_mended=True)
    number = sum(run.now.values())
    what = ngettext(
        "A worker was lost with %(number)d delivery in its hands.",
        "Workers were lost with %(number)d deliveries in their hands.",
        number,
    ) % {"number": number}
    return Trouble(run, "lost", _("lost"), what, _aftermath(run), is_mended=not run.waiting)


def _aftermath(run: LostRun) -> str:
    if not run.now:
        return _("None of it had been taken: everything went out in other runs.")
    parts = []
    for states, text in (
        (("sent",), _("%(number)d sent since")),
        (("pending", "leased"), _("%(number)d on their way again")),
        (("dead",), _("%(number)d given up")),
        (("skipped",), _("%(number)d not needed any more")),
    ):
        if number := sum(run.now.get(state, 0) for state in states):
            parts.append(text % {"number": number})
    return _("Taken back by the relay: %(what)s.") % {"what": ", ".join(parts)}
