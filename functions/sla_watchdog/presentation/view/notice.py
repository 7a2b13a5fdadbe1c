"""What one message tells one recipient about one case, before it is put into words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from operator import attrgetter

from attrs import field, frozen

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import CLEARED, FINDING, ClockKey, is_good_news
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import (
    OPERATIONS,
    Alert,
    Case,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.proposals import PROPOSAL, Proposal, proposal
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.tickets.ticket import ENDED, Ticket
from sla_watchdog.presentation.view.case_history import CaseHistory, past
from sla_watchdog.presentation.view.explained_clock import Explained, explained
from sla_watchdog.presentation.view.explanation import promised, zone_of
from sla_watchdog.presentation.view.lateness import Cause, cause, missed_deadline, seconds_late
from sla_watchdog.presentation.view.rulings import Ruling, ruling_of


class Kind(StrEnum):
    """What an alert is about; a message is of the kind of its leading one."""

    ALERT = "alert"
    WITHDRAWN = "withdrawn"
    CLEARED = "cleared"
    FINDING = "finding"


@frozen
class Item:
    """One alert with the clock behind it: None for a finding and for what is over, and of a
    withdrawal the clock as it stands now.

    `late` is seconds of wall time since the breach, or where there is none since the deadline;
    negative before it. `count` is how many events a counting signal has seen. `due_at` is the
    deadline to speak of: of a breach the one that was missed, whatever the limit is now; None
    where none was, since `cause` is a change.
    """

    alert: Alert
    clock: Clock | None
    state: State | None
    late: int
    count: int = 0
    due_at: int | None = field()
    cause: Cause = Cause.DEADLINE

    @due_at.default
    def _due_at(self) -> int | None:
        if self.clock is None:
            return None
        return self.clock.due_at

    @property
    def kind(self) -> Kind:
        if self.alert.clock == CLEARED:
            return Kind.CLEARED
        if is_good_news(self.alert.clock):
            return Kind.WITHDRAWN
        if self.clock is None:
            return Kind.FINDING
        return Kind.ALERT

    @property
    def is_proposal(self) -> bool:
        return self.alert.clock == PROPOSAL

    @property
    def good_news(self) -> bool:
        return is_good_news(self.alert.clock)


@frozen
class TicketLine:
    """`ended` says how it ended; '' while it is unresolved.

    `resolved_at` and `waits_since` are of one whose customer wrote after the end and waits for an
    answer.
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
class PastNotification:
    """Somebody really was notified of this level (from 0) of this clock of this subject."""

    at: int
    to: str
    level: int
    clock: str = ""
    subject: str = ""


@frozen
class Notice:
    """`zone` is the IANA zone in which times are shown, each with its offset.

    `notified` is what was really sent. `also` are the other clocks that are breached, so that
    one message names them all (semantics E5). `matter` names what the message is about where
    that is not the whole case, and `earlier` the old one that it followed. `link` is where the
    reader answers, '' for none. `why` explains the leading clock; `ruling` is the rule in force;
    `past` is what became of the case so far.
    """

    case: str
    recipient: Recipient
    items: tuple[Item, ...]
    tickets: tuple[TicketLine, ...]
    customer: str
    opened_at: int
    notified: tuple[PastNotification, ...]
    upcoming: UpcomingNotification | None
    zone: str
    also: tuple[Clock, ...] = ()
    matter: str = ""
    earlier: str = ""
    promise: Promise | None = None
    why: Explained | None = None
    link: str = ""
    ruling: Ruling | None = None
    past: CaseHistory | None = None
    proposals: tuple[Proposal, ...] = ()
    """Tickets that may be one matter, of which the reader is asked."""

    @property
    def lead(self) -> Item:
        return self.items[0]

    def taken(self, now: int) -> Promise | None:
        """The promise by which somebody has it now, whatever the desk shows."""
        if self.promise is None or not self.promise.holds(now):
            return None
        return self.promise

    def had(self, now: int) -> Promise | None:
        """The last promise, where it was kept and is over: nobody has the case by it any more."""
        made = self.promise
        if made is None or not made.kept or now < made.until:
            return None
        reopened = any(made.at < at <= now for at in self._reopenings)
        if reopened:
            return None
        return made

    def broken(self, now: int) -> Promise | None:
        """The last promise, where it was broken and this recipient was not notified since."""
        made = self.promise
        if made is None or not made.broken(now):
            return None
        if self.lead.kind is not Kind.ALERT:
            return None
        if self._was_notified_after(made.until) or self.reopened_at(now):
            return None
        return made

    def reopened_at(self, now: int) -> int | None:
        """The last reopening, where this recipient was not notified since."""
        past = [at for at in self._reopenings if at <= now]
        if not past or self._was_notified_after(past[-1]):
            return None
        return past[-1]

    @property
    def _reopenings(self) -> tuple[int, ...]:
        if self.past is None:
            return ()
        return self.past.reopenings

    def _was_notified_after(self, at: int) -> bool:
        for notification in self.notified:
            if notification.to == self.recipient.key and notification.at > at:
                return True
        return False

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


