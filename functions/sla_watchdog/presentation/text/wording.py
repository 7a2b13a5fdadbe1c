"""How the facts of an alert are said: instants, durations, how late, who."""

from __future__ import annotations

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import WITHDRAWN
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.domain.escalation.reasons import REOPENED
from sla_watchdog.domain.policy.model import TARGETS
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import (
    MINUTE,
    duration,
)
from sla_watchdog.presentation.view.notice import Item, Kind, Notice, PastNotification, TicketLine
from sla_watchdog.presentation.words import METRIC, OF_CASE, SEVERITY, signal

ID_ROOM, NAME_ROOM = 40, 40


def late(item: Item, now: int) -> str:
    """How late a target is in words; a warning says what is left."""
    clock = item.clock
    if clock is None:
        return ""
    if item.state is State.BREACHED:
        return f"{duration(item.late)} over" if item.late >= MINUTE else "just breached"
    if item.state is State.PAUSED or clock.due_at is None:
        return "paused"
    return f"{duration(clock.due_at - now)} left" if clock.due_at > now else "due now"


def phrase(item: Item, now: int) -> str:
    """The clock and how late it is: `resolution 6 h 10 m over`; of a finding, or of what is over,
    the reason.
    """
    clock = item.clock
    if item.kind is Kind.WITHDRAWN:
        return withdrawn(item)
    if clock is None:
        return brief(item.alert.reason, 250)
    return (
        f"{METRIC[clock.metric]} {late(item, now)}"
        if clock.metric in TARGETS
        else signal(clock, now, item.count)
    )


def withdrawn(item: Item) -> str:
    """`resolution paused`; `resolution not due any more`, where its clock can say nothing better."""
    name = clock_name(item.alert.clock.removeprefix(WITHDRAWN))
    return f"{name} paused" if item.state is State.PAUSED else f"{name} not due any more"


def clock_name(name: str) -> str:
    """Of an alert's clock, which may be one that this version does not know."""
    known = {metric.value: said for metric, said in METRIC.items()}
    return known.get(name) or name_of(name.replace("_", " "))


def reason_of(alert: Alert) -> str:
    """Without a count of its own: how often a case was reopened is said once, for all of its
    tickets.
    """
    return REOPENED if alert.reason.startswith(f"{REOPENED} (") else alert.reason


_KINDS = {Kind.FINDING: "Finding", Kind.CLEARED: "Cleared", Kind.WITHDRAWN: "Withdrawn"}


def heading(item: Item) -> str:
    """`Breach, level 2`; a finding and good news have no level."""
    return _KINDS.get(item.kind) or f"{SEVERITY[item.alert.severity]}, level {item.alert.level + 1}"


def short_heading(item: Item) -> str:
    return _KINDS.get(item.kind) or f"{SEVERITY[item.alert.severity]} L{item.alert.level + 1}"


def name_of(text: str) -> str:
    return brief(text, NAME_ROOM)


def id_of(text: str) -> str:
    return brief(text, ID_ROOM) or "?"


def who(recipient: Recipient) -> str:
    """`team-lead`, `owner (Kim)`, `manager (urgent)`."""
    notes = [note for note in (name_of(recipient.of), "urgent" if recipient.urgent else "") if note]
    return name_of(recipient.audience) + (f" ({', '.join(notes)})" if notes else "")


def who_by_key(key: str) -> str:
    """As `who`, from the key that a recipient is remembered by; the urgent topic is named as its
    audience.
    """
    audience, _, of = key.partition(":")
    return who(Recipient(audience.removesuffix("-urgent"), of))


def listed(names: tuple[str, ...]) -> str:
    """`Kim`, `Kim and Ade`, `Kim, Ade and 4 more`."""
    shown = names if len(names) <= 3 else (*names[:2], f"{len(names) - 2} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def subject_of(notice: Notice, ticket: str = "") -> str:
    """What it is about: the subject of that ticket, else of the one that gave the case its id, else
    of the first.
    """
    named = [
        line.subject
        for name in (ticket, notice.about)
        for line in notice.tickets
        if line.id == name
    ]
    return next(
        (
            said
            for text in (*named, *(t.subject for t in notice.tickets))
            if (said := brief(text, 250))
        ),
        "",
    )


def subject_id(notice: Notice) -> str:
    """The id that stands in the first line: of the case; of one ticket of several, where the clock
    is that ticket's.
    """
    lead = notice.lead
    one_of_several = notice.tickets[1:] and lead.alert.subject in {
        line.id for line in notice.tickets
    }
    of_ticket = (
        notice.open_tickets
        if lead.kind is Kind.CLEARED
        else lead.clock and lead.clock.metric not in OF_CASE
    )
    return lead.alert.subject if one_of_several and of_ticket else notice.about


def lines_about(notice: Notice, item: Item) -> tuple[TicketLine, ...]:
    """The ticket an alert is about; for a clock of the case all of its open tickets."""
    everything = notice.open_tickets or notice.tickets
    if item.clock and item.clock.metric in OF_CASE:
        return everything
    return tuple(line for line in notice.tickets if line.id == item.alert.subject) or everything


def owners(notice: Notice, item: Item) -> tuple[str, ...]:
    names = (name_of(line.owner) for line in lines_about(notice, item))
    return tuple(dict.fromkeys(name for name in names if name))


def taker(promise: Promise) -> str:
    return name_of(promise.by) or "Somebody"


def owned(notice: Notice, item: Item, now: int) -> str:
    """Who has it: the assignees, else who took it; `nobody` where neither is known."""
    if named := listed(owners(notice, item)):
        return named
    taken = notice.taken(now)
    return f"{taker(taken)} took it, no assignee at the desk" if taken else "nobody"


def paused_since(clock: Clock, now: int) -> int | None:
    """When the clock last stopped running; None while it runs or where it never did."""
    last = clock.running[-1].end if clock.running else None
    return last if last is not None and last <= now else None


def notification_line(notice: Notice, each: PastNotification) -> str:
    """`resolution, level 2`; with the ticket where there are several."""
    clock = each.clock.removeprefix(WITHDRAWN)
    what = "it was over" if clock == "cleared" else clock_name(clock)
    level = (
        "withdrawn"
        if clock != each.clock
        else f"level {each.level + 1}"
        if clock != "cleared"
        else ""
    )
    of = (
        id_of(each.subject) if notice.tickets[1:] and each.subject not in ("", notice.about) else ""
    )
    return ", ".join(filter(None, (what, level, of)))
