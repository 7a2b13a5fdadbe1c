"""Records that go missing: one was deleted; many at once are a table that was emptied, and no case
of it is over.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from building import DAY, HOUR, at, iso, policy, resolution, rule
from desk import Desk
from sla_watchdog.domain.escalation.deletions import Deletions, too_many
from sla_watchdog.presentation.text import Message, render
from sla_watchdog.presentation.text.deletions import held_text
from sla_watchdog.presentation.view.notice import finding_notice

MON = at("2026-03-02T00:00")
LATE = MON + 9 * HOUR
HALF_AN_HOUR = 1800
"""So long an end has to last before anybody hears of it (semantics E9)."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        yield Desk(policy(rule("r", resolution(8 * HOUR)), digest_after=1000))


def names(count: int) -> list[str]:
    return [f"T-{number}" for number in range(count)]


def record(name: str) -> dict[str, object]:
    return {"ticket_id": name, "created_at": MON, "status": "New", "updated_at": MON}


def breached(desk: Desk, count: int) -> list[str]:
    """So many open tickets, each of which somebody was told of."""
    for name in names(count):
        desk.write(**record(name))
    desk.sweep(iso(MON + 60))
    desk.tick(iso(LATE))
    desk.sent()
    return names(count)


def over(desk: Desk) -> set[str]:
    """Tickets of which somebody was told that they are over."""
    alerts = [alert for _, body in desk.sent() for alert in body["alerts"]]
    return {alert["id"].partition("/")[0] for alert in alerts if "/cleared/" in alert["id"]}


def operations(desk: Desk) -> list[str]:
    return [
        alert["reason"]
        for to, body in desk.sent()
        if to == "operations"
        for alert in body["alerts"]
    ]


def held(desk: Desk, seconds: int) -> bool:
    return desk.parts.watch.deletions.read(seconds).held_since is not None


@pytest.mark.parametrize(
    ("missing", "before", "many"),
    [
        pytest.param(1, 1, False, id="the only one"),
        pytest.param(1, 2, False, id="one of two"),
        pytest.param(2, 3, True, id="two of three"),
        pytest.param(2, 5, False, id="two of five"),
        pytest.param(9, 30, False, id="nine of thirty"),
        pytest.param(10, 30, True, id="ten of thirty"),
        pytest.param(10, 100, False, id="ten of a hundred"),
        pytest.param(1000, 100_000, True, id="a thousand of any"),
        pytest.param(3, None, False, id="three of nobody knows how many"),
        pytest.param(10, None, True, id="ten of nobody knows how many"),
    ],
)
def test_how_many_are_too_many(missing: int, before: int | None, many: bool) -> None:
    assert too_many(missing, before) is many


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "unnoticed"])
def test_one_deleted_ticket_is_over_at_once(desk: Desk, streamed: bool) -> None:
    breached(desk, 5)
    desk.delete(iso(LATE + HOUR), "T-3", streamed=streamed)
    desk.tick(iso(MON + 12 * HOUR + 60))
    assert over(desk) == {"T-3"}
    assert not held(desk, MON + 12 * HOUR + 60)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed one by one", "unnoticed"])
def test_a_table_that_empties_tells_nobody_that_it_is_over(desk: Desk, streamed: bool) -> None:
    for name in breached(desk, 30):
        desk.delete(iso(LATE + 600), name, streamed=streamed)
    desk.tick(iso(MON + 12 * HOUR + 60))
    notified = [(to, alert["id"]) for to, body in desk.sent() for alert in body["alerts"]]
    assert not [each for _, each in notified if "/cleared/" in each]
    assert {each.partition("/")[0] for to, each in notified if to == "manager"} == set(names(30)), (
        "the clocks run on"
    )
    assert len([to for to, _ in notified if to == "operations"]) == 1
    assert desk.case("T-7").next_at is not None


def test_operations_find_the_command_and_are_notified_daily_until_it_ends(desk: Desk) -> None:
    for name in breached(desk, 30):
        desk.delete(iso(LATE + 600), name, streamed=False)
    desk.tick(iso(MON + 12 * HOUR + 60))
    (reason,) = operations(desk)
    assert "30 of 30 open tickets have no record" in reason
    assert "sla-watchdog deletions --accept" in reason
    desk.tick(iso(MON + 20 * HOUR))
    assert not operations(desk)
    desk.tick(iso(MON + 37 * HOUR))
    assert len(operations(desk)) == 1