def notice(case: Case, plan: Plan, alerts: Sequence[Alert], policy: Policy, now: int) -> Notice:
    """The notice that carries `alerts` (all to one recipient), led by the most urgent, then
    highest, then latest.

    Good news never leads while there is any other.
    """
    return _Noticing(case, plan, policy, now).notice(alerts)


@frozen
class _Noticing:
    case: Case
    plan: Plan
    policy: Policy
    now: int

    def notice(self, alerts: Sequence[Alert]) -> Notice:
        items = tuple(sorted((self._item(alert) for alert in alerts), key=_order))
        lead = items[0].clock
        matters = self._matters({alert.subject for alert in alerts})
        tickets = _tickets(matters) or self.plan.tickets
        ids = frozenset(ticket.id for ticket in tickets)
        return Notice(
            case=self.case.id,
            recipient=alerts[0].recipient,
            items=items,
            tickets=tuple(self._line(ticket) for ticket in tickets),
            customer=self._customer(ids),
            opened_at=_opened_at(tickets, self.now),
            notified=tuple(self._notified(ids)),
            upcoming=next(iter(self.plan.upcoming), None),
            zone=self._zone(lead),
            also=tuple(self._also(ids, {alert.clock_key for alert in alerts})),
            matter=self._name(matters),
            earlier=_earlier(matters),
            promise=self._promise(matters),
            why=self._why(lead),
            ruling=self._ruling(lead, tickets),
            past=past(tickets, self.case.facts, self.policy),
            proposals=tuple(self._proposals(alerts)),
        )

    @property
    def _has_several_matters(self) -> bool:
        return len(self.plan.matters) > 1

    # -------------------------------------------------------------- the clocks

    def _item(self, alert: Alert) -> Item:
        clock = self._clock(alert)
        if clock is None:
            return Item(alert, None, None, 0)
        why = cause(clock, self.case, self.policy, self.plan.tickets)
        return Item(
            alert=alert,
            clock=clock,
            state=clock.state(self.now),
            late=seconds_late(clock, self.now) or 0,
            count=clock.seen,
            due_at=missed_deadline(clock, why, self.policy),
            cause=why,
        )

    def _clock(self, alert: Alert) -> Clock | None:
        """The clock behind it, which a withdrawal names too."""
        key = ClockKey(alert.subject, alert.clock, alert.cycle).withdrawn.text
        return next((clock for clock in self.plan.clocks if clock.key == key), None)

    def _why(self, lead: Clock | None) -> Explained | None:
        if lead is None:
            return None
        return explained(lead, self.case, self.plan, self.policy, self.now)

    def _zone(self, lead: Clock | None) -> str:
        """Of the leading clock's calendar, else of the first clock that has one."""
        clocks = self.plan.clocks if lead is None else (lead, *self.plan.clocks)
        return zone_of(clocks, self.policy)

    def _also(self, tickets: Collection[str], named: Collection[str]) -> Iterator[Clock]:
        """The other clocks of the tickets that are breached."""
        for clock in self.plan.clocks:
            if clock.subject not in tickets or clock.key in named:
                continue
            if clock.stopped_at is None and clock.breached(self.now):
                yield clock

    def _ruling(self, lead: Clock | None, tickets: Sequence[Ticket]) -> Ruling | None:
        """The rule in force of the ticket that the leading clock is about."""
        if lead is None:
            return None
        for ticket in tickets:
            if ticket.id == lead.subject:
                return ruling_of(lead, ticket, self.case.facts, self.policy)
        return None

    def _proposals(self, alerts: Iterable[Alert]) -> Iterator[Proposal]:
        for alert in alerts:
            proposed = proposal(alert, self.case.facts, self.policy)
            if proposed is not None:
                yield proposed

    # -------------------------------------------------------------- the tickets

    def _matters(self, subjects: Collection[str]) -> list[LinkedTickets]:
        """Those that the alerts are about."""
        return [
            matter for matter in self.plan.matters if not matter.ticket_ids.isdisjoint(subjects)
        ]

    def _name(self, matters: Sequence[LinkedTickets]) -> str:
        """What the message is about; '' for the whole case."""
        return matters[0].id if self._has_several_matters and matters else ""

    def _line(self, ticket: Ticket) -> TicketLine:
        waits = ticket.waits_since is not None
        return TicketLine(
            id=ticket.id,
            subject=self._field(ticket, "subject"),
            status=self._field(ticket, "status"),
            url=self._field(ticket, "url"),
            owner=owner_of(ticket.id, self.case.facts, self.policy),
            team=self._field(ticket, "team"),
            created_at=ticket.created_at,
            ended=_ended(ticket),
            resolved_at=ticket.since(ENDED) if waits else None,
            waits_since=ticket.waits_since,
        )

    def _field(self, ticket: Ticket, name: str) -> str:
        value = self.case.facts.latest(ticket.id, name)
        return value if isinstance(value, str) else ", ".join(value)

    def _customer(self, tickets: Collection[str]) -> str:
        """As the newest ticket names it, else the one before."""
        for ticket in reversed(self.case.facts.tickets()):
            customer = str(self.case.facts.latest(ticket, "customer_name"))
            if customer and ticket in tickets:
                return customer
        return ""

    def _promise(self, matters: Iterable[LinkedTickets]) -> Promise | None:
        """The last one."""
        made: list[Promise] = []
        for matter in matters:
            made += promised(matter, self.case.facts, self.policy)
        return max(made, key=attrgetter("at"), default=None)

    def _notified(self, tickets: frozenset[str]) -> list[PastNotification]:
        """Of these tickets, or of the whole case where they are all; the oldest first."""
        subjects = tickets if self._has_several_matters else tickets | {self.case.id}
        notified = []
        for (text, to), last in self.case.reached.items():
            key = ClockKey.of_text(text)
            if key.subject in subjects and _was_sent(key, last):
                past = PastNotification(last.at, to, last.level, key.clock, key.subject)
                notified.append(past)
        return sorted(notified, key=attrgetter("at", "to", "level", "clock"))


