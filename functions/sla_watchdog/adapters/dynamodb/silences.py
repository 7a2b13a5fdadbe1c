"""Silences in the Watch table, and what else a judgement takes from outside the case: one item
each, read at once.

pk META  sk silences  s:<id>: {made_at, until, reason, by, tickets, customers, policies, audiences, when, lifted_by}
pk META  sk topics    as last counted (see Meta)
pk META  sk deletions as last noticed (see MissingRecords)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sla_watchdog.adapters.dynamodb.attributes import map_in, number_in, plain
from sla_watchdog.adapters.dynamodb.deletions import SORT_KEY as DELETIONS
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.state import META, Meta
from sla_watchdog.adapters.dynamodb.table import read_all
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.silences import LONGEST, Silence
from sla_watchdog.domain.policy.model import Condition

SORT_KEY = "silences"
SILENCE = "s:"

MOST = 100
"""Silences kept, those that ended included: so that the item, which every tick reads, stays small."""

NAMES = ("tickets", "customers", "policies", "audiences")


class Silences(Meta):
    def context(self) -> Context:
        """As they are now, by one consistent read. A silence that cannot be read keeps nobody from
        being told.
        """
        keys = [self._key(META, name) for name in (SORT_KEY, "topics", DELETIONS)]
        items: dict[str, Any] = {
            item["sk"]["S"]: plain(item)
            for item in read_all(self._reads, self._table, keys, self._pause)
        }
        since = map_in(items.get("topics", {}).get("since"))
        found = tuple(_silences(items.get(SORT_KEY, {})))
        deletions = items.get(DELETIONS, {})
        return Context(
            found,
            {topic: number_in(at) for topic, at in since.items()},
            number_in(deletions.get("held_since")) or None,
            number_in(deletions.get("accepted_until")),
        )

    def silences(self) -> tuple[Silence, ...]:
        """All that are kept, the first made first; some may be over."""
        return tuple(
            sorted(_silences(self._plain(META, SORT_KEY)), key=lambda each: (each.made_at, each.id))
        )

    def add_silence(self, silence: Silence, now: int) -> bool:
        """Only while there is room; what ended a week ago is forgotten. A repetition writes the
        same once more.
        """
        stored = self._plain(META, SORT_KEY)
        kept = {each.id for each in _silences(stored) if each.until > now - LONGEST}
        gone = [
            name
            for name in stored
            if name.startswith(SILENCE) and name.removeprefix(SILENCE) not in kept
        ]
        if len(kept - {silence.id}) >= MOST:
            return False
        change = Expression().set(SILENCE + silence.id, to=_map(silence))
        for name in gone:
            change.remove(name)
        return self._update(META, SORT_KEY, change) is None

    def lift_silence(self, silence: str, now: int, by: str) -> bool:
        """Over from now on, and the next tick asks for a sweep, which wakes what it held. Only one
        still in force.
        """
        name = SILENCE + silence
        change = Expression().set(name, "until", to=now).set(name, "lifted_by", to=by)
        change.require(f"{change.path(name, 'until')} > {change.value(now)}")
        lifted = self._update(META, SORT_KEY, change) is None
        if lifted:
            self.ask_for_sweep()
        return lifted


def _map(silence: Silence) -> dict[str, object]:
    return {
        "made_at": silence.made_at,
        "until": silence.until,
        "reason": silence.reason,
        "by": silence.by,
        "when": [_condition_map(each) for each in silence.when],
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
    for name, each in stored.items():
        if name.startswith(SILENCE):
            try:
                yield _silence(name.removeprefix(SILENCE), each)
            except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
                continue


def _silence(name: str, stored: Mapping[str, Any]) -> Silence:
    return Silence(
        id=name,
        made_at=int(stored["made_at"]),
        until=int(stored["until"]),
        reason=str(stored["reason"]),
        by=str(stored["by"]),
        when=tuple(
            Condition(c["field"], frozenset(c["any_of"]), negate=bool(c["negate"]))
            for c in stored["when"]
        ),
        lifted_by=str(stored["lifted_by"]),
        **{each: frozenset(stored[each]) for each in NAMES},
    )
