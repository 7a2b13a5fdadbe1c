"""What one message tells one recipient about one case, before it is put into words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from attrs import Factory, field, frozen

from sla_watchdog.domain.case import OPERATIONS, Alert, Case, Outcome, Reached, Recipient, Severity
from sla_watchdog.domain.clocks import Clock, State
from sla_watchdog.domain.escalation import Coming, Plan
from sla_watchdog.domain.explanation import Explained, Ruling, explained, promised, rulings
from sla_watchdog.domain.lateness import Cause, cause, missed_deadline
from sla_watchdog.domain.levels import CLEARED, WITHDRAWN
from sla_watchdog.domain.links import Matter
from sla_watchdog.domain.past import Past, past
from sla_watchdog.domain.policy import Policy
from sla_watchdog.domain.promises import Promise
from sla_watchdog.domain.ticket import ENDED, Ticket


class Kind(StrEnum):
    """What an alert is about; a message is of the kind of its leading one."""

    ALERT = "alert"
    WITHDRAWN = "withdrawn"
    CLEARED = "cleared"
    FINDING = "finding"


@frozen
class Item:
    """One alert with the clock behind it: None for a finding and for what is over, and of a withdrawal the clock as it
    stands now.

    `late` is seconds of wall time since the breach, or where there is none since the deadline; negative before it.
    `count` is how many events a counting signal has seen. `due_at` is the deadline to speak of: of a breach the one
    that was missed, whatever the limit is now; None where none was, since `cause` is a change.
    """

    alert: Alert
    clock: Clock | None
    state: State | None
    late: int
    count: int = 0
    due_at: int | None = field(default=Factory(lambda self: self.clock.due_at if self.clock else None, takes_self=True))
    cause: Cause = Cause.DEADLINE

    @property
    def kind(self) -> Kind:
        if self.alert.clock == CLEARED:
            return Kind.CLEARED
        if self.alert.clock.startswith(WITHDRAWN):
            return Kind.WITHDRAWN
        return Kind.ALERT if self.clock else Kind.FINDING

    @property
    def good_news(self) -> bool:
        return self.kind in (Kind.CLEARED, Kind.WITHDRAWN)


@frozen
class TicketLine:
    """`ended` says how it ended; '' while it is unresolved.

    `resolved_at` and `waits_since` are of one whose customer wrote after the end and waits for an answer.
    """

    id: str
    subject: str
    status: str
    url: str
    owner: str
    team: str
    created_at: int
    ended: str = ""
    resolved_at: int | None = None
    waits_since: int | None = None


@frozen
class Heard:
    """Somebody really was told of this level (from 0) of this clock of this subject."""

    at: int
    to: str
    level: int
    clock: str = ""
    subject: str = ""


@frozen
class Notice:
    """`zone` is the IANA zone in which times are shown, each with its offset.

    `told` is what was really sent. `also` are the other clocks that are breached, so that one message names them all
    (semantics E5). `matter` names what the message is about where that is not the whole case, and `earlier` the old
    one that it followed. `link` is where the reader answers, '' for none. `why` explains the leading clock; `ruling`
    is the rule in force; `past` is what became of the case so far.
    """

    case: str
    recipient: Recipient
    items: tuple[Item, ...]
    tickets: tuple[TicketLine, ...]
    customer: str
    opened_at: int
    told: tuple[Heard, ...]
    coming: Coming | None
    zone: str
    also: tuple[Clock, ...] = ()
    matter: str = ""
    earlier: str = ""
    promise: Promise | None = None
    why: Explained | None = None
    link: str = ""
    ruling: Ruling | None = None
    past: Past | None = None

    @property
    def lead(self) -> Item:
        return self.items[0]

    def taken(self, now: int) -> Promise | None:
        """The promise by which somebody has it now, whatever the desk shows."""
        return self.promise if self.promise is not None and self.promise.holds(now) else None

    def had(self, now: int) -> Promise | None:
        """The last promise, where it was kept and is over: nobody has the case by it any more."""
        made = self.promise
        if made is None or not made.kept or now < made.until:
            return None
        reopened = any(made.at < at <= now for at in (self.past.reopenings if self.past else ()))
        return None if reopened else made

    def broken(self, now: int) -> Promise | None:
        """The last promise, where it was broken and this recipient was told nothing since."""
        made = self.promise
        if made is None or not made.broken(now) or self.lead.kind is not Kind.ALERT:
            return None
        return None if self._told_since(made.until) or self.reopened_at(now) else made

    def reopened_at(self, now: int) -> int | None:
        """The last reopening, where this recipient was told nothing since."""
        last = next((at for at in reversed(self.past.reopenings if self.past else ()) if at <= now), None)
        return None if last is None or self._told_since(last) else last

    def _told_since(self, at: int) -> bool:
        return any(each.to == self.recipient.key and each.at > at for each in self.told)

    @property
    def about(self) -> str:
        """The name of what the message is about."""
        return self.matter or self.case

    @property
    def open_tickets(self) -> tuple[TicketLine, ...]:
        return tuple(line for line in self.tickets if not line.ended)

    @property
    def waiting(self) -> tuple[TicketLine, ...]:
        """Those that are resolved, and whose customer waits all the same."""
        return tuple(line for line in self.tickets if line.waits_since is not None)

    @property
    def only_waits(self) -> bool:
        """Nothing is open but what waits for an answer after its end."""
        return bool(self.waiting) and len(self.waiting) == len(self.open_tickets)


def _order(item: Item) -> tuple[bool, bool, int, int]:
    return item.good_news, item.alert.severity is not Severity.CRITICAL, -item.alert.level, -item.late


def notice(case: Case, plan: Plan, alerts: Sequence[Alert], policy: Policy, now: int) -> Notice:
    """The notice that carries `alerts` (all to one recipient), led by the most urgent, then highest, then latest.

    Good news never leads while there is any other.
    """
    items, why = _items(alerts, case, plan, policy, now)
    about = _about(plan, {item.alert.subject for item in items})
    tickets = [each for matter in about for each in matter.tickets] or list(plan.tickets)
    ids = {each.id for each in tickets}
    named = {alert.clock_key for alert in alerts}
    several = len(plan.matters) > 1
    return Notice(
        case=case.id,
        recipient=alerts[0].recipient,
        items=items,
        tickets=tuple(_line(case, each, policy) for each in tickets),
        customer=_customer(case, ids),
        opened_at=min((each.created_at for each in tickets), default=now),
        told=_heard(case, ids if several else ids | {case.id}),
        coming=next(iter(plan.coming), None),
        zone=_zone(items[0].clock, plan, policy),
        also=tuple(c for c in plan.clocks if _burns(c, now) and c.subject in ids and c.key not in named),
        matter=about[0].id if several and about else "",
        earlier=next((matter.earlier for matter in about if matter.earlier), ""),
        promise=_promise(about, case, policy),
        why=why,
        ruling=_ruling(items[0].clock, tickets, case, policy),
        past=past(tickets, case.facts, policy),
    )


def _items(
    alerts: Sequence[Alert], case: Case, plan: Plan, policy: Policy, now: int
) -> tuple[tuple[Item, ...], Explained | None]:
    """In the order in which they are told, and why the first of them is due."""
    items = tuple(sorted((_item(alert, case, plan, policy, now) for alert in alerts), key=_order))
    lead = items[0].clock
    return items, explained(lead, case, plan, policy, now) if lead else None


def _customer(case: Case, ids: set[str]) -> str:
    """As the newest ticket names it, else the one before."""
    names = (str(case.facts.latest(name, "customer_name")) for name in reversed(case.facts.tickets()) if name in ids)
    return next(filter(None, names), "")


def _zone(lead: Clock | None, plan: Plan, policy: Policy) -> str:
    """Of the leading clock's calendar, else of the first clock that has one."""
    names = [clock.calendar for clock in (*filter(None, [lead]), *plan.clocks) if clock.calendar]
    return policy.calendars[names[0]].timezone if names else "UTC"


