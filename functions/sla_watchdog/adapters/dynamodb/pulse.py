"""How the watchdog does, for `doctor`: what the last ticks did and what the last whole sweep found.

pk META  sk beat    at  first  live_since  lag_seconds  sent_at  oldest_pending_seconds
                    left_due  put_back  problem
pk META  sk swept   at  counts {name: number}
pk META  sk noticed noticed [text]  violations [text]    the newest first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from sla_watchdog.adapters.dynamodb.attributes import number_in, numbers_in
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items
from sla_watchdog.usecases.sweep.ports import LastSweep

NOTICED_KEPT = 50


@frozen
class Beat:
    """The last finished tick, in epoch seconds. `lag_seconds` is from the last tick that sent
    anything, at `sent_at`.

    `first` is when a tick finished for the first time.
    """

    at: int
    first: int
    lag_seconds: int
    sent_at: int | None
    oldest_pending_seconds: int
    left_due: int
    put_back: int
    problem: str


class PulseStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def beat(self, now: int, done: Mapping[str, int | str], live_since: int | None = None) -> None:
        """A tick has finished, in mode live since then (None: in mode observe). The last call
        counts; a repetition writes the same.
        """
        change = Expression()
        change.set("at", to=now)
        change.set_if_absent("first", to=now)
        change.set_or_remove("live_since", live_since)
        for name in ("oldest_pending_seconds", "left_due", "put_back"):
            change.set(name, to=done[name])
        change.set_or_remove("problem", done["problem"])
        if done["sent"]:
            change.set("lag_seconds", to=done["lag_seconds"])
            change.set("sent_at", to=now)
        self._items.update(META, "beat", change)

    def live_by_the_last_beat(self) -> int | None:
        """Since when the last tick that finished was live; None where it was not, or there was
        none.
        """
        return number_in(self._items.plain(META, "beat").get("live_since")) or None

    def last_beat(self) -> Beat | None:
        """None before the first."""
        stored = self._items.plain(META, "beat")
        if not stored:
            return None
        numbers = numbers_in(stored)
        return Beat(
            at=numbers.get("at", 0),
            first=numbers.get("first", 0),
            lag_seconds=numbers.get("lag_seconds", 0),
            sent_at=numbers.get("sent_at"),
            oldest_pending_seconds=numbers.get("oldest_pending_seconds", 0),
            left_due=numbers.get("left_due", 0),
            put_back=numbers.get("put_back", 0),
            problem=str(stored.get("problem", "")),
        )

    def swept(self, now: int, counts: Mapping[str, int]) -> None:
        """A whole sweep has ended with these sums. The last one counts."""
        change = Expression()
        change.set("at", to=now)
        change.set("counts", to=counts)
        self._items.update(META, "swept", change)

    def notice(self, noticed: Sequence[str], violations: Sequence[str]) -> None:
        """What a sweep came upon, and what of it could not be put right; the newest
        `NOTICED_KEPT` are kept. A repetition lists the same once more; of violations `last_sweep`
        names each once.
        """
        before = self._noticed()
        all_noticed = [*noticed, *before.noticed]
        all_violations = [*violations, *before.violations]
        change = Expression()
        change.set("noticed", to=all_noticed[:NOTICED_KEPT])
        change.set("violations", to=all_violations[:NOTICED_KEPT])
        self._items.update(META, "noticed", change)

    def last_sweep(self) -> LastSweep | None:
        """None before the first has ended."""
        stored = self._items.plain(META, "swept")
        if not stored:
            return None
        counts = numbers_in(stored.get("counts"))
        kept = self._noticed()
        of_last_sweep = kept.violations[: counts.get("violations", 0)]
        return LastSweep(
            at=number_in(stored.get("at")),
            counts=counts,
            noticed=kept.noticed,
            violations=tuple(dict.fromkeys(of_last_sweep)),
        )

    def _noticed(self) -> _Noticed:
        stored = self._items.plain(META, "noticed")
        noticed = _texts(stored.get("noticed"))
        if "violations" in stored:
            violations = _texts(stored["violations"])
        else:
            violations = tuple(filter(_is_violation, noticed))
        return _Noticed(noticed, violations)


@frozen
class _Noticed:
    """What sweeps came upon, and what of it could not be put right; the newest first."""

    noticed: tuple[str, ...]
    violations: tuple[str, ...]


def _texts(stored: object) -> tuple[str, ...]:
    if not isinstance(stored, list):
        return ()
    return tuple(map(str, stored))


def _is_violation(noticed: str) -> bool:
    """Of texts that were stored before violations were kept apart."""
    return not noticed.endswith("put right") and "a recipient gets nothing" not in noticed
