"""What the reader is asked to do."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.text.times import instant
from sla_watchdog.presentation.text.finding import advice
from sla_watchdog.presentation.text.layout import whole
from sla_watchdog.presentation.text.wording import listed, name_of, owners, taker, who
from sla_watchdog.presentation.view.notice import Item, Kind, Notice


def to_do(notice: Notice, now: int) -> Iterator[str]:
    item = notice.lead
    if item.kind is Kind.FINDING:
        yield advice(item.alert.clock)
        return
    if item.good_news:
        over = "nothing any more, for this ticket." if notice.open_tickets else "nothing any more."
        yield "nothing for now." if item.kind is Kind.WITHDRAWN else over
        return
    if item.clock is None:
        return
    yield _whose(owners(notice, item), notice, now)
    yield _action(item, item.clock, notice.zone, now)
    upcoming = notice.upcoming
    higher = upcoming is not None and upcoming.recipient.audience != notice.recipient.audience
    if upcoming and higher and upcoming.clock == item.alert.clock and item.state is State.BREACHED:
        yield f"If nothing changes, {who(upcoming.recipient)} is told on {whole(instant(upcoming.at, notice.zone))}."


def _whose(named: tuple[str, ...], notice: Notice, now: int) -> str:
    broken, reader = notice.broken(now), notice.recipient
    promised = name_of(broken.by) if broken else ""
    asked = f"Ask {promised}, who had taken it. " if promised and promised not in named else ""
    if not named:
        return f"{asked}{_nobody(notice, now)}"
    if reader.of and named == (name_of(reader.of),):
        return f"{asked}It is yours."
    return f"{asked}Talk to {listed(named)}, who own{'s' if len(named) == 1 else ''} it."


def _nobody(notice: Notice, now: int) -> str:
    """The desk shows no assignee; somebody may have taken it all the same."""
    if taken := notice.taken(now):
        until = whole(instant(taken.until, notice.zone))
        return (
            f"{taker(taken)} took it and promised an update by {until}; the desk shows no assignee."
        )
    if had := notice.had(now):
        until = whole(instant(had.until, notice.zone))
        return (
            f"{taker(had)} had it until {until}; nobody owns it now: name one person who takes it."
        )
    return "Nobody owns it: name one person who takes it."


_ACTIONS = {
    Metric.AGE: "Decide how it ends, and tell the customer by when.",
    Metric.PAUSE: "Ask the customer again, or go on without the answer.",
    Metric.PROMISE: "Tell the customer how it stands, and decide who sees to it.",
    Metric.PROGRESS: "Decide on the next step, who takes it, and by when.",
    Metric.TOUCHES: "Another reply will not help: decide what solves it, and who does it.",
    Metric.UNOWNED: "",
    Metric.REOPENED: "Find out what was left unsolved, before it is resolved again.",
    Metric.REASSIGNED: "Decide who keeps it to the end.",
    Metric.BOUNCED: "Decide with the teams who keeps it to the end.",
}


def _action(item: Item, clock: Clock, zone: str, now: int) -> str:
    if clock.metric in _ACTIONS:
        return _ACTIONS[clock.metric]
    ahead = clock.due_at is not None and clock.due_at > now and item.state is not State.BREACHED
    by = f"by {whole(instant(clock.due_at, zone))}" if clock.due_at and ahead else ""
    match clock.metric:
        case Metric.FIRST_RESPONSE | Metric.NEXT_RESPONSE:
            return f"Answer the customer {by or 'now'}."
        case Metric.UPDATE:
            return f"Tell the customer {by or 'now'} how it stands."
        case _:
            return (
                f"Resolve it {by}."
                if by
                else "Resolve it, or tell the customer by when it will be."
            )
