"""What a claim stores of its alerts is read as it was, and what an older version stored is read."""

from __future__ import annotations

import pytest

from sla_watchdog.adapters.dynamodb.case_item import entry_in, entry_map, reached_map
from sla_watchdog.domain.escalation.case import (
    Alert,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.presentation.text.reason import read_reason


@pytest.mark.parametrize(
    ("repetition", "reminder", "waits"),
    [(0, 0, False), (8, 0, True), (8, 3, False), (8, None, False), (0, 1, False)],
)
def test_a_claim_keeps_the_number_of_its_reminder(
    repetition: int, reminder: int | None, waits: bool
) -> None:
    to = Recipient("executive")
    alert = Alert(
        "T-1",
        "age",
        1,
        1,
        repetition,
        to,
        Severity.CRITICAL,
        5,
        read_reason("due"),
        reminder,
        waits,
    )
    entry = Entry("token", 9, (alert,))
    assert entry_in(entry_map(entry)) == entry
    assert alert.urgent is not waits


def test_a_claim_and_a_level_of_an_older_version_are_read() -> None:
    alert = Alert(
        "T-1",
        "age",
        1,
        1,
        8,
        Recipient("executive"),
        Severity.CRITICAL,
        5,
        read_reason("repetition 8: still unresolved"),
    )
    stored = entry_map(Entry("token", 9, (alert,)))
    stored["alerts"] = [
        {k: v for k, v in each.items() if k != "reminder"} for each in stored["alerts"]
    ]  # type: ignore[attr-defined]
    (read,) = entry_in(stored).alerts
    assert (read.reminder, read.waits, read.urgent) == (None, False, True)
    assert "received" not in reached_map(
        "T-1/age/1", "executive", LastNotified(1, 8, 5, Outcome.SENT)
    )
