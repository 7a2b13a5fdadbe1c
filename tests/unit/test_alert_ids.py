"""Keys of clocks and ids of alerts: what is written is read again, whatever a ticket is called."""

from __future__ import annotations

import pytest

from sla_watchdog.domain.clocks.clock_key import ClockKey
from sla_watchdog.domain.escalation.alert_id import AlertId

SUBJECTS = ("T-1", "a/b", "desk 7/resolution", "é")


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("clock", ["resolution", "cleared", "withdrawn:update", "finding:stream"])
def test_what_is_written_of_a_clock_is_read_again(subject: str, clock: str) -> None:
    key = ClockKey(subject, clock, 2)
    assert key.text == f"{subject}/{clock}/2"
    assert ClockKey.of_text(key.text) == key


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("recipient", ["owner", "owner-urgent:kim", "team:web/mobile"])
def test_what_is_written_of_an_alert_is_read_again(subject: str, recipient: str) -> None:
    alert = AlertId(ClockKey(subject, "resolution", 1), 0, 3, recipient)
    assert alert.text == f"{subject}/resolution/1/0/3/{recipient}"
    assert AlertId.of_text(alert.text) == alert


@pytest.mark.parametrize("text", ["", "T-1", "T-1/resolution/1", "T-1/resolution/x/0/0/owner"])
def test_what_is_no_id_of_an_alert_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no id of an alert"):
        AlertId.of_text(text)


def test_a_withdrawal_names_what_it_takes_back() -> None:
    key = ClockKey("T-1", "resolution", 2)
    assert key.withdrawal.text == "T-1/withdrawn:resolution/2"
    assert key.withdrawal.withdrawn == key
