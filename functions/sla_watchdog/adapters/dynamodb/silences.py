"""Silences in the Watch table, and what else a judgement takes from outside the case: one item
each, read at once.

pk META  sk silences  s:<id>: {made_at, until, reason, by, lifted_by, when,
                               tickets, customers, policies, audiences}
pk META  sk topics    as last counted (see topic_counts.py)
pk META  sk deletions as last noticed (see deletions.py)
pk META  sk messages  as sent within a day (see recent_messages.py)
pk META  sk evidence  as seen so far (see evidence.py)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import number_in, numbers_in, plain
from sla_watchdog.adapters.dynamodb.deletions import SORT_KEY as DELETIONS
from sla_watchdog.adapters.dynamodb.evidence import SORT_KEY as EVIDENCE
from sla_watchdog.adapters.dynamodb.evidence import evidence_in
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.generations import GenerationStore
from sla_watchdog.adapters.dynamodb.items import META, Items
from sla_watchdog.adapters.dynamodb.recent_messages import SORT_KEY as MESSAGES
from sla_watchdog.adapters.dynamodb.recent_messages import recent_in
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.silences import LONGEST, Silence
from sla_watchdog.domain.policy.model import Condition

SORT_KEY = "silences"
SILENCE = "s:"

MOST = 100
"""Silences kept, those that ended included: so that the item, which every tick reads, stays small.
"""

NAMES = ("tickets", "customers", "policies", "audiences")


class SilenceStore:
    def __init__(self, items: Items, generations: GenerationStore) -> None:
        self._items = items
        self._generations = generations

    def context(self) -> Context:
        """As they are now, by one consistent read. A silence that cannot be read keeps nobody from
        being notified.
        """
        names = (SORT_KEY, "topics", DELETIONS, MESSAGES, EVIDENCE)
        stored = self._items.read_all((META, name) for name in names)
        by_sort_key: dict[str, Any] = {item["sk"]["S"]: plain(item) for item in stored}
        silences = by_sort_key.get(SORT_KEY, {})
        topics = by_sort_key.get("topics", {})
        deletions = by_sort_key.get(DELETIONS, {})
        return Context(
            tuple(_silences(silences)),
            numbers_in(topics.get("since")),
            number_in(deletions.get("held_since")) or None,
            number_in(deletions.get("accepted_until")),
            recent_in(by_sort_key.get(MESSAGES, {})),
            evidence_in(by_sort_key.get(EVIDENCE, {})),
        )

    def read(self) -> tuple[Silence, ...]:
        """All that are kept, the first made first; some may be over."""
        stored = _silences(self._items.plain(META, SORT_KEY))
        return tuple(sorted(stored, key=lambda silence: (silence.made_at, silence.id)))

    def add(self, silence: Silence, now: int) -> bool:
        """Only while there is room; what ended a week ago is forgotten. A repetition writes the
        same once more.
        """
        stored = self._items.plain(META, SORT_KEY)
        kept = {old.id for old in _silences(stored) if old.until > now - LONGEST}
        if len(kept - {silence.id}) >= MOST:
            return False
        kept.add(silence.id)
        change = Expression().set(SILENCE + silence.id, to=_map(silence))
        for name in stored:
            is_silence = name.startswith(SILENCE)
            if is_silence and name.removeprefix(SILENCE) not in kept:
                change.remove(name)
        return self._items.update(META, SORT_KEY, change) is None

    def lift(self, silence: str, now: int, by: str) -> bool:
        """Over from now on, and the next tick asks for a sweep, which wakes what it held. Only one
        that is still in force; a repetition changes nothing and says False.
        """
        name = SILENCE + silence
        change = Expression()
        change.set(name, "until", to=now)
        change.set(name, "lifted_by", to=by)
        change.require(f"{change.path(name, 'until')} > {change.value(now)}")
        lifted = self._items.update(META, SORT_KEY, change) is None
        if lifted:
            self._generations.ask_for_sweep()
        return lifted


def _map(silence: Silence) -> dict[str, object]:
    return {
        "made_at": silence.made_at,
        "until": silence.until,
        "reason": silence.reason,
        "by": silence.by,
        "when": [_condition_map(condition) for condition in silence.when],
        "lifted_by": silence.lifted_by,
        **{name: sorted(getattr(silence, name)) for name in NAMES},
    }


def _condition_map(condition: Condition) -> dict[str, object]:
    return {
        "field": condition.field,
        "any_of": sorted(condition.any_of),
        "negate": condition.negate,
    }


def _silences(stored: Mapping[str, Any]) -> Iterator[Silence]:
    """Without those that cannot be read."""
    for name, value in stored.items():
        if not name.startswith(SILENCE):
            continue
        try:
            yield _silence(name.removeprefix(SILENCE), value)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            continue


def _silence(name: str, stored: Mapping[str, Any]) -> Silence:
    return Silence(
        id=name,
        made_at=int(stored["made_at"]),
        until=int(stored["until"]),
        reason=str(stored["reason"]),
        by=str(stored["by"]),
        when=tuple(map(_condition, stored["when"])),
        lifted_by=str(stored["lifted_by"]),
        **{names: frozenset(stored[names]) for names in NAMES},
    )


def _condition(stored: Mapping[str, Any]) -> Condition:
    return Condition(
        field=stored["field"],
        any_of=frozenset(stored["any_of"]),
        negate=bool(stored["negate"]),
    )
