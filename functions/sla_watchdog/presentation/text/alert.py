"""One case to one recipient: what is wrong, what to do, who owns it, who knows, what comes next,
and why.
"""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.text.display import brief, cut, tidy, units
from sla_watchdog.domain.text.times import count_of, duration, instant
from sla_watchdog.presentation.text import sections
from sla_watchdog.presentation.text.action import to_do
from sla_watchdog.presentation.text.envelope import Message, sms_line, within_limit
from sla_watchdog.presentation.text.finding import OF_THE_SET_UP
from sla_watchdog.presentation.text.layout import paragraphs, wrapped
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
from sla_watchdog.presentation.view.notice import Kind, Notice
from sla_watchdog.presentation.words import METRIC


def render(notice: Notice, now: int) -> Message:
    """The message of one notice at `now`, which must be the instant the notice was made for."""
    return within_limit(
        Message(
            _subject(notice, now), _email(notice, now), _sms(notice, now), structured(notice, now)
        )
    )


def _subject(notice: Notice, now: int) -> str:
    """`[Breach, level 2] City page still online: resolution 6 h 10 m over (T-4711)`; only the
    middle is cut.
    """
    lead, case = notice.lead, brief(subject_id(notice), 24)
    start, about = f"[{heading(lead)}] ", subject_of(notice, subject_id(notice))
    if lead.kind is Kind.FINDING:
        about = "" if lead.alert.clock in OF_THE_SET_UP else f"{case}: "
        return f"{start}{about}{phrase(lead, now)}"
    end = f": {_news(notice, now)}"
    if not about:
        return f"{start}{case}{end}"
    end += f" ({case})"
    return start + cut(about, 99 - units(start + end), units) + end


def _news(notice: Notice, now: int) -> str:
    """The phrase of the leading alert; of a withdrawal with the new deadline, where there is one."""
    lead = notice.lead
    if lead.kind is Kind.WITHDRAWN and lead.clock and lead.clock.due_at:
        return f"{METRIC[lead.clock.metric]} now due {instant(lead.clock.due_at, notice.zone)}"
    return cut(phrase(lead, now), 60)


def _sms(notice: Notice, now: int) -> str:
    """Severity, case, clock, how late, that nobody owns it; then the subject as far as it goes, and
    the ref.
    """
    lead, case = notice.lead, subject_id(notice)
    head, about = f"{short_heading(lead)} {brief(case, 24)}", subject_of(notice, case)
    if lead.kind is Kind.FINDING:
        return sms_line(head, lead.alert.reason, lead.alert.ref)
    others = f" (+{len(notice.items) - 1} more)" if notice.items[1:] else ""
    said = lead.clock is not None and lead.clock.metric is Metric.UNOWNED
    owner = "" if lead.good_news or said or owners(notice, lead) else ", no owner"
    if owner and (taken := notice.taken(now)):
        owner = f", {brief(taken.by, 16) or 'somebody'} took it, no assignee"
    if promise := notice.broken(now):
        owner = f", {brief(promise.by, 16) or 'somebody'} broke a promise"
    if notice.reopened_at(now) and lead.kind is Kind.ALERT:
        owner = ", reopened"
    return sms_line(
        f"{head} {_news(notice, now)}{others}{owner}", about, lead.alert.ref, notice.link
    )


def _email(notice: Notice, now: int) -> str:
    blocks = [
        _title(notice, now),
        [line for said in situation(notice, now) for line in wrapped(said)],
        wrapped(f"What to do: {' '.join(to_do(notice, now))}"),
        ["Take it, or say that it is not yours:", f"  {notice.link}"] if notice.link else [],
        *sections.sections(notice, now),
    ]
    return paragraphs(blocks)


def _title(notice: Notice, now: int) -> list[str]:
    if notice.lead.alert.clock in OF_THE_SET_UP:
        return ["About the set-up, not about one ticket"]
    facts = [f"Case {id_of(notice.about)}"]
    facts += [f"for {name_of(notice.customer)}"] if tidy(notice.customer) else []
    facts += [_tickets(notice)] if len(notice.tickets) > 1 else []
    opened = (
        f"Opened {instant(notice.opened_at, notice.zone)}, {duration(now - notice.opened_at)} ago"
    )
    earlier = (
        f"Follows an earlier case that was closed: {id_of(notice.earlier)}"
        if notice.earlier
        else ""
    )
    return [*wrapped(subject_of(notice)), *wrapped(", ".join(facts)), opened, *wrapped(earlier)]


def _tickets(notice: Notice) -> str:
    still = len(notice.open_tickets)
    count = count_of(len(notice.tickets), "ticket")
    return count if still in (0, len(notice.tickets)) else f"{count}, {still} of them open"
