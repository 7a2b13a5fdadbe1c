"""A message as SNS takes it: a subject, a text for each kind of reader, facts for machines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.text.display import cut, tidy, units
from sla_watchdog.domain.text.folding import ascii_folded, gsm_folded, septets

VERSION = 1
"""Of the structured body; rises when a key changes its meaning or goes."""

LIMIT = 240_000
"""Bytes of all bodies together; SNS takes 262,144."""

MOST_REFS = 100
"""Refs that the minimal e-mail lists; its data has all of them."""

SUBJECT_LIMIT = 99
"""SNS wants fewer than 100 characters."""

DISPLAY_NAME_LIMIT = 12
"""Characters of a topic's display name. SNS writes it, and `> `, before the text of every SMS."""

SMS_LIMIT = 160 - DISPLAY_NAME_LIMIT - len("> ")
"""Septets of our own text in an SMS of one part."""


SHORTEST_REST = 12
"""Septets below which a subject is left out rather than cut."""


def subject_line(text: str) -> str:
    """The subject as SNS accepts it: one line, at most 99 characters however they are counted, an
    ASCII sign first.
    """
    line = tidy(text)
    if not ("!" <= line[:1] <= "~"):
        line = f"SLA: {line}" if line else "SLA watchdog"
    return cut(line, SUBJECT_LIMIT, units)


def sms_line(head: str, rest: str, ref: str, link: str = "") -> str:
    """One SMS: `head` whole, as much of `rest` as fits, and the ref and the link, which are never
    cut.

    `rest` and `link` may be empty.
    """
    end = f". Ref {ref} {link}".rstrip()
    start = _sms_cut(head, SMS_LIMIT - septets(end))
    left = SMS_LIMIT - septets(start) - septets(end) - len(": ")
    if left < SHORTEST_REST:
        return start + end
    shown = _sms_cut(rest, left)
    if not any(map(str.isalnum, shown)):
        return start + end
    if not shown.endswith(_SMS_ELLIPSIS):
        shown = shown.rstrip(".")
    return f"{start}: {shown}{end}"


def with_room_for(head: str, remarks: Sequence[str], ref: str, link: str = "") -> str:
    """`head` with the first of these remarks that leaves the SMS in one part, if one does."""
    end = septets(f". Ref {ref} {link}".rstrip())
    for remark in remarks:
        longer = f"{head}, {remark}"
        if septets(gsm_folded(tidy(longer))) + end <= SMS_LIMIT:
            return longer
    return head


_SMS_ELLIPSIS = ".."


def _sms_cut(text: str, limit: int) -> str:
    return cut(gsm_folded(tidy(text)), limit, septets, _SMS_ELLIPSIS)


@frozen
class Message:
    """One Publish. `data` are the facts for machines, JSON values; its `ref` and `alerts` name what
    was told.
    """

    subject: str = field(converter=subject_line)
    email: str
    sms: str
    data: Mapping[str, object]

    def body(self) -> str:
        """The document of MessageStructure=json, in ASCII: a text for each protocol, `default` with
        everything.
        """
        texts = {"email": self.email, "sms": self.sms}
        return _json({"default": _json({**self.data, "subject": self.subject, **texts}), **texts})

    @property
    def ref(self) -> str:
        return str(self.data.get("ref", ""))

    @property
    def refs(self) -> tuple[str, ...]:
        """The refs of all alerts in it, the leading one first."""
        refs = [self.ref]
        refs += [str(alert["ref"]) for alert in _alerts(self.data)]
        return tuple(dict.fromkeys(refs))

    def plain(self) -> Message:
        """The same in ASCII alone, for when SNS refuses the full form."""
        return Message(
            subject=ascii_folded(self.subject),
            email=ascii_folded(self.email),
            sms="".join(map(_one_ascii, self.sms)),
            data={key: _ascii(value) for key, value in self.data.items()},
        )

    def minimal(self) -> Message:
        """Fixed words and the refs, for when SNS refuses even ASCII: nothing in it was written by a
        customer.
        """
        lines = [f"  {ref}" for ref in self.refs[:MOST_REFS]]
        hidden = len(self.refs) - MOST_REFS
        if hidden > 0:
            lines.append(f"  and {hidden} more")
        return Message(
            subject=f"SLA alert {self.ref}",
            email="\n".join([_MINIMAL, "", *lines, ""]),
            sms=f"SLA alert. See: sla-watchdog status. Ref {self.ref}",
            data={"version": VERSION, "kind": "minimal", "ref": self.ref, "refs": list(self.refs)},
        )


_MINIMAL = """\
One or more cases need someone. Their details could not be sent by
e-mail; this shows all of them:

  sla-watchdog status

Refs of the alerts:"""


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _ascii(value: object) -> object:
    if isinstance(value, str):
        return ascii_folded(value)
    if isinstance(value, Mapping):
        return {key: _ascii(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_ascii(member) for member in value]
    return value


def _one_ascii(char: str) -> str:
    """One for one, so that an SMS does not grow."""
    if char.isascii():
        return char
    return ascii_folded(char)[:1] or "?"


def _alerts(data: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    alerts = data.get("alerts")
    if isinstance(alerts, list | tuple):
        return alerts
    return ()


def short_ref(name: str) -> str:
    """Eight characters for people, as an alert's own `ref`."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8].upper()


def within_limit(message: Message) -> Message:
    """The message with its data shortened until SNS takes it; what was left out is counted in the
    data, never silent.

    First the tickets and the details of the alerts go, then their ids (`ids_omitted`), last the
    refs of the least urgent (`alerts_omitted`).
    """
    return next(form for form in _forms(message) if len(form.body()) <= LIMIT)


def _forms(message: Message) -> Iterator[Message]:
    """The message, then shorter and shorter ones."""
    yield message
    alerts = _alerts(message.data)
    short = {key: message.data[key] for key in message.data if key not in _TICKETS}
    yield evolve(message, data={**short, "alerts": [_named(alert) for alert in alerts]})
    kept = [{"ref": alert["ref"]} for alert in alerts]
    while kept:
        omitted = {"ids_omitted": len(alerts), "alerts_omitted": len(alerts) - len(kept)}
        yield evolve(message, data={**short, "alerts": kept, **omitted})
        kept = kept[: len(kept) * 9 // 10]
    yield message.minimal()


_TICKETS = frozenset({"tickets", "open_tickets"})


def _named(alert: Mapping[str, object]) -> Mapping[str, object]:
    return {key: alert[key] for key in ("ref", "id", "severity")}


# ------------------------------------------------------------------ what became of it


@frozen
class Sent:
    """SNS took it. `form` is `full`, `ascii` or `minimal`."""

    message_id: str
    topic: str
    form: str = "full"

    def __str__(self) -> str:
        sent = f"sent to {self.topic} as {self.message_id}"
        if self.form == "full":
            return sent
        return f"{sent} ({self.form})"


@frozen
class NoTopic:
    """Nobody can be notified: neither the recipient nor the whole audience has a topic."""

    topic: str

    def __str__(self) -> str:
        return f"there is no topic {self.topic}"


@frozen
class Refused:
    """SNS refused its content even in the minimal form; the next level must be notified."""

    reason: str

    def __str__(self) -> str:
        return f"SNS refused even the minimal form: {self.reason}"