def test_every_sweep_reports_the_violation_until_the_records_are_back(desk: Desk) -> None:
    for name in breached(desk, 30):
        desk.delete(iso(LATE + 600), name, streamed=False)
    for hours in (12, 13, 14):
        desk.sweep(iso(MON + hours * HOUR))
        desk.tick(iso(MON + hours * HOUR + 60))
        last = desk.parts.watch.pulse.last_sweep()
        assert last is not None
        assert last.counts["violations"] == 1
    for name in names(30):
        desk.write(**record(name))
    desk.sweep(iso(MON + 15 * HOUR))
    desk.tick(iso(MON + 15 * HOUR + 60))
    last = desk.parts.watch.pulse.last_sweep()
    assert last is not None
    assert last.counts["violations"] == 0
    assert not held(desk, MON + 16 * HOUR)
    assert over(desk) == set()


def test_those_that_stay_missing_once_the_others_are_back_are_over(desk: Desk) -> None:
    for name in breached(desk, 30):
        desk.delete(iso(LATE + 600), name)
    desk.tick(iso(LATE + 660))
    for name in names(28):
        desk.write(**record(name))
    for hours in (12, 13):
        desk.sweep(iso(MON + hours * HOUR))
        desk.tick(iso(MON + hours * HOUR + 60))
    assert over(desk) == {"T-28", "T-29"}


@pytest.mark.parametrize("count", [9, 30], ids=["a small table", "a larger one"])
@pytest.mark.parametrize("swept", [True, False], ids=["swept meanwhile", "not swept"])
def test_the_first_record_that_comes_back_ends_no_hold(desk: Desk, count: int, swept: bool) -> None:
    for name in breached(desk, count):
        desk.delete(iso(LATE + 600), name)
    desk.tick(iso(LATE + 660))
    if swept:
        desk.sweep(iso(LATE + 720))
    desk.sent()
    for number in range(count // 2):
        desk.put(
            iso(LATE + 900), f"T-{number}", **{**record(f"T-{number}"), "updated_at": LATE + 900}
        )
        desk.tick(iso(LATE + 960))
        assert held(desk, LATE + 960), f"{number + 1} of {count} are back"
    desk.sweep(iso(LATE + 1000))
    desk.tick(iso(LATE + 1060))
    assert held(desk, LATE + 1060)
    assert over(desk) == set()


def test_a_quarter_that_went_missing_is_held_until_half_of_it_is_back(desk: Desk) -> None:
    for name in breached(desk, 40)[:10]:
        desk.delete(iso(LATE + 600), name)
    for number in range(4):
        desk.put(
            iso(LATE + 900), f"T-{number}", **{**record(f"T-{number}"), "updated_at": LATE + 900}
        )
    desk.sweep(iso(LATE + 1000))
    assert held(desk, LATE + 1000)
    desk.put(iso(LATE + 1100), "T-4", **{**record("T-4"), "updated_at": LATE + 1100})
    assert not held(desk, LATE + 1100)


def test_before_the_first_sweep_one_record_of_ten_that_comes_back_ends_no_hold(desk: Desk) -> None:
    for name in names(10):
        desk.put(iso(MON), name, **record(name))
    for name in names(10):
        desk.delete(iso(LATE), name)
    desk.put(iso(LATE + 60), "T-0", **{**record("T-0"), "updated_at": LATE + 60})
    assert held(desk, LATE + 60)


def test_a_hold_that_counts_as_far_as_it_can_is_ended_by_a_sweep_alone(desk: Desk) -> None:
    watch = desk.parts.watch
    watch.pulse.swept(MON, {"tickets_open": 6000})
    watch.deletions.note_missing(names(1200), LATE)
    assert watch.deletions.read(LATE).held_since is not None
    watch.deletions.found_again(names(1200)[:900], LATE + 60)
    assert watch.deletions.read(LATE + 60).held_since is not None, (
        "of two hundred nobody knows here"
    )


def test_a_day_later_operations_still_read_how_many_tickets_there_were(desk: Desk) -> None:
    for name in breached(desk, 9):
        desk.delete(iso(LATE + 600), name)
    desk.tick(iso(LATE + 660))
    desk.sweep(iso(LATE + 720))
    desk.sent()
    desk.tick(iso(LATE + 26 * HOUR))
    (reason,) = operations(desk)
    assert reason.startswith("9 of 9 open tickets have no record")


def test_an_importer_that_clears_and_fills_again_within_minutes_leaves_all_as_it_was(
    desk: Desk,
) -> None:
    for name in breached(desk, 30):
        desk.delete(iso(LATE + 600), name)
    desk.tick(iso(LATE + 630))
    assert held(desk, LATE + 630)
    for name in names(30):
        desk.put(iso(LATE + 700), name, **{**record(name), "updated_at": LATE + 700})
    assert not held(desk, LATE + 700), "no sweep is needed for it"
    desk.tick(iso(LATE + 760))
    assert over(desk) == set()


def test_a_table_cleared_slowly_over_several_sweeps_is_noticed(desk: Desk) -> None:
    everyone = breached(desk, 12)
    notified: set[str] = set()
    for step in range(6):
        for name in everyone[2 * step : 2 * step + 2]:
            desk.delete(iso(LATE + step * HOUR), name)
        desk.sweep(iso(LATE + step * HOUR + 60))
        desk.tick(iso(LATE + step * HOUR + 120))
        notified |= over(desk)
    assert held(desk, LATE + 6 * HOUR)
    assert len(notified) <= 5, "no more than what single deletions may be"


def test_a_table_that_shrinks_slowly_by_records_nobody_looks_at_is_a_violation(desk: Desk) -> None:
    for number in range(40):
        desk.write(
            ticket_id=f"C-{number}",
            created_at=MON,
            status="Closed",
            closed_at=MON + 60,
            updated_at=MON + 60,
        )
    counts = []
    for step in range(4):
        for number in range(12 * step, min(40, 12 * step + 12)):
            if step:
                desk.delete(iso(MON + step * HOUR), f"C-{number - 12}", streamed=False)
        desk.sweep(iso(MON + step * HOUR + 60))
        last = desk.parts.watch.pulse.last_sweep()
        assert last is not None
        counts.append(last.counts["violations"])
    assert counts[:2] == [0, 0]
    assert counts[2] or counts[3]


def test_closed_tickets_that_are_purged_hold_nothing_back_for_long(desk: Desk) -> None:
    breached(desk, 5)
    for number in range(40):
        desk.write(
            ticket_id=f"C-{number}",
            created_at=MON,
            status="Closed",
            closed_at=MON + 60,
            updated_at=MON + 60,
        )
    desk.sweep(iso(MON + 10 * HOUR))
    for number in range(40):
        desk.delete(iso(MON + 11 * HOUR), f"C-{number}", streamed=False)
    desk.sweep(iso(MON + 11 * HOUR))
    assert held(desk, MON + 11 * HOUR)
    desk.sweep(iso(MON + 12 * HOUR))
    assert not held(desk, MON + 12 * HOUR)
    desk.sweep(iso(MON + 13 * HOUR))
    assert not held(desk, MON + 13 * HOUR)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "unnoticed"])
