"""Records that went missing from the Tickets table, counted together so that a lost table is no
pile of deletions.

pk META  sk deletions  m:<hash of the ticket>: at  held_since  held_at  reported_at
                       accepted_until  accepted_by
                       went               most that were missing at once before some came back
                       most  most_at      most records that a sweep of the last week saw, and when
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import number_in, numbers_in, plain
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.generations import GenerationStore
from sla_watchdog.adapters.dynamodb.items import META, Items
from sla_watchdog.adapters.dynamodb.pulse import PulseStore
from sla_watchdog.adapters.dynamodb.table import slices
from sla_watchdog.domain.escalation.deletions import AT_ONCE, MOST, Deletions
from sla_watchdog.usecases.sweep.ports import LastSweep

SORT_KEY = "deletions"
MISSING = "m:"
WRITTEN_AT_ONCE = 50
"""Tickets in one update, whose expression takes 4 KB."""

HOLD = ("held_since", "held_at", "reported_at", "most", "went")
"""What is stored while deletions are held, and forgotten once they are believed."""

WEEK = 7 * 86_400


class DeletionStore:
    def __init__(self, items: Items, generations: GenerationStore, pulse: PulseStore) -> None:
        self._items = items
        self._generations = generations
        self._pulse = pulse

    def read(self, now: int) -> Deletions:
        return self._deletions(self._items.plain(META, SORT_KEY), now)

    def note_missing(self, tickets: Iterable[str], now: int) -> Deletions:
        """Open tickets have no record any more. Where that makes too many, deletions are held from
        the first of them on. Of two callers at once, whoever writes second sees both; a
        repetition changes nothing.
        """
        deletions = self.read(now)
        hashes = set(map(_hash, tickets))
        new = sorted(hashes.difference(deletions.missing))
        if now < deletions.accepted_until or not new:
            return deletions
        capacity = max(0, MOST - len(deletions.missing))
        past = self._past(now)
        for some in slices(new[:capacity], WRITTEN_AT_ONCE):
            deletions = self._deletions(self._note(some, past, now), now)
            past = ()
        if deletions.held_since is None and deletions.are_too_many:
            self.hold(min(deletions.missing.values()), now)
            return self.read(now)
        return deletions

    def _past(self, now: int) -> Sequence[str]:
        """Names of entries that count no more; some, since an expression takes 4 KB."""
        stored = self._items.plain(META, SORT_KEY)
        oldest = _oldest(stored, now)
        missing = _missing(stored)
        past = [MISSING + hashed for hashed, at in missing.items() if at < oldest]
        return past[:WRITTEN_AT_ONCE]

    def _note(self, hashes: Iterable[str], past: Iterable[str], now: int) -> Mapping[str, Any]:
        change = Expression().remove_all(past)
        for hashed in hashes:
            change.set(MISSING + hashed, to=now)
        return plain(self._items.updated(META, SORT_KEY, change))

    def found_again(self, tickets: Iterable[str], now: int) -> None:
        """Their records are there again. Deletions are believed once few are missing. A repetition
        changes nothing.
        """
        before = self.read(now)
        hashes = set(map(_hash, tickets))
        back = sorted(hashes.intersection(before.missing))
        for some in slices(back, WRITTEN_AT_ONCE):
            change = Expression()
            if before.held_since is not None:
                change.set("went", to=max(before.went, len(before.missing)))
            change.remove_all(MISSING + hashed for hashed in some)
            self._items.update(META, SORT_KEY, change)
        left = self.read(now)
        if back and left.held_since is not None and left.are_few_again:
            self.believe()

    def hold(self, since: int, now: int) -> bool:
        """No deletion since then is believed. Only while none is held, and nobody said that they
        are meant; a repetition changes nothing and says False.
        """
        change = Expression()
        change.set("held_since", to=since)
        change.set("held_at", to=now)
        change.remove("reported_at")
        change.require(change.absent("held_since"))
        change.require(f"NOT {change.compare('accepted_until', '>', now)}")
        if self._items.update(META, SORT_KEY, change) is not None:
            return False
        self._generations.ask_for_sweep()
        return True

    def believe(self) -> None:
        """The records are back, but for a few that were deleted. A repetition changes nothing.

        The hold ends last: what is still counted would begin it again.
        """
        stored = self._items.plain(META, SORT_KEY)
        counted = [name for name in stored if name.startswith(MISSING)]
        for some in slices(counted, WRITTEN_AT_ONCE):
            self._items.update(META, SORT_KEY, Expression().remove_all(some))
        change = Expression().remove_all(HOLD)
        change.require(change.present("pk"))
        self._items.update(META, SORT_KEY, change)

    def accept(self, now: int, by: str) -> bool:
        """Somebody says that the deletions are meant, those of the next day too. Only where any are
        held. A repetition goes on where the first stopped; once all are believed, it changes
        nothing and says False.
        """
        change = Expression()
        change.set("accepted_until", to=now + AT_ONCE)
        change.set("accepted_by", to=by)
        change.require(change.present("held_since"))
        if self._items.update(META, SORT_KEY, change) is not None:
            return False
        self.believe()
        self._generations.ask_for_sweep()
        return True

    def reported(self, now: int) -> None:
        """Operations were notified. The last call counts."""
        change = Expression().set("reported_at", to=now)
        change.require(change.present("held_since"))
        self._items.update(META, SORT_KEY, change)

    def most_seen(self, tickets: int, now: int) -> tuple[int, int]:
        """The most records that a sweep of the last week saw, this one with `tickets` included, and
        when.
        """
        stored = self._items.plain(META, SORT_KEY)
        most = number_in(stored.get("most"))
        at = number_in(stored.get("most_at"))
        if "most" in stored and most > tickets and now - at <= WEEK:
            return most, at
        change = Expression()
        change.set("most", to=tickets)
        change.set("most_at", to=now)
        self._items.update(META, SORT_KEY, change)
        return tickets, now

    def _deletions(self, stored: Mapping[str, Any], now: int) -> Deletions:
        numbers = numbers_in(stored)
        held_since = numbers.get("held_since") or None
        oldest = _oldest(stored, now)
        missing = {hashed: at for hashed, at in _missing(stored).items() if at >= oldest}
        return Deletions(
            missing=missing,
            open_before=_open_before(self._pulse.last_sweep(), missing),
            went=numbers.get("went", 0) if held_since else 0,
            held_since=held_since,
            accepted_until=numbers.get("accepted_until", 0),
            reported_at=numbers.get("reported_at", 0),
        )


def _oldest(stored: Mapping[str, Any], now: int) -> int:
    """When the first that still count went missing; while deletions are held, all of them count."""
    held = number_in(stored.get("held_since")) or now
    return min(held, now - AT_ONCE)


def _missing(stored: Mapping[str, Any]) -> dict[str, int]:
    """When each was noted, by the hash of the ticket."""
    missing = {}
    for name, at in stored.items():
        if name.startswith(MISSING):
            missing[name.removeprefix(MISSING)] = number_in(at)
    return missing


def _open_before(last: LastSweep | None, missing: Mapping[str, int]) -> int | None:
    """Open tickets by the last sweep, and those that were missing by then and it did not count:
    while deletions are held it counts them as open.
    """
    if last is None:
        return None
    cases_open = last.counts.get("cases_open", 0)
    counted = last.counts.get("tickets_open", cases_open)
    missing_by_then = sum(at < last.at for at in missing.values())
    uncounted = max(0, missing_by_then - last.counts.get("missing", 0))
    return max(counted + uncounted, len(missing))


def _hash(ticket: str) -> str:
    encoded = ticket.encode(errors="replace")
    return hashlib.sha256(encoded).hexdigest()[:12]
