"""Why a promise cannot be made, for the person who wanted to make it."""

from __future__ import annotations

from sla_watchdog.domain.escalation.acknowledgement import LONGEST_NAME
from sla_watchdog.domain.escalation.not_promised import (
    CaseIsOver,
    NoSuchCase,
    PromisedAlready,
    PromiseRefusal,
    TooFarAway,
    Why,
)
from sla_watchdog.presentation.times import instant

REFUSALS = {
    PromiseRefusal.NO_NAME: "say who takes it: a name",
    PromiseRefusal.NAME_TOO_LONG: f"the name is too long: at most {LONGEST_NAME} characters",
    PromiseRefusal.NO_TIME_CHOSEN: "choose when the next update comes",
    PromiseRefusal.TIME_IS_PAST: "the time of the next update is over already: choose a later one",
    PromiseRefusal.NOT_LATER: (
        "an update is promised for then already: only a later time puts it off"
    ),
    PromiseRefusal.NO_SNOOZE_LEFT: (
        "it was put off as often as the policy allows: nobody can put it off again"
    ),
    PromiseRefusal.NOTHING_TO_PUT_OFF: (
        "no promise holds now that could be put off: make one with `sla-watchdog ack`"
    ),
    PromiseRefusal.NO_HOURS_AHEAD: (
        "the calendar of this case has no hours ahead, so no time can be promised"
    ),
}


def not_promised(why: Why) -> str:
    match why:
        case PromiseRefusal():
            return REFUSALS[why]
        case TooFarAway(latest, zone):
            most = instant(latest, zone)
            return f"the time of the next update is too far away: at most {most}, by the policy"
        case PromisedAlready(by):
            return f"{by} promised an update already: put it off with `sla-watchdog snooze`"
        case NoSuchCase(case):
            return f"there is no case of {case!r} that can be read"
        case CaseIsOver(case):
            return f"{case} is over: there is nothing to promise"