def _ruling(lead: Clock | None, tickets: Sequence[Ticket], case: Case, policy: Policy) -> Ruling | None:
    """The rule in force of the ticket that the leading clock is about."""
    ticket = next((each for each in tickets if lead and each.id == lead.subject), None)
    return rulings(ticket, case.facts, policy)[-1] if ticket else None


def _burns(clock: Clock, now: int) -> bool:
    return clock.stopped_at is None and clock.breached(now)


def _about(plan: Plan, subjects: set[str]) -> list[Matter]:
    """The matters that the alerts are about."""
    return [matter for matter in plan.matters if subjects.intersection(each.id for each in matter.tickets)]


def _promise(about: Sequence[Matter], case: Case, policy: Policy) -> Promise | None:
    """The last one."""
    made = (promise for matter in about for promise in promised(matter, case.facts, policy))
    return max(made, key=lambda promise: promise.at, default=None)


def _heard(case: Case, names: set[str]) -> tuple[Heard, ...]:
    found = []
    for (clock_key, to), reached in case.reached.items():
        subject, clock, _ = clock_key.rsplit("/", 2)
        if subject in names and _was_sent(clock, reached):
            found.append(Heard(reached.at, to, reached.level, clock, subject))
    return tuple(sorted(found, key=lambda heard: (heard.at, heard.to, heard.level, heard.clock)))


