"""How the facts of an alert are said: how late, which clock, who."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.clocks.clock_key import CLEARED, WITHDRAWN
from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.case import Alert, Recipient
from sla_watchdog.domain.escalation.proposals import PROPOSAL
from sla_watchdog.domain.escalation.reasons import Reopened
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.time.seconds import MINUTE
from sla_watchdog.presentation.text.layout import commas
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.times import duration
from sla_watchdog.presentation.view.notice import Item, Kind, Notice, PastNotification, TicketLine
from sla_watchdog.presentation.words import METRIC, OF_CASE, SEVERITY, signal

ID_ROOM, NAME_ROOM = 40, 40

SOMEBODY = "Somebody"
"""Who answered without a name."""

# ------------------------------------------------------------------ how late


def late(item: Item, now: int) -> str:
    """How late a target is; of a warning, what is left."""
    clock = item.clock
    if clock is None:
        return ""
    if item.state is State.BREACHED:
        if item.late < MINUTE:
            return "just breached"
        return f"{duration(item.late)} over"
    if item.state is State.PAUSED or clock.due_at is None:
        return "paused"
    if clock.due_at <= now:
        return "due now"
    return f"{duration(clock.due_at - now)} left"


def phrase(item: Item, now: int) -> str:
    """The clock and how late it is: `resolution 6 h 10 m over`; of a finding, or of what is over,
    the reason.
    """
    if item.kind is Kind.WITHDRAWN:
        return withdrawn(item)
    clock = item.clock
    if clock is None:
        return brief(worded(item.alert.reason), 250)
    if clock.metric in TARGETS:
        return f"{METRIC[clock.metric]} {late(item, now)}"
    return signal(clock, now, item.count)


def withdrawn(item: Item) -> str:
    """`resolution paused`; else, where the clock says no more, `resolution not due any more`."""
    name = clock_name(item.alert.clock.removeprefix(WITHDRAWN))
    if item.state is State.PAUSED:
        return f"{name} paused"
    return f"{name} not due any more"


def paused_since(clock: Clock, now: int) -> int | None:
    """When the clock last stopped running; None while it runs or where it never did."""
    if not clock.running:
        return None
    stopped_at = clock.running[-1].end
    if stopped_at is None or stopped_at > now:
        return None
    return stopped_at


# ------------------------------------------------------------------ what it is called


def clock_name(name: str) -> str:
    """Of an alert's clock, which may be one that this version does not know."""
    if name in _METRICS:
        return METRIC[Metric(name)]
    if name == PROPOSAL:
        return "same matter?"
    return name_of(name.replace("_", " "))


_METRICS = frozenset(metric.value for metric in Metric)

OF_A_PROPOSAL = "Same matter?"

_KINDS = {Kind.FINDING: "Finding", Kind.CLEARED: "Cleared", Kind.WITHDRAWN: "Withdrawn"}


def heading(item: Item) -> str:
    """`Breach, level 2`; a finding and good news have no level."""
    if item.is_proposal:
        return OF_A_PROPOSAL
    if item.kind in _KINDS:
        return _KINDS[item.kind]
    return f"{SEVERITY[item.alert.severity]}, level {item.alert.level + 1}"


def short_heading(item: Item) -> str:
    """`Breach L2`."""
    if item.is_proposal:
        return OF_A_PROPOSAL
    if item.kind in _KINDS:
        return _KINDS[item.kind]
    return f"{SEVERITY[item.alert.severity]} L{item.alert.level + 1}"


def reason_of(alert: Alert) -> str:
    """Without a count of its own: how often a case was reopened is said once, for all of its
    tickets.
    """
    if isinstance(alert.reason, Reopened):
        return "it was reopened"
    return worded(alert.reason)


def name_of(text: str) -> str:
    return brief(text, NAME_ROOM)


def id_of(text: str) -> str:
    return brief(text, ID_ROOM) or "?"


def listed(names: tuple[str, ...]) -> str:
    """`Kim`, `Kim and Ade`, `Kim, Ade and 4 more`."""
    if len(names) > 3:
        names = (*names[:2], f"{len(names) - 2} more")
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def named(what: str, name: str) -> str:
    """`owner Kim`; nothing without a name."""
    shown = name_of(name)
    return f"{what} {shown}" if shown else ""


