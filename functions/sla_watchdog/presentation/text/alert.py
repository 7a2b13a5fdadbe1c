"""One case to one recipient: what is wrong, what to do, who owns it, who knows, what comes next,
and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.proposals import Proposal
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.text.display import brief, cut, tidy, units
from sla_watchdog.presentation.text import proposal, sections
from sla_watchdog.presentation.text.action import to_do
from sla_watchdog.presentation.text.case_history import asked
from sla_watchdog.presentation.text.envelope import (
    SUBJECT_LIMIT,
    Message,
    sms_line,
    with_room_for,
    within_limit,
)
from sla_watchdog.presentation.text.finding import OF_THE_SET_UP
from sla_watchdog.presentation.text.layout import capitalised, commas, paragraphs, wrapped
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.text.situation import situation
from sla_watchdog.presentation.text.structured import structured
from sla_watchdog.presentation.text.wording import (
    heading,
    id_of,
    name_of,
    owners,
    phrase,
    short_heading,
    subject_id,
    subject_of,
)
from sla_watchdog.presentation.times import count_of, duration, instant
from sla_watchdog.presentation.view.notice import Kind, Notice
from sla_watchdog.presentation.words import METRIC


def render(notice: Notice, now: int) -> Message:
    """The message of one notice at `now`, which must be the instant the notice was made for."""
    message = Message(
        subject=_subject(notice, now),
        email=_email(notice, now),
        sms=_sms(notice, now),
        data=structured(notice, now),
    )
    return within_limit(message)


# ------------------------------------------------------------------ subject


def _subject(notice: Notice, now: int) -> str:
    """`[Breach, level 2] City page still online: resolution 6 h 10 m over (T-4711)`; only the
    middle is cut.
    """
    lead = notice.lead
    ticket = subject_id(notice)
    case = brief(ticket, 24)
    start = f"[{heading(lead)}] "
    about = subject_of(notice, ticket)
    if lead.alert.clock in OF_THE_SET_UP:
        return f"{start}{phrase(lead, now)}"
    if lead.is_proposal:
        return start + cut(phrase(lead, now), SUBJECT_LIMIT - units(start), units)
    if lead.kind is Kind.FINDING:
        return f"{start}{case}: {phrase(lead, now)}"
    if not about:
        return f"{start}{case}: {_news(notice, now)}"
    end = f": {_news(notice, now)} ({case})"
    left = SUBJECT_LIMIT - units(start + end)
    return start + cut(about, left, units) + end


def _news(notice: Notice, now: int) -> str:
    """The phrase of the leading alert; of a withdrawal the new deadline, where there is one."""
    lead, clock = notice.lead, notice.lead.clock
    if lead.kind is Kind.WITHDRAWN and clock and clock.due_at:
        due = instant(clock.due_at, notice.zone)
        return f"{METRIC[clock.metric]} now due {due}"
    return cut(phrase(lead, now), 60)


# ------------------------------------------------------------------ SMS


def _sms(notice: Notice, now: int) -> str:
    """Severity, case, clock, how late, what matters most of its owner; then the subject as far as
    it goes, and the ref.
    """
    lead, case = notice.lead, subject_id(notice)
    head = f"{short_heading(lead)} {brief(case, 24)}"
    if lead.is_proposal:
        alike = worded(lead.alert.reason)
        return sms_line(short_heading(lead), alike, lead.alert.ref, notice.link)
    if lead.kind is Kind.FINDING:
        return sms_line(head, worded(lead.alert.reason), lead.alert.ref)
    others = len(notice.items) - 1
    more = f" (+{others} more)" if others else ""
    first = commas(f"{head} {_news(notice, now)}{more}", _remark(notice, now))
    first = with_room_for(first, _asked_in_short(notice), lead.alert.ref, notice.link)
    return sms_line(first, subject_of(notice, case), lead.alert.ref, notice.link)


def _asked_in_short(notice: Notice) -> tuple[str, ...]:
    """What an SMS may say of it, the longest first; nothing where its own first words say it."""
    lead, said = notice.lead, _asked(notice).replace("\u00a0", " ")
    if not said or lead.kind is not Kind.ALERT or lead.alert.clock == Metric.AGAIN:
        return ()
    return said, said.partition(" since ")[0]


def _remark(notice: Notice, now: int) -> str:
    """What the recipient must hear of beside the clock: one thing, the newest."""
    if notice.reopened_at(now) and notice.lead.kind is Kind.ALERT:
        return "reopened"
    broken = notice.broken(now)
    if broken:
        return f"{_short_taker(broken)} broke a promise"
    if not _lacks_owner(notice):
        return ""
    taken = notice.taken(now)
    if taken:
        return f"{_short_taker(taken)} took it, no assignee"
    return "no owner"


def _short_taker(promise: Promise) -> str:
    return brief(promise.by, 16) or "somebody"


def _lacks_owner(notice: Notice) -> bool:
    """Whether that is still to be said: good news needs no owner, and a clock may say it itself."""
    lead = notice.lead
    if lead.good_news or owners(notice, lead):
        return False
    return lead.clock is None or lead.clock.metric is not Metric.UNOWNED


# ------------------------------------------------------------------ e-mail


def _email(notice: Notice, now: int) -> str:
    return paragraphs(_blocks(notice, now))


def _blocks(notice: Notice, now: int) -> Iterator[list[str]]:
    yield _title(notice, now)
    yield list(chain.from_iterable(map(wrapped, situation(notice, now))))
    yield wrapped(f"What to do: {' '.join(to_do(notice, now))}")
    if notice.link:
        yield [_link_title(notice), f"  {notice.link}"]
    for proposed in notice.proposals:
        yield from _proposed(proposed, notice, now)
    yield from sections.sections(notice, now)


def _link_title(notice: Notice) -> str:
    if notice.lead.is_proposal:
        return f"{proposal.SAME}, or not:"
    return "Take it, or say that it is not yours:"


def _proposed(proposed: Proposal, notice: Notice, now: int) -> Iterator[list[str]]:
    """Both tickets, and which of them is nearer to its end."""
    if not notice.lead.is_proposal:
        yield wrapped(
            f"{proposal.looks_alike(proposed)}. The link asks whether they are one matter."
        )
    verdict = proposal.which_is_nearer(proposed)
    if verdict:
        yield wrapped(verdict)
    for ticket in proposal.tickets(proposed):
        block = [id_of(ticket.id)]
        for label, text in proposal.details(ticket, notice.zone, now):
            if text:
                block += wrapped(f"{label}: {text}", indent="  ")
        yield block


def _title(notice: Notice, now: int) -> list[str]:
    if notice.lead.alert.clock in OF_THE_SET_UP:
        return ["About the set-up, not about one ticket"]
    case = commas(f"Case {id_of(notice.about)}", _customer(notice), _tickets(notice))
    opened = instant(notice.opened_at, notice.zone)
    age = duration(now - notice.opened_at)
    return [
        *wrapped(subject_of(notice)),
        *wrapped(case),
        f"Opened {opened}, {age} ago",
        *wrapped(capitalised(_asked(notice))),
        *_earlier(notice),
    ]


def _asked(notice: Notice) -> str:
    """How often the customer asked, where that was more than once."""
    past = notice.past
    if past is None:
        return ""
    return asked(past.requests, past.ended, notice.zone)


def _customer(notice: Notice) -> str:
    if not tidy(notice.customer):
        return ""
    return f"for {name_of(notice.customer)}"


def _tickets(notice: Notice) -> str:
    """Of several, how many there are, and how many of them are open where not all or none are."""
    total, still_open = len(notice.tickets), len(notice.open_tickets)
    if total < 2:
        return ""
    if still_open in (0, total):
        return count_of(total, "ticket")
    return f"{count_of(total, 'ticket')}, {still_open} of them open"


def _earlier(notice: Notice) -> list[str]:
    if not notice.earlier:
        return []
    return wrapped(f"Follows an earlier case that was closed: {id_of(notice.earlier)}")
