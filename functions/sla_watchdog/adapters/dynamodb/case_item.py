"""A case as an item and back. Scalars and maps are native, for people to read; facts are one
compact text.

pk C#<case>  sk W  rev  generation  seen {ticket: sequence}  failures
seen_at   {ticket: at}      the stream's time of that record
read_at   {ticket: at}      when a sweep last read a record that said more
facts     '{"<ticket>":{"<field>":[at,value,at,value,…]}}'
sealed    {<case>: count}   where its older facts are: in C#<case> F#1 … F#<count>, compressed
members   [name]            linked to it, of which no ticket is known
breached  {<subject>/<clock>: at}
edited_at                   when a changed policy reached it
reached   {<hash>: {clock, recipient, level, repetition, at, outcome}}
outbox    {<recipient key>: {token, until, attempts, digest, audience, of, urgent, alerts: […]}}
findings  [{ticket, kind, reason}]
unaudited [record]          what is to be put into the Audit table once that can be written
due_shard, next_at   while anything is to come

pk C#<name>  sk W  rev  moved_to   what belongs to the case of another name
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeGuard

from attrs import frozen

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.facts_text import DamageError, facts_in
from sla_watchdog.adapters.dynamodb.sealing import LongCase
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    DamagedItem,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.presentation.text.reason import read_reason, worded

MOST_SEALED = 10_000
"""Sealed items of one case; more are damage, which must not be read for hours."""

CASE = "C#"
DIGEST = "D#"


def case_key(case: str) -> str:
    return f"{CASE}{case}"


def shard_of(case: str, urgent: bool) -> str:
    """The same for ever: an item found in one shard is moved out of it by the same rule."""
    return f"{'u' if urgent else 'n'}#{zlib.crc32(case.encode()) % 8}"


# ---------------------------------------------------------------- to the item


def entry_map(entry: Entry) -> dict[str, object]:
    recipient = entry.alerts[0].recipient
    return {
        "token": entry.token,
        "until": entry.until,
        "attempts": entry.attempts,
        "digest": entry.digest,
        "audience": recipient.audience,
        "of": recipient.of,
        "urgent": recipient.urgent,
        "alerts": [_alert_map(alert) for alert in entry.alerts],
    }


def _alert_map(alert: Alert) -> dict[str, object]:
    stored: dict[str, object] = {
        "subject": alert.subject,
        "clock": alert.clock,
        "cycle": alert.cycle,
        "level": alert.level,
        "repetition": alert.repetition,
        "severity": alert.severity,
        "due_at": alert.due_at,
        "reason": worded(alert.reason),
    }
    if _is_counted(alert):
        stored["reminder"] = alert.reminder
    if alert.waits:
        stored["waits"] = True
    if alert.renewal:
        stored["renewal"] = alert.renewal
    return stored


def _is_counted(alert: Alert) -> bool:
    """Whether the number of the reminder must be stored: without it, a first notification has 0 and
    a repetition none.
    """
    if alert.reminder is None:
        return False
    return bool(alert.reminder or alert.repetition)


def outbox_map(outbox: Mapping[str, Entry]) -> dict[str, object]:
    return {key: entry_map(entry) for key, entry in outbox.items()}


def reached_name(clock: str, recipient: str) -> str:
    """Short, and different for every pair; the value holds both in full."""
    pair = json.dumps([clock, recipient])
    return hashlib.sha256(pair.encode()).hexdigest()[:16]


def reached_map(clock: str, recipient: str, reached: LastNotified) -> dict[str, object]:
    stored: dict[str, object] = {
        "clock": clock,
        "recipient": recipient,
        "level": reached.level,
        "repetition": reached.repetition,
        "at": reached.at,
        "outcome": reached.outcome,
    }
    if reached.received is not None:
        stored["received"] = reached.received
    return stored


def levels_map(reached: Mapping[tuple[str, str], LastNotified]) -> dict[str, object]:
    """The levels of a case under the names by which they are found."""
    levels: dict[str, object] = {}
    for (clock, recipient), notified in reached.items():
        levels[reached_name(clock, recipient)] = reached_map(clock, recipient, notified)
    return levels


def findings_list(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [_finding_map(finding) for finding in findings]


def _finding_map(finding: Finding) -> dict[str, str]:
    return {
        "ticket": finding.ticket,
        "kind": finding.kind,
        "reason": worded(finding.reason),
    }


# ---------------------------------------------------------------- from the item


@frozen
class _Map:
    """A map whose members are taken out as what they must be."""

    members: Mapping[str, object]
    where: str = ""

    @classmethod
    def of(cls, value: object, where: str) -> _Map:
        if not isinstance(value, Mapping):
            raise DamageError(f"{where} is no map")
        return cls(value, f"{where}.")

    def text(self, name: str) -> str:
        value = self.members.get(name)
        if not isinstance(value, str):
            raise DamageError(f"{self.where}{name} is no text")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self.members.get(name, default)
        if not _is_whole(value):
            raise DamageError(f"{self.where}{name} is no whole number")
        return int(value)

    def number_or_none(self, name: str) -> int | None:
        """None where it is absent."""
        if name not in self.members:
            return None
        return self.number(name)

    def flag(self, name: str) -> bool:
        value = self.members.get(name)
        if not isinstance(value, bool):
            raise DamageError(f"{self.where}{name} is neither true nor false")
        return value

    def maps(self, name: str) -> dict[str, _Map]:
        inner = self.of(self.members.get(name, {}), self.where + name)
        maps = {}
        for key, value in inner.members.items():
            maps[key] = self.of(value, inner.where + key)
        return maps

    def listed(self, name: str) -> list[_Map]:
        value = self.members.get(name, [])
        if not isinstance(value, list):
            raise DamageError(f"{self.where}{name} is no list")
        return [
            self.of(member, f"{self.where}{name}[{index}]") for index, member in enumerate(value)
        ]


def _is_whole(value: object) -> TypeGuard[int | Decimal]:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return value == int(value)


def case_of(item: Item, sealed: Iterable[Fact] = ()) -> Case | DamagedItem:
    """The case, with the facts of its `sealed` items. Never fails: what cannot be read is an answer
    too.
    """
    whole = _Map(plain(item))
    name = whole.text("pk").removeprefix(CASE)
    try:
        case = _case(name, whole)
        counts = sealed_in(item)
    except ValueError as error:
        return damaged(item, str(error))
    if not counts:
        return case
    return LongCase.of(case, counts, frozenset(sealed))


def damaged(item: Item, reason: str) -> DamagedItem:
    whole = _Map(plain(item))
    return DamagedItem(whole.text("pk").removeprefix(CASE), reason, _failures(whole))


def moved_to(item: Item) -> str:
    """The name of the case that it belongs to; '' for a case itself."""
    return str(item.get("moved_to", {}).get("S", ""))


def sealed_in(item: Item) -> dict[str, int]:
    """How many sealed items it has, by the case that they were written for. Raises DamageError."""
    counts = _numbers(_Map(plain(item)), "sealed")
    most = max(counts.values(), default=0)
    if most > MOST_SEALED:
        raise DamageError(f"sealed counts {most}")
    return counts


def _case(name: str, item: _Map) -> Case:
    if "moved_to" in item.members:
        raise DamageError(f"it was moved to {item.members['moved_to']!r}, where there is no case")
    rev = item.number("rev")
    if rev < 1:
        raise DamageError(f"rev is {rev}, which no write leaves")
    levels = item.maps("reached")
    return Case(
        id=name,
        facts=Facts.of(facts_in(item.members.get("facts"))),
        rev=rev,
        reached=_levels(levels.values()),
        outbox={key: _entry(entry) for key, entry in item.maps("outbox").items()},
        seen=_seen(item),
        generation=item.number("generation", 0),
        next_at=item.number_or_none("next_at"),
        urgent="due_shard" in item.members and item.text("due_shard").startswith("u"),
        failures=item.number("failures", 0),
        breached=_numbers(item, "breached"),
        edited_at=item.number_or_none("edited_at"),
        members=_words(item, "members"),
        seen_at=_numbers(item, "seen_at"),
        read_at=_numbers(item, "read_at"),
    )


def _failures(item: _Map) -> int:
    try:
        return item.number("failures", 0)
    except ValueError:
        return 0


def _numbers(item: _Map, name: str) -> dict[str, int]:
    stored = item.members.get(name, {})
    numbers = _Map.of(stored, name)
    return {key: numbers.number(key) for key in numbers.members}


def _words(item: _Map, name: str) -> frozenset[str]:
    listed = item.members.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise DamageError(f"{name} is no list of texts")
    return frozenset(listed)


def _seen(item: _Map) -> dict[str, str]:
    seen = _Map.of(item.members.get("seen", {}), "seen")
    return {ticket: seen.text(ticket) for ticket in seen.members}


def _levels(items: Iterable[_Map]) -> dict[tuple[str, str], LastNotified]:
    levels = {}
    for level in items:
        levels[level.text("clock"), level.text("recipient")] = _last_notified(level)
    return levels


def _last_notified(item: _Map) -> LastNotified:
    """An older version wrote no `received`."""
    return LastNotified(
        level=item.number("level"),
        repetition=item.number("repetition"),
        at=item.number("at"),
        outcome=Outcome(item.text("outcome")),
        received=item.number_or_none("received"),
    )


def entry_in(value: object) -> Entry:
    """An entry that `entry_map` made. Raises DamageError."""
    return _entry(_Map.of(value, "entry"))


def _entry(item: _Map) -> Entry:
    recipient = Recipient(item.text("audience"), item.text("of"), item.flag("urgent"))
    alerts = tuple(_alert(alert, recipient) for alert in item.listed("alerts"))
    if not alerts:
        raise DamageError(f"{item.where}alerts is empty")
    return Entry(
        token=item.text("token"),
        until=item.number("until"),
        alerts=alerts,
        digest=item.text("digest"),
        attempts=item.number("attempts"),
    )


def _alert(item: _Map, recipient: Recipient) -> Alert:
    return Alert(
        subject=item.text("subject"),
        clock=item.text("clock"),
        cycle=item.number("cycle"),
        level=item.number("level"),
        repetition=item.number("repetition"),
        recipient=recipient,
        severity=Severity(item.text("severity")),
        due_at=item.number("due_at"),
        reason=read_reason(item.text("reason")),
        reminder=_reminder(item),
        waits="waits" in item.members and item.flag("waits"),
        renewal=item.number("renewal", 0),
    )


def _reminder(item: _Map) -> int | None:
    if "reminder" in item.members:
        return item.number("reminder")
    if item.number("repetition"):
        return None
    return 0


def findings_of(item: Item) -> list[Finding]:
    """The findings stored with a case; none where they cannot be read."""
    try:
        return [_finding(finding) for finding in _Map(plain(item)).listed("findings")]
    except ValueError:
        return []


def _finding(item: _Map) -> Finding:
    reason = AsWritten(item.text("reason"))
    return Finding(item.text("ticket"), item.text("kind"), reason)
