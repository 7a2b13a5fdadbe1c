"""Which silences hold what of a case, for `status`, `explain` and `plan`."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock_key import HOLDABLE
from sla_watchdog.domain.escalation.case import Alert, Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.silences import Silence
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Metric, Policy
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.text.wording import id_of, listed
from sla_watchdog.presentation.times import instant


@frozen
class MatchingSilence:
    """A silence in force and the unresolved tickets of a case that match it; `whole` if all of them
    do.
    """

    silence: Silence
    tickets: tuple[str, ...]
    whole: bool

    @property
    def entirely(self) -> bool:
        """Whether nobody at all is notified of the case."""
        return self.whole and not self.silence.audiences

    def holds(self, upcoming: UpcomingNotification) -> bool:
        """Whether it surely waits for the end of the silence. False where only some tickets of the
        case are silenced: it may be about another one.
        """
        if not self.whole or upcoming.clock not in HOLDABLE:
            return False
        audiences = self.silence.audiences
        return not audiences or upcoming.recipient.audience in audiences


def held_by(
    case: Case, plan: Plan, policy: Policy, silences: Iterable[Silence], now: int
) -> tuple[MatchingSilence, ...]:
    """The silences in force that the case, or some of its tickets, match; the one that ends last
    first.
    """
    unresolved = [ticket for ticket in plan.tickets if ticket.unresolved]
    facts = case.facts
    matches = []
    for silence in silences:
        if not silence.in_force(now):
            continue
        tickets = tuple(
            ticket.id
            for ticket in unresolved
            if silence.matches(ticket, case.id, facts, policy, now)
        )
        if tickets:
            whole = len(tickets) == len(unresolved)
            matches.append(MatchingSilence(silence, tickets, whole))
    return tuple(sorted(matches, key=lambda match: -match.silence.until))


def upcoming(plan: Plan, held: Iterable[MatchingSilence]) -> tuple[UpcomingNotification, ...]:
    """What is coming, nothing of it before the silence that holds it ends.

    Of several levels that one silence holds for one recipient only the highest counts.
    """
    silences = tuple(held)
    put_off = [_at_its_end(notification, silences) for notification in plan.upcoming]
    highest: dict[tuple[int, str, str], UpcomingNotification] = {}
    for notification in sorted(put_off, key=lambda notification: notification.level):
        key = notification.at, notification.recipient.key, notification.clock
        highest[key] = notification
    return tuple(sorted(highest.values(), key=lambda notification: notification.at))


def due_now(plan: Plan, now: int) -> tuple[UpcomingNotification, ...]:
    """Levels that are due and not yet on their way, the highest first; the next tick sends them.

    Of several levels of one clock only the highest counts, and an audience and its urgent topic
    are one, as in what is coming.
    """
    due = [alert for alert in plan.alerts if _is_of_level(alert)]
    highest: dict[tuple[str, str], UpcomingNotification] = {}
    for alert in sorted(due, key=lambda alert: -alert.level):
        recipient = evolve(alert.recipient, urgent=False)
        key = recipient.key, alert.clock
        if key not in highest:
            highest[key] = UpcomingNotification(
                now, recipient, alert.clock, alert.level, alert.urgent
            )
    return tuple(highest.values())


def _is_of_level(alert: Alert) -> bool:
    """No finding, no withdrawal and no news that it is over."""
    return alert.clock in HOLDABLE or alert.clock == Metric.AGE


def _at_its_end(
    notification: UpcomingNotification, silences: Iterable[MatchingSilence]
) -> UpcomingNotification:
    ends = [match.silence.until for match in silences if match.holds(notification)]
    return evolve(notification, at=max([notification.at, *ends]))


def until(silence: Silence, zone: str) -> str:
    """`until Mon 2026-03-02 17:00 +01:00 by kim (moving their mail)`; and to whom alone, where it
    names audiences.
    """
    by, why = brief(silence.by, 40) or "somebody", brief(silence.reason, 200)
    text = f"until {instant(silence.until, zone)} by {by} ({why})"
    if not silence.audiences:
        return text
    return f"{text}, alerts to {listed(tuple(sorted(silence.audiences)))} alone"


def names(case: str, held: MatchingSilence) -> str:
    """The case; where only a part of it is silenced, the tickets."""
    if held.whole:
        return id_of(case)
    return ", ".join(map(id_of, held.tickets))
