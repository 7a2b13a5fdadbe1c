"""How the watchdog does, for `doctor`: what the last ticks did and what the last whole sweep found.

pk META  sk beat    at  first  lag_seconds  sent_at  oldest_pending_seconds  left_due  put_back  problem
pk META  sk swept   at  counts {name: number}
pk META  sk noticed noticed [text]     the newest first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from sla_watchdog.adapters.expression import Expression
from sla_watchdog.adapters.meta import META
from sla_watchdog.adapters.table import Items

NOTICED_KEPT = 50


@frozen
class Beat:
    """The last finished tick, in epoch seconds. `lag_seconds` is from the last tick that sent anything, at `sent_at`.

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


class Pulse(Items):
    def beat(self, now: int, done: Mapping[str, int | str]) -> None:
        """A tick has finished. The last call counts; a repetition writes the same."""
        change = Expression().set("at", to=now).set_if_absent("first", to=now)
        for name in ("oldest_pending_seconds", "left_due", "put_back"):
            change.set(name, to=done[name])
        change.set_or_remove("problem", done["problem"])
        if done["sent"]:
            change.set("lag_seconds", to=done["lag_seconds"]).set("sent_at", to=now)
        self._update(META, "beat", change)

    def last_beat(self) -> Beat | None:
        """None before the first."""
        stored = self._plain(META, "beat")
        if not stored:
            return None
        return Beat(
            at=int(stored["at"]),
            first=int(stored["first"]),
            lag_seconds=int(stored.get("lag_seconds", 0)),
            sent_at=int(stored["sent_at"]) if "sent_at" in stored else None,
            oldest_pending_seconds=int(stored["oldest_pending_seconds"]),
            left_due=int(stored["left_due"]),
            put_back=int(stored["put_back"]),
            problem=stored.get("problem", ""),
        )

    def swept(self, now: int, counts: Mapping[str, int]) -> None:
        """A whole sweep has ended with these sums. The last one counts."""
        self._update(META, "swept", Expression().set("at", to=now).set("counts", to=counts))

    def notice(self, noticed: Sequence[str]) -> None:
        """What a sweep came upon, the newest first, so many as are kept."""
        before = self._plain(META, "noticed").get("noticed", [])
        kept = [*noticed, *before][:NOTICED_KEPT]
        self._update(META, "noticed", Expression().set("noticed", to=kept))

    def last_sweep(self) -> LastSweep | None:
        """None before the first has ended."""
        stored = self._plain(META, "swept")
        if not stored:
            return None
        counts = {name: int(count) for name, count in stored["counts"].items()}
        return LastSweep(int(stored["at"]), counts, tuple(self._plain(META, "noticed").get("noticed", [])))