# ------------------------------------------------------------------ who


def who(recipient: Recipient) -> str:
    """`team-lead`, `owner (Kim)`, `manager (urgent)`."""
    audience = name_of(recipient.audience)
    urgent = "urgent" if recipient.urgent else ""
    notes = commas(name_of(recipient.of), urgent)
    if not notes:
        return audience
    return f"{audience} ({notes})"


def who_by_key(key: str) -> str:
    """As `who`, from the key that a recipient is remembered by; the urgent topic is named as its
    audience.
    """
    audience, _, of = key.partition(":")
    return who(Recipient(audience.removesuffix("-urgent"), of))


def owners(notice: Notice, item: Item) -> tuple[str, ...]:
    return _distinct(line.owner for line in lines_about(notice, item))


def teams(notice: Notice, item: Item) -> str:
    """`team Web`; nothing where no ticket has one."""
    names = _distinct(line.team for line in lines_about(notice, item))
    if not names:
        return ""
    return f"team {listed(names)}"


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    names = dict.fromkeys(map(name_of, texts))
    names.pop("", None)
    return tuple(names)


def taker(promise: Promise) -> str:
    return name_of(promise.by) or SOMEBODY


def owned(notice: Notice, item: Item, now: int) -> str:
    """Who has it: the assignees, else who took it; `nobody` where neither is known."""
    names = owners(notice, item)
    if names:
        return listed(names)
    promise = notice.taken(now)
    if promise:
        return f"{taker(promise)} took it, no assignee at the desk"
    return "nobody"


# ------------------------------------------------------------------ which ticket, which case


def subject_of(notice: Notice, ticket: str = "") -> str:
    """What it is about: the subject of that ticket, else of the one that gave the case its id, else
    of the first that has one.
    """
    for line in _preferred(notice, ticket):
        subject = brief(line.subject, 250)
        if subject:
            return subject
    return ""


def _preferred(notice: Notice, ticket: str) -> Iterator[TicketLine]:
    for name in (ticket, notice.about):
        for line in notice.tickets:
            if line.id == name:
                yield line
    yield from notice.tickets


def subject_id(notice: Notice) -> str:
    """The id that stands in the first line: of the case; of one ticket of several, where the clock
    is that ticket's.
    """
    subject = notice.lead.alert.subject
    is_of_one_of_several = _is_one_of_several(notice, subject) and _is_of_ticket(notice)
    if is_of_one_of_several:
        return subject
    return notice.about


def _is_one_of_several(notice: Notice, ticket: str) -> bool:
    return len(notice.tickets) > 1 and any(line.id == ticket for line in notice.tickets)


def _is_of_ticket(notice: Notice) -> bool:
    """Whether the leading alert is about one ticket, and not about the whole case."""
    lead = notice.lead
    if lead.kind is Kind.CLEARED:
        return bool(notice.open_tickets)
    return lead.clock is not None and lead.clock.metric not in OF_CASE


def lines_about(notice: Notice, item: Item) -> tuple[TicketLine, ...]:
    """The ticket an alert is about; for a clock of the case all of its open tickets."""
    is_of_case = item.clock is not None and item.clock.metric in OF_CASE
    if not is_of_case:
        lines = tuple(line for line in notice.tickets if line.id == item.alert.subject)
        if lines:
            return lines
    return notice.open_tickets or notice.tickets


def notification_line(notice: Notice, past: PastNotification) -> str:
    """`resolution, level 2`; with the ticket where there are several."""
    ticket = _ticket_of(notice, past)
    if past.clock == CLEARED:
        return commas("it was over", ticket)
    clock = clock_name(past.clock.removeprefix(WITHDRAWN))
    if past.clock.startswith(WITHDRAWN):
        return commas(clock, "withdrawn", ticket)
    return commas(clock, f"level {past.level + 1}", ticket)


def _ticket_of(notice: Notice, past: PastNotification) -> str:
    if len(notice.tickets) < 2 or past.subject in ("", notice.about):
        return ""
    return id_of(past.subject)