def _order(item: Item) -> tuple[bool, bool, bool, int, int]:
    calm = item.alert.severity is not Severity.CRITICAL
    is_finding = item.kind is Kind.FINDING
    return item.good_news, is_finding, calm, -item.alert.level, -item.late


def _opened_at(tickets: Sequence[Ticket], now: int) -> int:
    return min((ticket.created_at for ticket in tickets), default=now)


def _tickets(matters: Iterable[LinkedTickets]) -> tuple[Ticket, ...]:
    return tuple(ticket for matter in matters for ticket in matter.tickets)


def _earlier(matters: Iterable[LinkedTickets]) -> str:
    return next((matter.earlier for matter in matters if matter.earlier), "")


def _was_sent(key: ClockKey, last: LastNotified) -> bool:
    if key.clock.startswith(FINDING):
        return False
    return last.outcome in (Outcome.SENT, Outcome.IN_DIGEST)


def _ended(ticket: Ticket) -> str:
    if ticket.unresolved:
        return ""
    if ticket.merged_into:
        return f"merged into {ticket.merged_into}"
    if ticket.gone_at is not None:
        return "deleted"
    return ticket.group


def finding_notice(
    case: str, kind: str, text: str, now: int, cycle: int = 1, repetition: int = 0
) -> Notice:
    """A notice to operations about a case that cannot even be judged."""
    alert = Alert(
        subject=case,
        clock=FINDING + kind,
        cycle=cycle,
        level=0,
        repetition=repetition,
        recipient=Recipient(OPERATIONS),
        severity=Severity.WARNING,
        due_at=now,
        reason=AsWritten(text),
    )
    return Notice(
        case=case,
        recipient=alert.recipient,
        items=(Item(alert, None, None, 0),),
        tickets=(),
        customer="",
        opened_at=now,
        notified=(),
        upcoming=None,
        zone="UTC",
    )
