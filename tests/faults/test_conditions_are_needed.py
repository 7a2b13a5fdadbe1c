"""Each condition by which the stores keep the promises is taken out in turn; the crash points
notice every time.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import frozen

from faults.points import Points
from faults.scenario import play, rules
from faults.wire import Fault
from faults.world import World
from sla_watchdog.adapters.dynamodb import case_writes, claimed_entry, outbox
from sla_watchdog.adapters.dynamodb.digests import DigestStore
from sla_watchdog.domain.escalation.case import Case, Entry, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.escalation.wakeup import Wakeup

Patch = pytest.MonkeyPatch


def claim_without_rev(patch: Patch) -> None:
    patch.setattr(outbox, "require_rev", lambda *_: None)


def keep_without_rev(patch: Patch) -> None:
    patch.setattr(case_writes, "require_rev", lambda *_: None)


def settle_without_token(patch: Patch) -> None:
    patch.setattr(
        claimed_entry.ClaimedEntry, "change", lambda _: claimed_entry.Expression().add("rev")
    )
    patch.setattr(claimed_entry.ClaimedEntry, "is_in", lambda *_: True)


def next_at_without_the_lease(patch: Patch) -> None:
    def wakeup_for(evaluated: Plan, case: Case) -> Wakeup:
        return Wakeup(evaluated.next_at, evaluated.urgent)

    for module in ("evaluator", "wakeup"):
        patch.setattr(f"sla_watchdog.usecases.judging.{module}.wakeup_for", wakeup_for)


def digest_never_known_as_sent(patch: Patch) -> None:
    patch.setattr(DigestStore, "is_sent", lambda *_: False)


def digest_marked_before_it_is_sent(patch: Patch) -> None:
    put = DigestStore.put

    def put_marked(self: DigestStore, digest: str, *rest: object) -> bool:
        return put(self, digest, *rest) and self.mark_sent(digest, 0, "")  # type: ignore[arg-type]

    patch.setattr(DigestStore, "put", put_marked)


def level_reached_when_claimed(patch: Patch) -> None:
    claim = outbox.Outbox.claim

    def claimed(
        self: outbox.Outbox, case: Case, entries: dict[str, Entry], *rest: object
    ) -> Case | None:
        stored = claim(self, case, entries, *rest)  # type: ignore[arg-type]
        for key, entry in entries.items():
            reached = {
                (a.clock_key, key): LastNotified(a.level, a.repetition, 0, Outcome.SENT)
                for a in entry.alerts
            }
            self._items.update(
                f"C#{case.id}",
                "W",
                claimed_entry.ClaimedEntry(case, key, entry.token).reaching(reached),
            )
        return stored

    patch.setattr(outbox.Outbox, "claim", claimed)


def play_frozen_for_hours(world: World) -> None:
    """A process stands still until the levels after the one that it sends have been told by others."""
    world.freeze = 5 * 3600
    play(world)


@frozen
class Mutant:
    change: Callable[[Patch], None]
    fault: Fault
    operation: str
    play: Callable[[World], None] = play

    def points(self) -> Points:
        """At every such call, until one breaks a promise."""
        return Points(
            rules,
            self.play,
            lambda call, fault: fault is self.fault and call.operation == self.operation,
            alike=self.play is play,
            enough=1,
        )


FROZEN = Mutant(settle_without_token, Fault.FROZEN, "TransactWriteItems", play_frozen_for_hours)
MUTANTS = [
    Mutant(claim_without_rev, Fault.TICKED, "UpdateItem"),
    Mutant(keep_without_rev, Fault.TRACKED, "UpdateItem"),
    Mutant(next_at_without_the_lease, Fault.DIES_AFTER, "UpdateItem"),
    Mutant(digest_never_known_as_sent, Fault.DIES_BEFORE, "TransactWriteItems"),
    Mutant(digest_marked_before_it_is_sent, Fault.DIES_BEFORE, "Publish"),
    Mutant(level_reached_when_claimed, Fault.DIES_BEFORE, "Publish"),
    FROZEN,
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.change.__name__)
def test_without_it_a_promise_is_broken(mutant: Mutant, monkeypatch: Patch) -> None:
    mutant.change(monkeypatch)
    assert mutant.points().run().broken


def test_with_the_token_nobody_who_wakes_hours_later_breaks_one() -> None:
    assert FROZEN.points().run().broken == []
