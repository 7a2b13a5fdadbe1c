"""The facts of a notice for machines: JSON values, times in ISO 8601 with offset, levels counted
from 1.
"""

from __future__ import annotations

from urllib.parse import SplitResult, quote, urlsplit

from sla_watchdog.domain.clocks.clock import Clock, State
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.text.envelope import VERSION
from sla_watchdog.presentation.text.wording import id_of, reason_of, subject_of
from sla_watchdog.presentation.times import iso
from sla_watchdog.presentation.view.notice import Item, Notice, PastNotification, TicketLine

Json = dict[str, object]

MOST_TICKETS = 20
"""Tickets of one case that a message describes; it says how many more there are."""

MOST_NAMED = 100
"""Open tickets that are named, with nothing but their ids."""

MOST_TOLD = 20

MOST_TEAMS = 10

LONGEST_URL = 500


def link(url: str) -> str:
    """The address in ASCII if it is http(s) and names a host and nobody; else nothing, since people
    click on it.
    """
    if len(url) > LONGEST_URL or " " in url or not url.isprintable():
        return ""
    try:
        if not _names_a_host(urlsplit(url)):
            return ""
        address = quote(url, safe=":/?#[]@!$&'()*+,;=%-._~")
    except ValueError:
        return ""
    if len(address) > LONGEST_URL:
        return ""
    return address


def _names_a_host(parts: SplitResult) -> bool:
    """Of the web, without a user name, which could be taken for the host."""
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return False
    return bool(parts.hostname)


def audience(recipient: Recipient) -> Json:
    return {"name": recipient.audience, "of": recipient.of, "urgent": recipient.urgent}


def alert(item: Item, notice: Notice) -> Json:
    """Everything about one alert that needs nothing around it to be understood."""
    notified = item.alert
    about: Json = {
        "id": notified.id,
        "ref": notified.ref,
        "case": notice.case,
        "subject": notified.subject,
        "clock": notified.clock,
        "cycle": notified.cycle,
        "level": notified.level + 1,
        "repetition": notified.repetition,
        "reminder": notified.reminder,
        "severity": notified.severity.value,
        "came_due_at": iso(notified.due_at, notice.zone),
        "reason": brief(reason_of(notified), 250),
    }
    if item.count:
        about["count"] = item.count
    if item.clock is None:
        return about
    return {**about, **_clock(item, item.clock, notice.zone)}


def _clock(item: Item, clock: Clock, zone: str) -> Json:
    due_at = item.due_at if item.state is State.BREACHED else clock.due_at
    return {
        "state": item.state.value if item.state else None,
        "late_seconds": item.late,
        "target_seconds": clock.target,
        "rule": clock.rule,
        "calendar": clock.calendar,
        "started_at": iso(clock.started_at, zone),
        "due_at": _iso_or_none(due_at, zone),
        "breach_at": _iso_or_none(clock.breach_at, zone),
    }


def _iso_or_none(at: int | None, zone: str) -> str | None:
    if at is None:
        return None
    return iso(at, zone)


def _ticket(line: TicketLine, zone: str) -> Json:
    return {
        "id": line.id,
        "subject": brief(line.subject, 250),
        "status": brief(line.status, 100),
        "owner": brief(line.owner, 100),
        "team": brief(line.team, 100),
        "url": link(line.url),
        "created_at": iso(line.created_at, zone),
        "ended": brief(line.ended, 100),
    }


def _open_first(notice: Notice) -> tuple[TicketLine, ...]:
    return (*notice.open_tickets, *(line for line in notice.tickets if line.ended))


_OF_THE_LEAD = ("ref", "severity", "level", "clock", "due_at", "breach_at")


def structured(notice: Notice, now: int) -> Json:
    """The whole notice. The first alert leads and lends its level, severity and clock to the
    message.
    """
    alerts = [alert(item, notice) for item in notice.items]
    return {
        "version": VERSION,
        "kind": notice.lead.kind.value,
        **{key: alerts[0].get(key) for key in _OF_THE_LEAD},
        "case": notice.case,
        "matter": notice.about,
        "earlier": notice.earlier,
        "case_subject": subject_of(notice),
        "customer": brief(notice.customer, 100),
        "opened_at": iso(notice.opened_at, notice.zone),
        "audience": audience(notice.recipient),
        "alerts": alerts,
        "tickets": [_ticket(line, notice.zone) for line in _open_first(notice)[:MOST_TICKETS]],
        "ticket_count": len(notice.tickets),
        "open_tickets": [id_of(line.id) for line in notice.open_tickets[:MOST_NAMED]],
        "told": [_told(notification, notice.zone) for notification in notice.notified[-MOST_TOLD:]],
        "so_far": _so_far(notice),
        **_asked(notice),
        "promise": promise(notice),
        "promise_broken": is_broken(notice, now),
        "link": notice.link or None,
        "next": _next(notice),
        "zone": notice.zone,
        "sent_at": iso(now, notice.zone),
    }


def _told(notification: PastNotification, zone: str) -> Json:
    return {
        "at": iso(notification.at, zone),
        "recipient": notification.to,
        "clock": notification.clock,
        "level": notification.level + 1,
    }


def _so_far(notice: Notice) -> Json | None:
    past = notice.past
    if past is None:
        return None
    return {
        "opened_as": id_of(past.opened_as),
        "teams": [brief(team, 100) for team in past.teams[:MOST_TEAMS]],
        "handovers": past.handovers,
        "reopened": past.reopened,
        "replies": len(past.replies),
        "customer_messages": len(past.asked),
        "idle_since": iso(past.idle_since, notice.zone),
    }


def _asked(notice: Notice) -> Json:
    """How often the customer asked; nothing where that was once."""
    past = notice.past
    if past is None or len(past.requests) < 2:
        return {}
    asked: Json = {
        "times": len(past.requests),
        "since": iso(past.requests[0], notice.zone),
        "last": iso(past.requests[-1], notice.zone),
        "closed": past.ended,
    }
    return {"asked": asked}


def is_broken(notice: Notice, now: int) -> bool:
    return notice.promise is not None and notice.promise.broken(now)


def promise(notice: Notice) -> Json | None:
    made = notice.promise
    if made is None:
        return None
    return {
        "by": brief(made.by, 100),
        "at": iso(made.at, notice.zone),
        "until": iso(made.until, notice.zone),
        "for": made.kind.value,
        "in_a_row": made.in_a_row,
    }


def _next(notice: Notice) -> Json | None:
    upcoming = notice.upcoming
    if upcoming is None:
        return None
    return {
        "at": iso(upcoming.at, notice.zone),
        "audience": audience(upcoming.recipient),
        "clock": upcoming.clock,
        "level": upcoming.level + 1,
        "urgent": upcoming.urgent,
    }
