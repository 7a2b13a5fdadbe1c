"""What the watchdog knows about itself: run lease, policy generation, mode, topics, sweeps,
simulated time.

Each of these items is read by every tick: whatever stands in one, no tick fails for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.adapters.dynamodb.attributes import map_in, number_in, plain
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.table import Item, Items, Pause, StoreBusyError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

META = "META"

STRAGGLER_SECONDS = 900
"""For so long after a new generation an older policy is a function not yet replaced; later it is a
way back.
"""

HASHES_KEPT = 20
SWEEP_KEPT_SECONDS = 7 * 86400


@frozen
class Generation:
    """The policy generation of a hash, the epoch second it began, and whether this call began it.

    `swept` is False until somebody asked for a sweep under this generation (`mark_swept`).
    """

    number: int
    since: int
    is_new: bool
    swept: bool = False


@frozen
class Mode:
    """`observe` or `live`, since the epoch second somebody switched to it."""

    name: str
    since: int


class Meta(Items):
    # ------------------------------------------------------------ the run lease

    def run_lease(self, owner: str, now: int, until: int, run: str = "lease") -> bool:
        """True for the one owner who may make that `run` until `until`. Only when nobody holds it,
        or its time is over.

        A repetition by the owner extends it. Two leases ahead nobody ever held it: such an end
        is damage.
        """
        change = Expression().set("owner", to=owner).set("until", to=until)
        ends = change.path("until")
        none = f"NOT attribute_type({ends}, {change.value('N')})"
        over = f"{ends} <= {change.value(now)} OR {ends} > {change.value(until + until - now)}"
        change.require(f"{none} OR {over} OR {change.equals('owner', to=owner)}")
        return self._update(META, run, change) is None

    def release_run(self, owner: str, run: str = "lease") -> bool:
        """Ends the lease of this owner, and of no other; a repetition changes nothing."""
        change = Expression().set("until", to=0)
        return self._update(META, run, change.require(change.equals("owner", to=owner))) is None

    # ------------------------------------------------------------ the policy generation

    def generation(self, policy_hash: str, now: int) -> Generation:
        """The generation of this policy; registers one never seen, as the next number, for exactly
        one caller.

        An older policy that comes back within 15 minutes of a newer one is a function not
        replaced yet: it is told its old number, and writes nothing over the newer. Later it is a
        roll-back, and the next generation.
        """
        for _ in range(10):
            item = self._read(META, "generation") or {}
            stored = plain(item)
            known = {
                name: number_in(number) for name, number in map_in(stored.get("numbers")).items()
            }
            number = number_in(stored.get("number"), max(known.values(), default=0))
            since = number_in(stored.get("since")) if item else now
            if stored.get("hash") == policy_hash and number:
                return Generation(
                    number, since, is_new=False, swept=number_in(stored.get("swept")) >= number
                )
            if policy_hash in known and now - since < STRAGGLER_SECONDS:
                return Generation(known[policy_hash], since, is_new=False, swept=True)
            if self._register(policy_hash, item, number, known, now):
                return Generation(number + 1, now, is_new=True)
        raise StoreBusyError("the policy generation changes faster than it can be read")

    def _register(
        self, policy_hash: str, before: Item, number: int, known: Mapping[str, int], now: int
    ) -> bool:
        """Only when the number is still the one read."""
        others = {name: each for name, each in known.items() if name != policy_hash}
        newest = sorted(others, key=others.__getitem__)[-HASHES_KEPT + 1 :]
        numbers = {name: others[name] for name in newest} | {policy_hash: number + 1}
        change = Expression().set("number", to=number + 1).set("hash", to=policy_hash)
        change.set("since", to=now).set("numbers", to=numbers)
        change.require(change.as_stored("number", before))
        return self._update(META, "generation", change) is None

    def raise_generation(self, number: int) -> bool:
        """A case was written under a generation that is not known here, so this item was lost: the
        next to ask for its generation begins one beyond. Only while what is known is lower; a
        repetition changes nothing.
        """
        change = (
            Expression()
            .set("number", to=number)
            .set("numbers", to={})
            .set("since", to=0)
            .remove("hash")
        )
        lower = f"{change.path('number')} < {change.value(number)}"
        return (
            self._update(
                META, "generation", change.require(f"{change.absent('number')} OR {lower}")
            )
            is None
        )

    def mark_swept(self, number: int) -> bool:
        """A sweep was asked for under this generation. Only while it is the newest; a repetition
        changes nothing.
        """
        change = Expression().set("swept", to=number)
        return (
            self._update(META, "generation", change.require(change.equals("number", to=number)))
            is None
        )

    def ask_for_sweep(self) -> bool:
        """The next tick asks for one; only where a tick has ever run. A repetition changes nothing."""
        change = Expression().set("swept", to=0)
        return self._update(META, "generation", change.require(change.present("pk"))) is None

    # ------------------------------------------------------------ mode, time, topics

    def mode(self) -> Mode:
        """`observe` since 0 until somebody switches; `live` where what stands there is no mode: too
        much rather than too little.
        """
        stored = self._plain(META, "mode")
        name = stored.get("name") if stored else "observe"
        return Mode("observe" if name == "observe" else "live", number_in(stored.get("since")))

    def set_mode(self, name: str, since: int) -> Mode:
        """The mode now in force. Only another mode than the present begins anew, so a repetition
        changes nothing.
        """
        change = Expression().set("name", to=name).set("since", to=since)
        change.require(f"{change.absent('pk')} OR {change.path('name')} <> {change.value(name)}")
        return Mode(name, since) if self._update(META, "mode", change) is None else self.mode()

    def simulated_now(self) -> int | None:
        """The time that the local driver set; None where there is none."""
        stored = self._plain(META, "time")
        return int(stored["now"]) if stored else None

    def set_simulated_now(self, now: int) -> None:
        """The last call counts: one driver sets it."""
        self._update(META, "time", Expression().set("now", to=now))

    def topics(self) -> Mapping[str, int] | None:
        """Confirmed subscriptions by topic name, as last counted; None before the first count."""
        counts = self._plain(META, "topics").get("topics")
        if not isinstance(counts, Mapping):
            return None
        return {name: int(count) for name, count in counts.items() if isinstance(count, Decimal)}

    def set_topics(self, topics: Mapping[str, int], now: int) -> None:
        """The last count stands. Where it finds somebody again, a sweep wakes what reached nobody."""
        stored = self._plain(META, "topics")
        before, since = map_in(stored.get("topics")), map_in(stored.get("since"))
        there = {topic for topic, count in topics.items() if count}
        kept = {
            topic: number_in(since[topic], now)
            for topic in there
            if topic in since and before.get(topic)
        }
        change = (
            Expression()
            .set("topics", to=topics)
            .set("since", to={**dict.fromkeys(there, now), **kept})
        )
        self._update(META, "topics", change)
        if stored and there.difference(kept):
            self.ask_for_sweep()

    def topic_is_gone(self, topic: str) -> bool:
        """SNS says so, before the next count does; only of a topic that was counted."""
        change = Expression().set("topics", topic, to=0).remove("since", topic)
        return self._update(META, "topics", change.require(change.present("topics", topic))) is None

    # ------------------------------------------------------------ sweeps

    def sweep_progress(self, run: str, of: int) -> SweepProgress:
        return SweepProgress(
            self._reads, self._writes, self._table, f"sweep#{run}", of, self._pause
        )


class SweepProgress(Items):
    """One sweep in `of` segments, each done by some function somewhere."""

    def __init__(
        self,
        reads: DynamoDBClient,
        writes: DynamoDBClient,
        table: str,
        sort_key: str,
        of: int,
        pause: Pause,
    ) -> None:
        super().__init__(reads, writes, table, pause)
        self._sort_key = sort_key
        self._of = of

    def start(self, now: int) -> bool:
        """True for whoever starts it; only when it was not started. Forgotten after a week (TTL)."""
        change = Expression().set("started_at", to=now).set("of", to=self._of).set("done", to={})
        change.set("expires_at", to=now + SWEEP_KEPT_SECONDS).require(change.absent("pk"))
        return self._update(META, self._sort_key, change) is None

    def segment_done(self, segment: int, counts: Mapping[str, int]) -> Mapping[str, int] | None:
        """The sums over all segments when this was the last one missing, else None.

        A segment reported again changes nothing; the last one answers the same again.
        """
        change = Expression().set("done", str(segment), to=counts)
        change.require(f"{change.present('pk')} AND {change.absent('done', str(segment))}")
        self._update(META, self._sort_key, change)
        done: Mapping[str, Mapping[str, int]] = self._plain(META, self._sort_key).get("done", {})
        if len(done) < self._of:
            return None
        names = sorted({name for each in done.values() for name in each})
        return {name: int(sum(each.get(name, 0) for each in done.values())) for name in names}
