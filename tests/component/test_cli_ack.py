"""The commands `ack` and `snooze`, and who `plan` says will be notified."""

from __future__ import annotations

import pytest

from building import MON, at
from component.cli_desk import NEW, Operator


@pytest.fixture
def late(operator: Operator) -> Operator:
    """One ticket a day old, in mode live."""
    operator.desk.parts.watch.state.set_mode("live", at(f"{MON}T00:00"))
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.tick("2026-03-03T12:00")
    operator.desk.sent()
    return operator


def test_somebody_takes_a_case_and_it_is_in_the_audit(late: Operator) -> None:
    ran = late("ack", "T-1", "--by", "Kim Larsen", "--for", "2h")
    assert ran.code == 0
    assert ran.out.startswith("Kim Larsen takes T-1: next update by Tue 2026-03-03 14:00 +00:00")
    assert ("acknowledged", "acknowledged") in late.desk.outcomes()
    assert late.desk.case().next_at == at("2026-03-03T14:00")
    assert "taken by Kim Larsen" in late("status").out
    (shown,) = late("status", "--json").json["cases"]
    assert shown["promise"] == {"by": "Kim Larsen", "until": "2026-03-03T14:00:00+00:00"}


def test_a_second_ack_is_a_snooze_and_says_so(late: Operator) -> None:
    late("ack", "T-1", "--by", "Kim", "--for", "2h")
    ran = late("ack", "T-1", "--by", "Ade", "--for", "3h")
    assert ran.code == 1
    assert "Kim promised an update already: put it off with `sla-watchdog snooze`" in " ".join(
        ran.err.split()
    )
    assert late("snooze", "T-1", "--by", "Ade", "--for", "3h", "--json").json["answer"] == "snoozed"


def test_a_second_promise_in_a_row_says_that_alerts_continue(late: Operator) -> None:
    late("ack", "T-1", "--by", "Kim", "--for", "2h")
    ran = late("snooze", "T-1", "--by", "Kim", "--for", "14h")
    assert "This is the second promise in a row without progress: alerts continue." in ran.said
    assert "Reminders wait" not in ran.out
    (moved, *_) = late("plan", "--next", "1d", "--json").json
    assert moved["at"] == "2026-03-04T00:00:00+00:00", "as if nothing had been promised"


def test_the_end_can_be_promised_and_a_reply_alone_does_not_keep_it(late: Operator) -> None:
    ran = late("ack", "T-1", "--by", "Kim", "--for", "2h", "--end")
    assert ran.out.startswith("Kim takes T-1: resolved by Tue 2026-03-03 14:00 +00:00")
    assert "A reply alone does not keep it." in ran.said
    (promise,) = late("explain", "T-1", "--json").json["matters"][0]["promises"]
    assert (promise["kind"], promise["held_until"]) == ("end", "2026-03-03T14:00:00+00:00")
    assert "Kim on Tue 2026-03-03 12:00 +00:00: to resolve it by Tue" in late("explain", "T-1").said
    again = late("snooze", "T-1", "--by", "Ade", "--for", "3h", "--json").json
    assert (again["for"], again["in_a_row"], again["holds_back"]) == ("end", 2, False)


def test_nothing_is_put_off_that_nobody_promised(late: Operator) -> None:
    assert "no promise holds now" in " ".join(
        late("snooze", "T-1", "--by", "Kim", "--for", "1h").err.split()
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--for", "4"], "4 of what?"),
        (["--until", "soon"], "--until"),
        (["--until", "2026-03-03T11:00Z"], "is over already"),
        (["--for", "9w"], "too far away: at most"),
    ],
)
def test_a_time_that_cannot_be_promised_is_refused(
    late: Operator, options: list[str], said: str
) -> None:
    ran = late("ack", "T-1", "--by", "Kim", *options)
    assert ran.code in (1, 2)
    assert said in " ".join(ran.err.split())


def test_an_unknown_ticket_is_named(late: Operator) -> None:
    assert "there is no case of 'T-9'" in late("ack", "T-9", "--by", "Kim", "--for", "1h").err


def test_plan_shows_who_is_told_next_and_nothing_that_is_further_away(late: Operator) -> None:
    found = late("plan", "--next", "30d", "--json").json
    assert found
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)
    assert {each["case"] for each in found} == {"T-1"}
    assert late("plan", "--next", "1m", "--json").json == []


def test_plan_fits_a_terminal_and_moves_with_a_promise(late: Operator) -> None:
    ran = late("plan", "--next", "30d")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "03-04 00:00 +00:00 executive resolution, level 4 T-1 City page" in " ".join(
        ran.out.split()
    )
    (repeat, *_) = late("plan", "--next", "1d", "--json").json
    late("ack", "T-1", "--by", "Kim", "--for", "14h")
    (moved, *_) = late("plan", "--next", "1d", "--json").json
    assert (repeat["at"], moved["at"]) == ("2026-03-04T00:00:00+00:00", "2026-03-04T02:00:00+00:00")
