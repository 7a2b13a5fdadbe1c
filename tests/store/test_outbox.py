"""Claim, settle, retry later: what is written, what is refused, and what a repetition does."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from botocore.exceptions import ClientError, ReadTimeoutError

from sla_watchdog.adapters.dynamodb.watch import Settled
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.tickets.facts import Fact
from sla_watchdog.errors import Unstorable
from store.samples import (
    LEAD,
    LEASE,
    NOW,
    OWNER,
    Store,
    a_case,
    an_alert,
    an_entry,
    audit_of,
    reached_by,
    renewed,
)

ENTRY = an_entry()
OTHER = an_entry(LEAD, token="token-2")


def test_a_claim_is_in_the_outbox_and_wakes_at_its_lease_end(store: Store) -> None:
    claimed = store.claimed(ENTRY)
    assert claimed == store.case()
    assert claimed.outbox == {ENTRY.key: ENTRY}
    assert (claimed.next_at, claimed.urgent, claimed.rev) == (NOW + LEASE, True, 2)
    assert [due.case for due in store.due(NOW + LEASE)] == ["T1"]
    assert store.due(NOW + LEASE - 1) == []


def test_a_claim_leaves_the_other_entries_there(store: Store) -> None:
    claimed = store.claimed(ENTRY)
    both = store.watch.outbox.claim(claimed, {OTHER.key: OTHER}, NOW + LEASE, urgent=False)
    assert both == store.case()
    assert both is not None
    assert both.outbox == {ENTRY.key: ENTRY, OTHER.key: OTHER}


def test_an_entry_whose_claim_lapsed_is_claimed_anew(store: Store) -> None:
    claimed = store.claimed(ENTRY)
    again = store.watch.outbox.claim(
        claimed, {ENTRY.key: renewed(ENTRY, "token-9")}, NOW + 2 * LEASE, urgent=True
    )
    assert again is not None
    assert store.case().outbox[ENTRY.key].token == "token-9"


def test_a_claim_on_a_case_written_since_is_refused(store: Store) -> None:
    read = store.kept()
    assert store.watch.cases.keep(evolve(read, next_at=NOW + 5), [])
    assert store.watch.outbox.claim(read, {ENTRY.key: ENTRY}, NOW + LEASE, urgent=True) is None
    assert store.case().outbox == {}


def test_a_claim_repeated_after_its_answer_was_lost_is_the_same_claim(store: Store) -> None:
    read = store.kept()
    first = store.watch.outbox.claim(read, {ENTRY.key: ENTRY}, NOW + LEASE, urgent=True)
    assert store.watch.outbox.claim(read, {ENTRY.key: ENTRY}, NOW + LEASE, urgent=True) == first
    assert store.case() == first
    assert (
        store.watch.outbox.claim(
            read, {ENTRY.key: renewed(ENTRY, "mine")}, NOW + LEASE, urgent=True
        )
        is None
    )
    assert store.watch.outbox.claim(read, {}, NOW + LEASE, urgent=True) is None


def test_no_claim_brings_a_case_into_being(store: Store) -> None:
    assert (
        store.watch.outbox.claim(evolve(a_case(), rev=1), {ENTRY.key: ENTRY}, NOW, urgent=True)
        is None
    )
    assert store.stored("C#T1") == {}


def test_a_judgement_with_nothing_to_send_only_moves_the_wake_up(store: Store) -> None:
    read = store.kept()
    moved = store.watch.outbox.claim(read, {}, NOW + 900, urgent=False)
    assert moved == store.case() == evolve(read, rev=2, next_at=NOW + 900)
    assert store.watch.outbox.claim(moved, {}, None, urgent=True) == store.case()
    assert store.due(NOW + 10**9) == []


# ---------------------------------------------------------------- settle


def test_settling_takes_the_entry_out_and_records_it(store: Store) -> None:
    case = store.claimed(ENTRY, OTHER)
    outcome, settled = store.watch.outbox.settle(
        case, ENTRY.key, ENTRY.token, reached_by(ENTRY), audit_of(ENTRY), NOW + 600, True, NOW
    )
    assert outcome is Settled.DONE
    assert settled == store.case()
    assert settled.outbox == {OTHER.key: OTHER}
    assert settled.reached == reached_by(ENTRY)
    assert (settled.next_at, settled.urgent) == (NOW + 600, True)
    assert {item.alert_id for item in store.audit.of_case("T1")} == {
        alert.id for alert in ENTRY.alerts
    }
    outcome, settled = store.watch.outbox.settle(
        settled, OTHER.key, OTHER.token, reached_by(OTHER), audit_of(OTHER), None, False, NOW
    )
    assert outcome is Settled.DONE
    assert settled == store.case()
    assert settled.outbox == {}
    assert settled.reached == reached_by(ENTRY) | reached_by(OTHER)
    assert store.due(NOW + 10**9) == []


def test_settling_without_a_level_reached_withdraws(store: Store) -> None:
    case = store.claimed(ENTRY)
    outcome, settled = store.watch.outbox.settle(
        case,
        ENTRY.key,
        ENTRY.token,
        {},
        audit_of(ENTRY, outcome=Outcome.SUPPRESSED),
        None,
        False,
        NOW,
    )
    assert (outcome, settled.outbox, settled.reached) == (Settled.DONE, {}, {})
    assert settled == store.case()
    assert {item.outcome for item in store.audit.of_case("T1")} == {Outcome.SUPPRESSED}


def test_settling_twice_changes_nothing_the_second_time(store: Store) -> None:
    case = store.claimed(ENTRY)
    arguments = (
        case,
        ENTRY.key,
        ENTRY.token,
        reached_by(ENTRY),
        audit_of(ENTRY),
        NOW + 600,
        False,
        NOW,
    )
    assert store.watch.outbox.settle(*arguments)[0] is Settled.DONE
    after = store.stored("C#T1")
    # within ten minutes DynamoDB knows the transaction again; without that the token is simply gone
    assert store.watch.outbox.settle(*arguments)[0] in {Settled.DONE, Settled.LOST}
    later = (*arguments[:-1], NOW + 700)
    assert store.watch.outbox.settle(evolve(case, rev=7), *later[1:]) == (
        Settled.LOST,
        evolve(case, rev=7),
    )
    assert store.stored("C#T1") == after
    assert len(store.audit.of_case("T1")) == 2


def test_a_holder_whose_claim_lapsed_settles_nothing(store: Store) -> None:
    mine = store.claimed(ENTRY)
    theirs = store.watch.outbox.claim(
        mine, {ENTRY.key: renewed(ENTRY, "theirs")}, NOW + LEASE, urgent=True
    )
    outcome, known = store.watch.outbox.settle(
        mine, ENTRY.key, ENTRY.token, reached_by(ENTRY), audit_of(ENTRY), None, False, NOW
    )
    assert (outcome, known) == (Settled.LOST, mine)
    assert store.case() == theirs
    assert store.audit.of_case("T1") == []


def test_nothing_is_settled_of_a_case_that_is_gone(store: Store) -> None:
    case = evolve(a_case(), rev=3, outbox={ENTRY.key: ENTRY})
    assert (
        store.watch.outbox.settle(
            case, ENTRY.key, ENTRY.token, {}, audit_of(ENTRY), None, False, NOW
        )[0]
        is Settled.LOST
    )
    assert store.stored("C#T1") == {}


@pytest.mark.parametrize(
    ("next_at", "urgent", "due_at"),
    [
        pytest.param(NOW + 77, True, NOW, id="woke later"),
        pytest.param(NOW - 77, False, NOW - 77, id="was due already"),
        pytest.param(None, False, NOW, id="was not to wake"),
    ],
)
def test_a_case_written_while_its_alert_was_sent_is_settled_and_judged_again(
    store: Store, next_at: int | None, urgent: bool, due_at: int
) -> None:
    case = store.claimed(ENTRY)
    facts = case.facts | [Fact("T1", "status", NOW, "Waiting")]
    assert store.watch.cases.keep(evolve(case, facts=facts, next_at=next_at, urgent=urgent), [])
    outcome, settled = store.watch.outbox.settle(
        case, ENTRY.key, ENTRY.token, reached_by(ENTRY), audit_of(ENTRY), NOW + 10**6, False, NOW
    )
    assert outcome is Settled.OVERTAKEN
    assert settled == store.case()
    assert (settled.facts, settled.outbox, settled.reached) == (facts, {}, reached_by(ENTRY))
    assert (settled.next_at, settled.urgent, settled.rev) == (due_at, urgent, case.rev + 2)
    assert len(store.audit.of_case("T1")) == 2


def test_a_higher_level_replaces_the_lower_one(store: Store) -> None:
    case = store.claimed(ENTRY)
    for level in (0, 1):
        levels = {key: evolve(each, level=level) for key, each in reached_by(ENTRY).items()}
        _, case = store.watch.outbox.settle(
            case, ENTRY.key, ENTRY.token, levels, [], NOW, False, NOW
        )
        claimed = store.watch.outbox.claim(case, {ENTRY.key: ENTRY}, NOW + LEASE, urgent=False)
        assert claimed is not None
        case = claimed
    assert {each.level for each in store.case().reached.values()} == {1}


def test_more_levels_and_audit_items_than_one_transaction_takes_are_settled(store: Store) -> None:
    case = store.claimed(ENTRY)
    reached = {
        (f"T1/finding:{n}/1", ENTRY.key): LastNotified(0, 0, NOW, Outcome.SENT) for n in range(185)
    }
    audit = [AuditItem("T1", NOW, f"T1/finding:{n}/1/0/0", Outcome.SENT, "due") for n in range(95)]
    outcome, settled = store.watch.outbox.settle(
        case, ENTRY.key, ENTRY.token, reached, audit, None, False, NOW
    )
    assert outcome is Settled.DONE
    assert settled == store.case()
    assert settled.reached == reached
    assert sorted(item.alert_id for item in store.audit.of_case("T1")) == sorted(
        item.alert_id for item in audit
    )


def test_a_claim_lost_between_the_parts_of_a_large_settlement_takes_nothing_out(
    store: Store,
) -> None:
    case = store.claimed(ENTRY)
    reached = {
        (f"T1/finding:{n}/1", ENTRY.key): LastNotified(0, 0, NOW, Outcome.SENT) for n in range(200)
    }
    stolen = evolve(case, outbox={ENTRY.key: renewed(ENTRY, "theirs")})

    def steal(params: dict[str, Any], **_: object) -> None:
        store.client.meta.events.unregister(
            "before-parameter-build.dynamodb.TransactWriteItems", steal
        )
        assert store.watch.outbox.claim(case, stolen.outbox, NOW + LEASE, urgent=True) is not None

    store.client.meta.events.register("before-parameter-build.dynamodb.TransactWriteItems", steal)
    outcome, _ = store.watch.outbox.settle(
        case, ENTRY.key, ENTRY.token, reached, [], None, False, NOW
    )
    assert outcome is Settled.LOST
    assert store.case().outbox == stolen.outbox
    assert store.case().reached == {}


# ---------------------------------------------------------------- retry later


@pytest.mark.parametrize(
    ("until", "next_at"),
    [
        pytest.param(NOW + 30, NOW + 30, id="sooner"),
        pytest.param(NOW + 900, NOW + LEASE, id="not later"),
    ],
)
def test_a_send_that_failed_is_tried_again_later(store: Store, until: int, next_at: int) -> None:
    case = store.claimed(ENTRY, OTHER)
    for _ in range(2):
        assert store.watch.outbox.retry_later(case, ENTRY.key, ENTRY.token, until, attempts=2)
    now_stored = store.case()
    assert now_stored.outbox == {
        ENTRY.key: evolve(ENTRY, until=until, attempts=2),
        OTHER.key: OTHER,
    }
    assert (now_stored.next_at, now_stored.urgent) == (next_at, True)
    assert [due.next_at for due in store.due(NOW + 10**6)] == [next_at]
    assert now_stored.rev > case.rev


def test_only_the_holder_retries(store: Store) -> None:
    case = store.claimed(ENTRY)
    assert not store.watch.outbox.retry_later(case, ENTRY.key, "another", NOW + 30, attempts=2)
    assert not store.watch.outbox.retry_later(case, "nobody", ENTRY.token, NOW + 30, attempts=2)
    assert not store.watch.outbox.retry_later(
        evolve(case, id="T9"), ENTRY.key, ENTRY.token, NOW + 30, attempts=2
    )
    assert store.case() == case


# ---------------------------------------------------------------- a transaction that is disturbed


class Disturbed:
    """The client, whose first transactions end in another way: done or not, and with which error."""

    def __init__(self, client: Any, *disturbances: tuple[bool, Exception]) -> None:
        self._client = client
        self._left = list(disturbances)
        self.tokens: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        self.tokens.append(request["ClientRequestToken"])
        if not self._left:
            return self._client.transact_write_items(**request)
        done, error = self._left.pop(0)
        if done:
            self._client.transact_write_items(**request)
        raise error


def cancelled(store: Store, *codes: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return store.client.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


LOST_ANSWER = ReadTimeoutError(endpoint_url="http://example.test")


def settle_with(store: Store, writes: Disturbed) -> tuple[Settled, Case]:
    case = store.claimed(ENTRY)
    return store.watch_with(writes).outbox.settle(
        case, ENTRY.key, ENTRY.token, reached_by(ENTRY), audit_of(ENTRY), NOW + 600, False, NOW
    )


def test_a_conflict_is_asked_again_under_the_same_token(store: Store) -> None:
    conflict = cancelled(store, "TransactionConflict", "None", "None")
    writes = Disturbed(store.client, (False, conflict), (False, conflict))
    assert settle_with(store, writes) == (Settled.DONE, store.case())
    assert len(writes.tokens) == 3
    assert len(set(writes.tokens)) == 1
    assert len(store.pauses) == 2


def test_a_transaction_whose_answer_was_lost_is_applied_once(atomic_store: Store) -> None:
    """moto ignores the token, and would report the claim as lost."""
    writes = Disturbed(atomic_store.client, (True, LOST_ANSWER))
    outcome, settled = settle_with(atomic_store, writes)
    assert (outcome, settled) == (Settled.DONE, atomic_store.case())
    assert settled.rev == 3
    assert len(set(writes.tokens)) == 1


def test_a_transaction_that_never_arrived_is_sent_again(store: Store) -> None:
    writes = Disturbed(store.client, (False, LOST_ANSWER))
    assert settle_with(store, writes) == (Settled.DONE, store.case())


def test_after_enough_conflicts_it_is_settled_alone_and_its_record_waits_for_a_sweep(
    store: Store,
) -> None:
    conflict = cancelled(store, "TransactionConflict", "None", "None")
    writes = Disturbed(store.client, *[(False, conflict)] * 99)
    answer, stored = settle_with(store, writes)
    assert (answer, stored) == (Settled.DONE, store.case())
    assert len(writes.tokens) < 10
    assert store.case().outbox == {}
    assert store.audit.of_case("T1") == []
    [case] = store.watch.inspection.page(0, 1, None).unaudited
    waiting = store.watch.items.read("C#T1", "W")
    assert store.watch.outbox.audit_what_waits(case) == len(store.audit.of_case("T1")) == 2
    assert store.watch.inspection.page(0, 1, None).unaudited == ()
    assert store.watch.outbox.audit_what_waits(case) is None
    store.client.put_item(TableName=store.names["watch"], Item=waiting)  # it died in between
    assert store.watch.outbox.audit_what_waits(case) == 2, "a repetition puts the same again"
    assert len(store.audit.of_case("T1")) == 2


def test_where_only_its_answer_was_lost_again_and_again_nothing_waits_twice(store: Store) -> None:
    """The transaction was applied: the entry is out, so the case is not written a second time."""
    lost = ReadTimeoutError(endpoint_url="https://dynamodb")
    writes = Disturbed(store.client, *[(True, lost)] * 99)
    answer, _ = settle_with(store, writes)
    assert answer is Settled.LOST
    assert store.case().outbox == {}
    assert len(store.audit.of_case("T1")) == 2
    assert store.watch.inspection.page(0, 1, None).unaudited == ()


def test_what_dynamodb_refuses_for_good_is_not_asked_again(store: Store) -> None:
    refusal = cancelled(store, "None", "ValidationError", "None")
    writes = Disturbed(store.client, (False, refusal))
    with pytest.raises(Unstorable):
        settle_with(store, writes)
    assert len(writes.tokens) == 1
    assert store.case().outbox == {ENTRY.key: ENTRY}


def test_different_settlements_have_different_tokens(store: Store) -> None:
    case = store.claimed(ENTRY, OTHER)
    writes = Disturbed(store.client)
    for entry in (ENTRY, OTHER):
        _, case = store.watch_with(writes).outbox.settle(
            case, entry.key, entry.token, {}, [], None, False, NOW
        )
    assert len(set(writes.tokens)) == 2


def test_a_recipient_may_be_called_anything(store: Store) -> None:
    """Dots, reserved words, blanks, non-Latin scripts, and names longer than any placeholder may
    be.
    """
    for number, name in enumerate(("a.b[0]", "status", " ", "Ωμέγα 🦊" * 30, "x" * 250, "#k :v")):
        recipient = evolve(OWNER, of=name)
        entry = evolve(an_entry(recipient, token=f"t{number}"), alerts=(an_alert(recipient),))
        case = store.case() if number else store.kept()
        claimed = store.watch.outbox.claim(case, {entry.key: entry}, NOW + LEASE, urgent=False)
        assert claimed is not None
        assert store.watch.outbox.retry_later(claimed, entry.key, entry.token, NOW + 10, attempts=2)
        outcome, settled = store.watch.outbox.settle(
            store.case(),
            entry.key,
            entry.token,
            reached_by(entry),
            audit_of(entry),
            NOW,
            False,
            NOW,
        )
        assert (outcome, settled) == (Settled.DONE, store.case())
    assert len(store.case().reached) == 6
