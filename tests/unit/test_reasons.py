"""Every reason has its words, and is read again from them; so are the words of stored items."""

from types import UnionType
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_watchdog.domain.clocks.data_problems import (
    AsWritten,
    BeyondHolidays,
    DeletedUnresolved,
    Downgraded,
    LooksAlike,
    MergedInCircle,
    MergedIntoEnded,
    MergedIntoItself,
    MergedIntoUnseen,
    NoDeadline,
    TooManyTickets,
    UnknownPriority,
    UnknownStatus,
)
from sla_watchdog.domain.escalation.reasons import (
    Ended,
    FieldChanged,
    HistoryCorrected,
    LevelDue,
    MergedInto,
    NoOwner,
    OutsideHours,
    Passed,
    Paused,
    PolicyChanged,
    Promised,
    Reason,
    RecordDeleted,
    Reminder,
    Reopened,
    Silenced,
    Unreachable,
)
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.tickets.lookalikes import QUOTED_BY_ANOTHER
from sla_watchdog.domain.tickets.ticket_fields import MOVE_DEADLINES
from sla_watchdog.presentation.text.reason import SENTENCES, read_reason, worded

WORDS: list[tuple[Reason, str]] = [
    (LevelDue(), "due"),
    (Reminder(None), "reminder: still unresolved"),
    (Reminder(3, only_waits=True), "reminder 3: still unanswered"),
    (Reminder(None, only_waits=True), "reminder: still unanswered"),
    (Reminder(3), "reminder 3: still unresolved"),
    (Reopened(1), "it was reopened (once)"),
    (Reopened(2), "it was reopened (2 times)"),
    (NoOwner(), "it has no owner"),
    (Unreachable("owner:Kim"), "owner:Kim cannot be reached"),
    (Silenced("Kim", "moving: their mail"), "silenced by Kim: moving: their mail"),
    (Silenced("", "moving"), "silenced by somebody: moving"),
    (Promised("Kim"), "acknowledged by Kim, who promised an update"),
    (Promised(""), "acknowledged by somebody, who promised an update"),
    (Promised("Kim", end=True), "acknowledged by Kim, who promised to resolve it"),
    (Promised("", end=True), "acknowledged by somebody, who promised to resolve it"),
    (OutsideHours("manager"), "outside the hours of manager"),
    (Passed(3), "passed: level 3 was due"),
    (Ended("resolved"), "resolved"),
    (Ended("closed"), "closed"),
    (MergedInto("T-2"), "merged into T-2"),
    (RecordDeleted(), "its record was deleted"),
    (Paused(), "it is paused"),
    (PolicyChanged(), "the policy was changed"),
    (FieldChanged("priority"), "its priority was changed"),
    (FieldChanged("customer_tier"), "its customer tier was changed"),
    (HistoryCorrected(), "its history was put right"),
    (AsWritten("created_at: missing"), "created_at: missing"),
    (AsWritten(""), ""),
    (DeletedUnresolved(), "the record was deleted while the ticket was unresolved"),
    (UnknownStatus("it's off"), 'status "it\'s off" is in no group of the policy file'),
    (UnknownPriority("P9"), "priority 'P9' is not in the policy file"),
    (
        TooManyTickets("case_id", "C-1", 50),
        "case_id 'C-1' names a case of 50 tickets already; this one is judged by itself",
    ),
    (NoDeadline("due_at", None, None), "due_at: missing, so the one before counts on"),
    (NoDeadline("due_at", None, Metric.RESOLUTION), "due_at: missing, so resolution has none"),
    (
        NoDeadline("due_at", "soon", None),
        "due_at: 'soon' is no deadline, so the one before counts on",
    ),
    (
        NoDeadline("due_at", ("a", "b"), Metric.UPDATE),
        "due_at: ('a', 'b') is no deadline, so update has none",
    ),
    (
        LooksAlike("T-1", "T-0", 0, "URL"),
        "T-1 looks like T-0, less than a day old: same customer, same URL",
    ),
    (
        LooksAlike("T-1", "T-0", 1, "routine subject"),
        "T-1 looks like T-0, 1 day old: same customer, same routine subject",
    ),
    (
        LooksAlike("T-1", "T-0", 10, "reference"),
        "T-1 looks like T-0, 10 days old: same customer, same reference",
    ),
    (
        LooksAlike("T-1", "T-0", 0, QUOTED_BY_ANOTHER),
        "T-1 of another customer quotes the id of T-0, less than a day old",
    ),
    (
        LooksAlike("T-1", "T-0", 1, QUOTED_BY_ANOTHER),
        "T-1 of another customer quotes the id of T-0, 1 day old",
    ),
    (
        LooksAlike("T-1", "T-0", 10, QUOTED_BY_ANOTHER),
        "T-1 of another customer quotes the id of T-0, 10 days old",
    ),
    (
        Downgraded(Metric.RESOLUTION, "calm"),
        "resolution: moved to the policy 'calm' shortly before its deadline",
    ),
    (
        MergedIntoEnded("T-2"),
        ("merged into T-2, which is over or deleted; it counts as open"),
    ),
    (MergedIntoUnseen("T-2"), "merged into T-2, which was never seen; it counts as open"),
    (MergedInCircle("T-2"), "merged in a circle (into T-2)"),
    (MergedIntoItself(), "merged into itself"),
    (
        BeyondHolidays(2027, "office"),
        (
            "due after 2027-12-31, up to which the holidays of the calendar 'office' are known; "
            "deploy again, or list later ones in the policy file"
        ),
    ),
]


def kinds(union: UnionType) -> set[type]:
    return set(get_args(union))


@pytest.mark.parametrize(("reason", "words"), WORDS, ids=[words[:40] for _, words in WORDS])
def test_a_reason_is_worded_and_read_again(reason: Reason, words: str) -> None:
    assert worded(reason) == words
    assert read_reason(words) == reason


def test_every_reason_has_its_words() -> None:
    assert {type(reason) for reason, _ in WORDS} == kinds(Reason)
    assert {known.kind for known in SENTENCES} == kinds(Reason)


def test_every_sentence_is_said_of_some_reason() -> None:
    said = {known.template for known in SENTENCES for reason, _ in WORDS if known.fits(reason)}
    unsaid = {known.template for known in SENTENCES} - said
    assert unsaid == {"its due at was changed"}


@pytest.mark.parametrize("field", sorted(MOVE_DEADLINES))
def test_every_field_that_moves_a_deadline_is_named_in_words(field: str) -> None:
    assert worded(FieldChanged(field)) == f"its {field.replace('_', ' ')} was changed"
    assert read_reason(worded(FieldChanged(field))) == FieldChanged(field)


@given(st.text())
def test_any_text_is_read_and_said_as_it_was(text: str) -> None:
    assert worded(read_reason(text)) == text


@given(st.text(min_size=1))
def test_a_status_is_read_as_it_was_whatever_is_in_it(status: str) -> None:
    assert read_reason(worded(UnknownStatus(status))) == UnknownStatus(status)