def test_two_of_three_tickets_are_held_until_somebody_says_that_it_was_meant(
    desk: Desk, streamed: bool
) -> None:
    for name in breached(desk, 3)[:2]:
        desk.delete(iso(LATE + 600), name, streamed=streamed)
    desk.tick(iso(MON + 12 * HOUR + 60))
    assert held(desk, MON + 12 * HOUR + 60)
    desk.sent()
    assert desk.parts.watch.deletions.accept(MON + 13 * HOUR, "kim")
    desk.sweep(iso(MON + 13 * HOUR + 60))
    desk.tick(iso(MON + 13 * HOUR + 120))
    assert "T-0" in over(desk)
    assert not held(desk, MON + 13 * HOUR + 120)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "unnoticed"])
def test_once_accepted_everybody_hears_that_it_is_over_and_nothing_is_held_again(
    desk: Desk, streamed: bool
) -> None:
    for name in breached(desk, 30):
        desk.delete(iso(LATE + 600), name, streamed=streamed)
    desk.tick(iso(MON + 12 * HOUR + 60))
    desk.sent()
    assert desk.parts.watch.deletions.accept(MON + 13 * HOUR, "kim")
    notified: set[str] = set()
    for hours in (14, 15, 40, 41):
        desk.sweep(iso(MON + hours * HOUR))
        desk.tick(iso(MON + hours * HOUR + 60))
        notified |= over(desk)
        assert not held(desk, MON + hours * HOUR + 60)
    assert notified == set(names(30))


def test_only_what_is_held_can_be_accepted(desk: Desk) -> None:
    breached(desk, 5)
    assert not desk.parts.watch.deletions.accept(LATE, "kim")


def test_a_resolved_ticket_is_over_while_deletions_are_held(desk: Desk) -> None:
    for name in breached(desk, 30)[1:]:
        desk.delete(iso(LATE + 600), name)
    desk.put(
        iso(LATE + 900), "T-0", **{**record("T-0"), "status": "Resolved", "updated_at": LATE + 900}
    )
    desk.tick(iso(LATE + HALF_AN_HOUR + 960))
    assert over(desk) == {"T-0"}


def test_deletions_days_apart_are_single_ones(desk: Desk) -> None:
    everyone = breached(desk, 4)
    notified: set[str] = set()
    for step, name in enumerate(everyone):
        desk.delete(iso(LATE + 2 * step * DAY), name)
        desk.tick(iso(LATE + 2 * step * DAY + 60))
        notified |= over(desk)
    assert notified == set(everyone)


