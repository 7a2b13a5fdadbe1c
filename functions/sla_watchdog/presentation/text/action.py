"""What the reader is asked to do."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.policy.model import TARGETS, Metric
from sla_watchdog.presentation.text.finding import advice
from sla_watchdog.presentation.text.layout import sentences, whole
from sla_watchdog.presentation.text.promised import WHAT
from sla_watchdog.presentation.text.signals import SIGNAL_WORDS
from sla_watchdog.presentation.text.wording import listed, name_of, owners, taker, who
from sla_watchdog.presentation.times import instant
from sla_watchdog.presentation.view.notice import Item, Kind, Notice


def to_do(notice: Notice, now: int) -> Iterator[str]:
    """Sentences, the most pressing first."""
    item = notice.lead
    if item.kind is Kind.FINDING:
        yield advice(item.alert.clock)
    elif item.kind is Kind.WITHDRAWN:
        yield "nothing for now."
    elif item.kind is Kind.CLEARED:
        yield _nothing(notice)
    elif item.clock is not None:
        yield _whose(notice, now)
        yield _action(item, item.clock, notice.zone, now)
        yield from _otherwise(notice)


def _nothing(notice: Notice) -> str:
    if notice.open_tickets:
        return "nothing any more, for this ticket."
    return "nothing any more."


def _otherwise(notice: Notice) -> Iterator[str]:
    """Who is notified next of a breach, where that is somebody else."""
    upcoming, lead = notice.upcoming, notice.lead
    if upcoming is None or lead.state is not State.BREACHED:
        return
    if upcoming.clock != lead.alert.clock:
        return
    if upcoming.recipient.audience != notice.recipient.audience:
        at = whole(instant(upcoming.at, notice.zone))
        yield f"If nothing changes, {who(upcoming.recipient)} is told on {at}."


# ------------------------------------------------------------------ whose it is


def _whose(notice: Notice, now: int) -> str:
    names = owners(notice, notice.lead)
    return sentences(_ask(notice, names, now), _owned_by(names, notice, now))


def _ask(notice: Notice, owners: tuple[str, ...], now: int) -> str:
    """After whoever broke a promise, where the desk does not name the same person."""
    broken = notice.broken(now)
    if broken is None:
        return ""
    name = name_of(broken.by)
    if not name or name in owners:
        return ""
    return f"Ask {name}, who had taken it."


def _owned_by(owners: tuple[str, ...], notice: Notice, now: int) -> str:
    reader = notice.recipient
    if not owners:
        return _nobody(notice, now)
    if reader.of and owners == (name_of(reader.of),):
        return "It is yours."
    verb = "owns" if len(owners) == 1 else "own"
    return f"Talk to {listed(owners)}, who {verb} it."


def _nobody(notice: Notice, now: int) -> str:
    """The desk shows no assignee; somebody may have taken it all the same."""
    taken = notice.taken(now)
    if taken:
        until = whole(instant(taken.until, notice.zone))
        promised = f"{taker(taken)} took it and promised {WHAT[taken.kind]} {until}"
        return f"{promised}; the desk shows no assignee."
    had = notice.had(now)
    if had:
        until = whole(instant(had.until, notice.zone))
        return (
            f"{taker(had)} had it until {until}; nobody owns it now: name one person who takes it."
        )
    return "Nobody owns it: name one person who takes it."


# ------------------------------------------------------------------ what is to be done


def _action(item: Item, clock: Clock, zone: str, now: int) -> str:
    if clock.metric not in TARGETS:
        return SIGNAL_WORDS[clock.metric].to_do
    by = _by(item, clock, zone, now)
    match clock.metric:
        case Metric.FIRST_RESPONSE | Metric.NEXT_RESPONSE:
            return f"Answer the customer {by or 'now'}."
        case Metric.UPDATE:
            return f"Tell the customer {by or 'now'} how it stands."
        case _ if by:
            return f"Resolve it {by}."
        case _:
            return "Resolve it, or tell the customer by when it will be."


def _by(item: Item, clock: Clock, zone: str, now: int) -> str:
    """The deadline, while it is ahead."""
    if item.state is State.BREACHED or clock.due_at is None or clock.due_at <= now:
        return ""
    return f"by {whole(instant(clock.due_at, zone))}"
