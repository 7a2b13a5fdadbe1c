"""How the watchdog does, for `doctor`: what the last ticks did and what the last whole sweep found.

pk META  sk beat    at  first  live_since  lag_seconds  sent_at  oldest_pending_seconds
                    left_due  put_back  problem
pk META  sk swept   at  counts {name: number}
pk META  sk noticed noticed [text]  violations [text]    the newest first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from sla_watchdog.adapters.dynamodb.attributes import map_in, number_in
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items

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


@frozen
class LastSweep:
    at: int
    counts: Mapping[str, int] = field(factory=dict)
    noticed: tuple[str, ...] = ()
    violations: tuple[str, ...] = ()
    """Those of the noticed that could not be put right, each once."""


class PulseStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def beat(self, now: int, done: Mapping[str, int | str], live_since: int | None = None) -> None:
        """A tick has finished, in mode live since then (None: in mode observe). The last call
        counts; a repetition writes the same.
        """
        change = Expression().set("at", to=now).set_if_absent("first", to=now)
        change.set_or_remove("live_since", live_since)
        for name in ("oldest_pending_seconds", "left_due", "put_back"):
            change.set(name, to=done[name])
        change.set_or_remove("problem", done["problem"])
        if done["sent"]:
            change.set("lag_seconds", to=done["lag_seconds"]).set("sent_at", to=now)
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
        return Beat(
            at=number_in(stored.get("at")),
            first=number_in(stored.get("first")),
            lag_seconds=number_in(stored.get("lag_seconds")),
            sent_at=number_in(stored["sent_at"]) if "sent_at" in stored else None,
            oldest_pending_seconds=number_in(stored.get("oldest_pending_seconds")),
            left_due=number_in(stored.get("left_due")),
            put_back=number_in(stored.get("put_back")),
            problem=str(stored.get("problem", "")),
        )

    def swept(self, now: int, counts: Mapping[str, int]) -> None:
        """A whole sweep has ended with these sums. The last one counts."""
        change = Expression().set("at", to=now).set("counts", to=counts)
        self._items.update(META, "swept", change)

    def notice(self, noticed: Sequence[str], violations: Sequence[str]) -> None:
        """What a sweep came upon, and what of it could not be put right; the newest first, so many
        as are kept.
        """
        before = self._noticed()
        change = Expression().set("noticed", to=[*noticed, *before.noticed][:NOTICED_KEPT])
        change.set("violations", to=[*violations, *before.violations][:NOTICED_KEPT])
        self._items.update(META, "noticed", change)

    def last_sweep(self) -> LastSweep | None:
        """None before the first has ended."""
        stored = self._items.plain(META, "swept")
        if not stored:
            return None
        counts = {name: number_in(count) for name, count in map_in(stored.get("counts")).items()}
        kept = self._noticed()
        of_last_sweep = kept.violations[: counts.get("violations", 0)]
        violations = tuple(dict.fromkeys(of_last_sweep))
        return LastSweep(number_in(stored.get("at")), counts, kept.noticed, violations)

    def _noticed(self) -> _Noticed:
        stored = self._items.plain(META, "noticed")
        noticed = _texts(stored.get("noticed"))
        if "violations" in stored:
            return _Noticed(noticed, _texts(stored["violations"]))
        return _Noticed(noticed, tuple(filter(_is_violation, noticed)))


@frozen
class _Noticed:
    """What sweeps came upon, and what of it could not be put right; the newest first."""

    noticed: tuple[str, ...]
    violations: tuple[str, ...]


def _texts(stored: object) -> tuple[str, ...]:
    return tuple(map(str, stored)) if isinstance(stored, list) else ()


def _is_violation(noticed: str) -> bool:
    """Of texts that were stored before violations were kept apart."""
    return not noticed.endswith("put right") and "a recipient gets nothing" not in noticed