def counted(desk: Desk) -> int:
    stored = desk.dynamodb.get_item(
        TableName="watch", Key={"pk": {"S": "META"}, "sk": {"S": "deletions"}}
    )
    return sum(name.startswith("m:") for name in stored["Item"])


def test_single_deletions_are_counted_for_a_day_and_then_dropped(desk: Desk) -> None:
    watch = desk.parts.watch
    watch.pulse.swept(MON, {"tickets_open": 100})
    for day in range(6):
        watch.deletions.note_missing([f"SPAM-{day}"], MON + 2 * day * DAY)
    assert counted(desk) == 1


def test_what_older_versions_left_is_dropped_some_at_a_time(desk: Desk) -> None:
    watch = desk.parts.watch
    watch.pulse.swept(MON, {"tickets_open": 10_000})
    watch.deletions.note_missing(names(200), MON)
    watch.deletions.note_missing(["NEXT"], MON + 2 * DAY)
    assert counted(desk) == 151
    for number in range(4):
        watch.deletions.note_missing([f"MORE-{number}"], MON + 2 * DAY + number)
    assert counted(desk) == 5


def test_what_went_missing_before_a_long_hold_began_to_be_long_still_counts(desk: Desk) -> None:
    watch = desk.parts.watch
    watch.deletions.note_missing(names(12), MON)
    watch.deletions.note_missing(["LATER"], MON + 5 * DAY)
    assert counted(desk) == 13
    assert watch.deletions.accept(MON + 5 * DAY, "kim")
    assert counted(desk) == 0


def notified_of(missing: int, open_before: int | None) -> Message:
    known = Deletions({str(number): MON for number in range(missing)}, open_before, held_since=MON)
    return render(finding_notice("Tickets table", "deletions", held_text(known), MON), MON)


@pytest.mark.parametrize(
    ("missing", "open_before", "said"),
    [
        pytest.param(30, 30, "30 of 30 open tickets have no record", id="a few"),
        pytest.param(
            123_456, 234_567, "123456 of 234567 open tickets have no record", id="a large desk"
        ),
        pytest.param(10, None, "10 open tickets have no record", id="nobody knows of how many"),
        pytest.param(0, None, "Many open tickets have no record", id="nobody knows how many"),
    ],
)
def test_the_sms_about_deletions_says_what_happened_and_the_whole_command(
    missing: int, open_before: int | None, said: str
) -> None:
    sms = notified_of(missing, open_before).sms
    assert said in sms
    assert "Meant? sla-watchdog deletions --accept" in sms
    assert "--accept." in sms or "--accept " in sms, "and nothing of it is cut"


def test_the_mail_about_deletions_is_about_no_ticket_and_says_what_to_do() -> None:
    mail = notified_of(30, 30).email
    assert mail.startswith("About the set-up, not about one ticket\n")
    assert "Opened" not in mail
    assert ".." not in mail
    assert "`sla-watchdog deletions --accept`. Else restore" in " ".join(mail.split())
    assert "`sla-watchdog deletions --accept`" in mail, "on one line, to be copied"
    assert "field in the ticket record" not in mail


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "unnoticed"])
def test_what_was_meant_to_be_deleted_is_no_finding_for_good(desk: Desk, streamed: bool) -> None:
    for name in breached(desk, 12):
        desk.delete(iso(LATE + 600), name, streamed=streamed)
    desk.tick(iso(MON + 12 * HOUR + 60))
    desk.sent()
    assert desk.parts.watch.deletions.accept(MON + 13 * HOUR, "kim")
    for hours in (14, 15, 40, 60):
        swept = desk.sweep(iso(MON + hours * HOUR))
        desk.tick(iso(MON + hours * HOUR + 60))
        assert operations(desk) == []
        assert swept.findings_open == 0


def test_what_is_deleted_long_after_others_were_meant_is_a_finding(desk: Desk) -> None:
    for name in breached(desk, 12)[4:]:
        desk.delete(iso(LATE + 600), name)
    desk.tick(iso(MON + 12 * HOUR + 60))
    assert desk.parts.watch.deletions.accept(MON + 13 * HOUR, "kim")
    desk.sweep(iso(MON + 14 * HOUR))
    desk.tick(iso(MON + 14 * HOUR + 60))
    desk.sent()
    desk.delete(iso(MON + 38 * HOUR), "T-0")
    desk.tick(iso(MON + 38 * HOUR + 60))
    assert operations(desk) == ["the record was deleted while the ticket was unresolved"]
