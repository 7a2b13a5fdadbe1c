"""What one message tells one recipient about one case, before it is put into words."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from sla_watchdog.domain.case import OPERATIONS, Alert, Case, Outcome, Reached, Recipient, Severity
from sla_watchdog.domain.clocks import Clock, State
from sla_watchdog.domain.escalation import Coming, Plan
from sla_watchdog.domain.policy import Policy


@frozen
class Item:
    """One alert with the clock behind it (None for a finding).

    `late` is seconds of wall time since the breach, or where there is none since the deadline; negative before it.
    """

    alert: Alert
    clock: Clock | None
    state: State | None
    late: int


@frozen
class TicketLine:
    id: str
    subject: str
    status: str
    url: str
    owner: str
    team: str
    created_at: int


@frozen
class Notice:
    """`zone` is the IANA zone in which times are shown, each with its offset.

    `told` is (at, recipient key, level) of what was really sent. `also` are the other clocks that are breached, so
    that one message names them all (semantics E5).
    """

    case: str
    recipient: Recipient
    items: tuple[Item, ...]
    tickets: tuple[TicketLine, ...]
    customer: str
    opened_at: int
    told: tuple[tuple[int, str, int], ...]
    coming: Coming | None
    zone: str
    also: tuple[Clock, ...] = ()

    @property
    def lead(self) -> Item:
        return self.items[0]


def _order(item: Item) -> tuple[bool, int, int]:
    return not item.alert.urgent, -item.alert.level, -item.late


def notice(case: Case, plan: Plan, alerts: Sequence[Alert], policy: Policy, now: int) -> Notice:
    """The notice that carries `alerts` (all to one recipient), led by the most urgent, then highest, then latest."""
    by_key = {clock.key: clock for clock in plan.clocks}
    items = sorted((_item(alert, by_key.get(alert.clock_key), now) for alert in alerts), key=_order)
    recipient = alerts[0].recipient
    calendars = [policy.calendars[c.calendar] for c in plan.clocks if c.calendar]
    told = sorted((r.at, key[1], r.level) for key, r in case.reached.items() if _was_sent(key[0], r))
    named = {alert.clock_key for alert in alerts}
    newest = case.facts.tickets()[-1:]
    return Notice(
        case=case.id,
        recipient=recipient,
        items=tuple(items),
        tickets=tuple(_line(case, each.id, each.created_at, policy) for each in plan.tickets),
        customer=str(case.facts.latest(newest[0], "customer_name")) if newest else "",
        opened_at=min((each.created_at for each in plan.tickets), default=now),
        told=tuple(told),
        coming=next(iter(plan.coming), None),
        zone=calendars[0].timezone if calendars else "UTC",
        also=tuple(c for c in plan.clocks if c.stopped_at is None and c.breached(now) and c.key not in named),
    )


def _was_sent(clock_key: str, reached: Reached) -> bool:
    return "/finding:" not in clock_key and reached.outcome in (Outcome.SENT, Outcome.IN_DIGEST)


def _item(alert: Alert, clock: Clock | None, now: int) -> Item:
    if clock is None:
        return Item(alert, None, None, 0)
    # The breach is the first second too late.
    reference = clock.breach_at - 1 if clock.breach_at is not None else clock.due_at
    return Item(alert, clock, clock.state(now), now - reference if reference is not None else 0)


def _line(case: Case, ticket: str, created_at: int, policy: Policy) -> TicketLine:
    def said(name: str) -> str:
        value = case.facts.latest(ticket, name)
        return value if isinstance(value, str) else ", ".join(value)

    owner = said("assignee")
    nobody = owner.casefold() in policy.shared
    return TicketLine(
        ticket, said("subject"), said("status"), said("url"), "" if nobody else owner, said("team"), created_at
    )


def finding_notice(case: str, kind: str, reason: str, now: int) -> Notice:
    """A notice to operations about a case that cannot even be judged."""
    alert = Alert(case, f"finding:{kind}", 1, 0, 0, Recipient(OPERATIONS), Severity.WARNING, now, reason)
    return Notice(case, alert.recipient, (Item(alert, None, None, 0),), (), "", now, (), None, "UTC")