def _was_sent(clock: str, reached: Reached) -> bool:
    return not clock.startswith("finding:") and reached.outcome in (Outcome.SENT, Outcome.IN_DIGEST)


def _item(alert: Alert, case: Case, plan: Plan, policy: Policy, now: int) -> Item:
    key = f"{alert.subject}/{alert.clock.removeprefix(WITHDRAWN)}/{alert.cycle}"
    clock = next((each for each in plan.clocks if each.key == key), None)
    if clock is None:
        return Item(alert, None, None, 0)
    # The breach is the first second too late.
    reference = clock.breach_at - 1 if clock.breach_at is not None else clock.due_at
    late = now - reference if reference is not None else 0
    why = cause(clock, case, policy)
    due_at = missed_deadline(clock, why, policy)
    return Item(alert, clock, clock.state(now), late, clock.seen, due_at, why)


def _line(case: Case, ticket: Ticket, policy: Policy) -> TicketLine:
    def said(name: str) -> str:
        value = case.facts.latest(ticket.id, name)
        return value if isinstance(value, str) else ", ".join(value)

    owner = said("assignee")
    return TicketLine(
        id=ticket.id,
        subject=said("subject"),
        status=said("status"),
        url=said("url"),
        owner="" if owner.casefold() in policy.shared else owner,
        team=said("team"),
        created_at=ticket.created_at,
        ended=_ended(ticket),
        resolved_at=ticket.since(ENDED) if ticket.waits_since is not None else None,
        waits_since=ticket.waits_since,
    )


def _ended(ticket: Ticket) -> str:
    if ticket.unresolved:
        return ""
    if ticket.merged_into:
        return f"merged into {ticket.merged_into}"
    return "deleted" if ticket.gone_at is not None else ticket.group


def finding_notice(case: str, kind: str, reason: str, now: int, cycle: int = 1, repetition: int = 0) -> Notice:
    """A notice to operations about a case that cannot even be judged."""
    whom = Recipient(OPERATIONS)
    alert = Alert(case, f"finding:{kind}", cycle, 0, repetition, whom, Severity.WARNING, now, reason)
    return Notice(case, alert.recipient, (Item(alert, None, None, 0),), (), "", now, (), None, "UTC")
