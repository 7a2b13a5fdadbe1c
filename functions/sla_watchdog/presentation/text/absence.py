"""Somebody who should get alerts gets none any more: the message to the others."""

from __future__ import annotations

from collections.abc import Iterator

from sla_watchdog.domain.escalation.absences import Absence
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import Missing, SubscriptionState
from sla_watchdog.presentation.text.envelope import VERSION, Message, short_ref, sms_line
from sla_watchdog.presentation.text.layout import paragraphs, sentences, wrapped
from sla_watchdog.presentation.text.wording import name_of, who
from sla_watchdog.presentation.times import count_of, instant, iso

MOST_SHOWN = 40
"""Addresses that one e-mail describes; of more it says how many."""

WHY = {
    SubscriptionState.PENDING: "has not confirmed the subscription since {at}",
    SubscriptionState.SUSPENDED: "must confirm again: SNS suspended the subscription (seen {at})",
    SubscriptionState.LAPSED: "never confirmed the subscription, and SNS dropped it (seen {at})",
    SubscriptionState.GONE: (
        "is no longer subscribed (seen {at}): an unsubscribe link was opened, or somebody took it "
        "out in AWS"
    ),
    SubscriptionState.OPTED_OUT: "has opted out of SMS (seen {at})",
    SubscriptionState.UNVERIFIED: (
        "is not verified, and this AWS account is in the SMS sandbox (seen {at})"
    ),
}

NOBODY_IN_OPERATIONS = (
    "Nobody gets the alarms and findings of the SLA watchdog itself: operations has no subscriber."
)


def why(missing: Missing) -> str:
    """Without the address: `is no longer subscribed (seen …)`."""
    return WHY[missing.state].format(at=instant(missing.since, "UTC"))


_OF_PHONES = {
    SubscriptionState.OPTED_OUT: (
        "The owner of the phone must send START to the sender of the SMS; AWS can opt a number in "
        "again."
    ),
    SubscriptionState.UNVERIFIED: (
        "Verify the number in the SNS console, or ask AWS Support to lift the SMS sandbox."
    ),
}


def todo(missing: Missing) -> str:
    """With the command that puts it right, where there is one."""
    if missing.state in _OF_PHONES:
        return _OF_PHONES[missing.state]
    again = f"Subscribe it again: `{_again(missing)}`."
    if missing.state not in _UNCONFIRMED:
        return again
    return f"{again} {HOW_TO_CONFIRM}: `{confirm(missing.whose)}`."


_UNCONFIRMED = frozenset({SubscriptionState.PENDING, SubscriptionState.SUSPENDED})

HOW_TO_CONFIRM = "Then copy the link that AWS sends, unopened, and confirm with it"


def confirm(whose: Recipient) -> str:
    """Opened in a browser, the link would confirm too, and the next mail could end it
    (`sla-watchdog confirm`).
    """
    return f"sla-watchdog confirm {whose.audience} 'LINK'"


def _again(missing: Missing) -> str:
    return f"sla-watchdog subscribe {arguments(missing)}"


def arguments(missing: Missing) -> str:
    """AUDIENCE, options and ADDRESS, as `subscribe` and `unsubscribe` take them."""
    whose = missing.whose
    of = f"--for {whose.of}" if whose.of else ""
    urgent = "--urgent" if whose.urgent else ""
    return sentences(whose.audience, of, urgent, missing.seat.shown)


def render_absence(absence: Absence, now: int) -> Message:
    ref = short_ref(f"recipients/{absence.to.name}/{'/'.join(absence.keys)}")
    heading = _heading(absence)
    return Message(
        subject=f"[Recipients] {heading}",
        email=paragraphs(_blocks(absence, ref, now)),
        sms=sms_line(f"SLA watchdog. {heading}", "", ref),
        data={
            "version": VERSION,
            "kind": "recipients",
            "ref": ref,
            "operations_has_nobody": absence.vacant,
            "missing": [_as_json(missing) for missing in absence.missing],
            "sent_at": iso(now),
        },
    )


def _heading(absence: Absence) -> str:
    if absence.vacant:
        return "Nobody gets the watchdog's own alarms"
    count = len(absence.missing)
    if count > 1:
        return f"{count_of(count, 'address', 'addresses')} that should get alerts get none"
    missing = absence.missing[0]
    return f"{name_of(missing.seat.shown)} gets no alerts for {who(missing.whose)}"


def _blocks(absence: Absence, ref: str, now: int) -> Iterator[list[str]]:
    if absence.vacant:
        yield wrapped(NOBODY_IN_OPERATIONS)
        yield [
            "What to do: subscribe somebody who is awake.",
            "  sla-watchdog subscribe operations ADDRESS",
        ]
    for missing in absence.missing[:MOST_SHOWN]:
        yield from _described(missing)
    hidden = len(absence.missing) - MOST_SHOWN
    if hidden > 0:
        more = count_of(hidden, "more address", "more addresses")
        yield [f"and {more}: sla-watchdog status"]
    yield wrapped(
        "A mail scanner that opens links can end a subscription. Confirm with `sla-watchdog "
        "confirm AUDIENCE LINK`, LINK being that of the mail of AWS, instead of opening it: then "
        "no link in a mail ends it."
    )
    yield wrapped(
        f"You get this again until it is fixed. Ref {ref}, written {instant(now, 'UTC')}."
    )


def _described(missing: Missing) -> Iterator[list[str]]:
    address = name_of(missing.seat.shown)
    yield wrapped(f"{address} gets no alerts for {who(missing.whose)}: it {why(missing)}.")
    if missing.state in _OF_PHONES:
        yield wrapped(f"What to do: {todo(missing)}")
    else:
        yield ["What to do: subscribe it again.", f"  {_again(missing)}"]
    if missing.state in _UNCONFIRMED:
        yield [f"{HOW_TO_CONFIRM}:", f"  {confirm(missing.whose)}"]
    yield [
        "If it left on purpose, say so, and these reminders end:",
        f"  sla-watchdog unsubscribe {arguments(missing)}",
    ]


def _as_json(missing: Missing) -> dict[str, object]:
    return {
        "audience": missing.whose.audience,
        "topic": missing.seat.recipient,
        "protocol": missing.seat.protocol,
        "endpoint": missing.seat.shown,
        "state": missing.state.value,
        "since": iso(missing.since),
    }
