"""A case as an item and back. Scalars and maps are native, for people to read; facts are one
compact text.

pk C#<case>  sk W  rev  generation  seen {ticket: sequence}  failures
seen_at   {ticket: at}      the stream's time of that record
read_at   {ticket: at}      when a sweep last read a record that told it something
facts     '{"<ticket>":{"<field>":[at,value,at,value,…]}}'
sealed    {<case>: count}   where its older facts are: in C#<case> F#1 … F#<count>, as `facts`,
                            compressed
members   [name]            linked to it, of which no ticket is known
breached  {<subject>/<clock>: at}
edited_at                   when a changed policy reached it
reached   {<hash>: {clock, recipient, level, repetition, at, outcome}}
message_runs {<recipient key>: {since, at, count, worst, observed}}   how many messages in a row
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

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.facts_text import DamageError, facts_in
from sla_watchdog.adapters.dynamodb.item_part import ItemPart
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
    MessageRun,
    Recipient,
)
from sla_watchdog.domain.policy.codec import fields_of
from sla_watchdog.domain.policy.marks import JsonPlace
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


# ---------------------------------------------------------------- both ways

_RECIPIENT = fields_of(Recipient)
_ALERT = fields_of(
    Alert,
    recipient=JsonPlace.BESIDE,
    reason=JsonPlace.BESIDE,
    reminder=JsonPlace.BESIDE,
    waits=JsonPlace.SPARSE,
    renewal=JsonPlace.SPARSE,
)
_ENTRY = fields_of(Entry, alerts=JsonPlace.BESIDE)
_LAST_NOTIFIED = fields_of(LastNotified, received=JsonPlace.SPARSE, since=JsonPlace.SPARSE)
_MESSAGE_RUN = fields_of(MessageRun)
_FINDING = fields_of(
    Finding, reason=JsonPlace.BESIDE, time=JsonPlace.BESIDE, until=JsonPlace.BESIDE
)
_CASE = fields_of(
    Case,
    id=JsonPlace.BESIDE,
    facts=JsonPlace.BESIDE,
    reached=JsonPlace.BESIDE,
    outbox=JsonPlace.BESIDE,
    urgent=JsonPlace.BESIDE,
    seen=JsonPlace.SPARSE,
    generation=JsonPlace.SPARSE,
    next_at=JsonPlace.SPARSE,
    failures=JsonPlace.SPARSE,
    breached=JsonPlace.SPARSE,
    edited_at=JsonPlace.SPARSE,
    members=JsonPlace.SPARSE,
    seen_at=JsonPlace.SPARSE,
    read_at=JsonPlace.SPARSE,
    message_runs=JsonPlace.SPARSE,
)
"""Every attribute but `rev` may be missing: an older version knew fewer."""

# ---------------------------------------------------------------- to the item


def entry_map(entry: Entry) -> dict[str, object]:
    recipient = entry.alerts[0].recipient
    alerts = [_alert_map(alert) for alert in entry.alerts]
    return {**_ENTRY.write(entry), **_RECIPIENT.write(recipient), "alerts": alerts}


def _alert_map(alert: Alert) -> dict[str, object]:
    """The recipient stands with the entry."""
    counted = {"reminder": alert.reminder} if _is_counted(alert) else {}
    return {**_ALERT.write(alert), "reason": worded(alert.reason), **counted}


def _is_counted(alert: Alert) -> bool:
    """Whether the number cannot be told without it: of a first telling it is 0, of an uncounted
    repetition none.
    """
    return alert.reminder is not None and bool(alert.reminder or alert.repetition)


def outbox_map(outbox: Mapping[str, Entry]) -> dict[str, object]:
    return {key: entry_map(entry) for key, entry in outbox.items()}


def reached_name(clock: str, recipient: str) -> str:
    """Short, and different for every pair; the value holds both in full."""
    return hashlib.sha256(json.dumps([clock, recipient]).encode()).hexdigest()[:16]


def reached_map(clock: str, recipient: str, reached: LastNotified) -> dict[str, object]:
    return {"clock": clock, "recipient": recipient, **_LAST_NOTIFIED.write(reached)}


def levels_map(reached: Mapping[tuple[str, str], LastNotified]) -> dict[str, object]:
    """The levels of a case under the names by which they are found."""
    levels: dict[str, object] = {}
    for (clock, recipient), last in reached.items():
        levels[reached_name(clock, recipient)] = reached_map(clock, recipient, last)
    return levels


def message_runs_map(runs: Mapping[str, MessageRun]) -> dict[str, object]:
    return {recipient: _MESSAGE_RUN.write(run) for recipient, run in runs.items()}


def findings_list(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [{**_FINDING.write(found), "reason": worded(found.reason)} for found in findings]


# ---------------------------------------------------------------- from the item


def case_of(item: Item, sealed: Iterable[Fact] = ()) -> Case | DamagedItem:
    """The case, with the facts of its `sealed` items. Never fails: what cannot be read is an answer
    too.
    """
    try:
        case, places = _case(_part(item)), sealed_in(item)
    except ValueError as error:
        return damaged(item, str(error))
    return LongCase.of(case, places, frozenset(sealed)) if places else case


def _part(item: Item) -> ItemPart:
    return ItemPart("", plain(item))


def _name(part: ItemPart) -> str:
    return part["pk"].text().removeprefix(CASE)


def damaged(item: Item, reason: str) -> DamagedItem:
    part = _part(item)
    return DamagedItem(_name(part), reason, _failures(part))


def _failures(part: ItemPart) -> int:
    try:
        return part["failures"].integer() if part.has("failures") else 0
    except ValueError:
        return 0


def moved_to(item: Item) -> str:
    """The name of the case that it belongs to; '' for a case itself."""
    return str(item.get("moved_to", {}).get("S", ""))


def sealed_in(item: Item) -> dict[str, int]:
    """How many sealed items it has, by the case that they were written for. Raises DamageError."""
    counts = {part.name: part.integer() for part in _members(_part(item), "sealed")}
    if max(counts.values(), default=0) > MOST_SEALED:
        raise DamageError(f"sealed counts {max(counts.values())}")
    return counts


def _case(item: ItemPart) -> Case:
    if item.has("moved_to"):
        raise DamageError(f"it was moved to {item['moved_to'].value!r}, where there is no case")
    if (rev := item["rev"].integer()) < 1:
        raise DamageError(f"rev is {rev}, which no write leaves")
    case: Case = _CASE.read(
        item,
        id=_name(item),
        facts=Facts.of(facts_in(item["facts"].value)),
        reached=dict(map(_reached, _members(item, "reached"))),
        outbox={part.name: _entry(part) for part in _members(item, "outbox")},
        urgent=item.has("due_shard") and item["due_shard"].text().startswith("u"),
    )
    return case


def _members(item: ItemPart, name: str) -> list[ItemPart]:
    """Of a map, which may be missing."""
    entries = item[name]
    return [entries[key] for key in entries.entries()] if item.has(name) else []


def _reached(part: ItemPart) -> tuple[tuple[str, str], LastNotified]:
    """What an older version wrote counts nothing."""
    return (part["clock"].text(), part["recipient"].text()), _LAST_NOTIFIED.read(part)


def entry_in(value: object) -> Entry:
    """An entry that `entry_map` made. Raises DamageError."""
    return _entry(ItemPart("entry", value))


def _entry(part: ItemPart) -> Entry:
    recipient: Recipient = _RECIPIENT.read(part)
    listed = part["alerts"] if part.has("alerts") else ()
    alerts = tuple(_alert(alert, recipient) for alert in listed)
    if not alerts:
        raise DamageError(f"{part.path}.alerts is empty")
    entry: Entry = _ENTRY.read(part, alerts=alerts)
    return entry


def _alert(part: ItemPart, recipient: Recipient) -> Alert:
    alert: Alert = _ALERT.read(
        part,
        recipient=recipient,
        reason=read_reason(part["reason"].text()),
        reminder=_reminder(part),
    )
    return alert


def _reminder(part: ItemPart) -> int | None:
    if part.has("reminder"):
        return part["reminder"].integer()
    return None if part["repetition"].integer() else 0


def findings_of(item: Item) -> list[Finding]:
    """The findings stored with a case; none where they cannot be read."""
    part = _part(item)
    try:
        return [_finding(finding) for finding in part["findings"]]
    except ValueError:
        return []


def _finding(part: ItemPart) -> Finding:
    finding: Finding = _FINDING.read(part, reason=AsWritten(part["reason"].text()))
    return finding
