"""What the values of a policy file mean once they are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from sla_watchdog.domain.policy.digest_time import DigestTime
from sla_watchdog.domain.policy.model import (
    After,
    Age,
    Audience,
    Before,
    Condition,
    Level,
    Metric,
    Percent,
    Repeat,
)
from sla_watchdog.tools.policy_file import PolicyForm, read_policy
from sla_watchdog.tools.policy_file.opening_hours import OpeningSpan
from sla_watchdog.tools.policy_file.values import folded

GOOD = (Path(__file__).parent / "policy_files" / "good.yaml").read_text()
MINUTE, HOUR, DAY = 60, 3600, 86400


def form_of(text: str) -> PolicyForm:
    return read_policy(text, "policy.yaml", date(2026, 3, 1)).form


def changed(*changes: tuple[str, str]) -> PolicyForm:
    text = GOOD
    for old, new in changes:
        assert text.count(old) >= 1
        text = text.replace(old, new, 1)
    return form_of(text)


@pytest.mark.parametrize(
    "status", ["NO", "on", "Yes", "null", "~", "22:00", "1_000", "0x1F", "2026-12-24", "1.0"]
)
def test_what_yaml_would_take_for_something_else_stays_text(status: str) -> None:
    statuses = changed(("[New, Active]", f"[New, {status}]")).policy.statuses
    assert [text for text, group in statuses.items() if group == "open"] == ["new", folded(status)]


def test_a_country_may_be_norway() -> None:
    form = changed(("country: US\n      subdivision: NY", "country: NO"))
    assert form.calendars["office"].holidays.country == "NO"


def test_a_block_without_keys_may_be_left_open() -> None:
    start, end = GOOD.index("      country:"), GOOD.index("    exceptions:")
    holidays = form_of(GOOD[:start] + GOOD[end:]).calendars["office"].holidays
    assert (holidays.country, holidays.dates) == (None, ())


def test_one_value_alone_is_a_list_of_one() -> None:
    policy = changed(
        ("open: [New, Active]", "open: New"), ("tell: [manager]}", "tell: manager}")
    ).policy
    assert [text for text, group in policy.statuses.items() if group == "open"] == ["new"]
    assert policy.ladders["standard"].levels[2].tell == ("manager",)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 30 * MINUTE),
        ("8h", 8 * HOUR),
        ("1h30m", 90 * MINUTE),
        ("90m", 90 * MINUTE),
        ("1m", MINUTE),
        ("43800h", 5 * 365 * DAY),
    ],
)
def test_open_time_is_hours_and_minutes(text: str, seconds: int) -> None:
    policy = changed(("{resolution: 40h}", f"{{resolution: {text}}}")).policy
    (resolution,) = policy.rules[-1].targets
    assert (resolution.metric, resolution.within) == (Metric.RESOLUTION, seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("36h", 36 * HOUR), ("10d", 10 * DAY), ("2w", 14 * DAY), ("1w1d2h", 8 * DAY + 2 * HOUR)],
)
def test_an_age_may_be_days_and_weeks(text: str, seconds: int) -> None:
    ceilings = changed(("age: 14d", f"age: {text}")).policy.ceilings
    assert ceilings.levels[0].trigger == Age(seconds)


def test_levels_say_when_they_are_due_and_who_is_told() -> None:
    ladders = form_of(GOOD).policy.ladders
    assert ladders["reply"].levels == (
        Level(Percent(75), ("owner",)),
        Level(After(0), ("owner", "team-lead"), repeat=Repeat(8 * HOUR, doubling=False)),
    )
    assert ladders["standard"].levels == (
        Level(Before(HOUR), ("owner",)),
        Level(After(0), ("owner", "team-lead"), urgent=True),
        Level(After(4 * HOUR), ("manager",)),
        Level(After(16 * HOUR), ("executive",), repeat=Repeat(DAY, doubling=True)),
    )


def test_the_last_ceiling_repeats_weekly_unless_it_says_otherwise() -> None:
    assert form_of(GOOD).policy.ceilings.levels == (
        Level(Age(14 * DAY), ("manager",)),
        Level(Age(30 * DAY), ("executive",), repeat=Repeat(7 * DAY, doubling=False)),
    )
    daily = changed(
        ("{age: 30d, tell: [executive]}", "{age: 30d, tell: [executive], urgent: true, repeat: 1d}")
    )
    assert daily.policy.ceilings.levels[1] == Level(
        Age(30 * DAY), ("executive",), urgent=True, repeat=Repeat(DAY, doubling=True)
    )


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("region: emea", Condition("region", any_of=frozenset({"emea"}))),
        (
            "region: [EMEA, ' North  America ']",
            Condition("region", any_of=frozenset({"emea", "north america"})),
        ),
        ("region: missing", Condition("region", missing=True)),
        ("region: 'missing'", Condition("region", any_of=frozenset({"missing"}))),
        ("region: {not: missing}", Condition("region", missing=True, negate=True)),
        ("region: {not: [a, b]}", Condition("region", any_of=frozenset({"a", "b"}), negate=True)),
        ("not: {region: [a, b]}", Condition("region", any_of=frozenset({"a", "b"}), negate=True)),
        ("region: {at_least: 3}", Condition("region", at_least=3)),
        ("region: {at_least: -0.5}", Condition("region", at_least=-0.5)),
        ("not: {region: {at_least: 3}}", Condition("region", at_least=3, negate=True)),
        ("region: {not: {at_least: 3}}", Condition("region", at_least=3, negate=True)),
        ("region: NO", Condition("region", any_of=frozenset({"no"}))),
    ],
)
def test_a_condition_has_a_form_for_each_thing_it_can_say(
    written: str, condition: Condition
) -> None:
    assert changed(("region: {not: missing}", written)).policy.rules[0].when[-1] == condition


def test_a_target_takes_the_ladder_of_its_policy_unless_it_names_one() -> None:
    policy = form_of(GOOD).policy
    targets = {target.metric: target for target in policy.rules[0].targets}
    assert targets[Metric.FIRST_RESPONSE].ladder == policy.ladders["reply"]
    assert targets[Metric.RESOLUTION].ladder == policy.ladders["standard"]
    assert targets[Metric.RESOLUTION].pauses_in == {"waiting"}
    assert targets[Metric.RESOLUTION].stops_at == "closed"
    assert targets[Metric.FIRST_RESPONSE].stops_at == "resolved"


def test_a_policy_may_leave_its_tickets_to_the_ceilings() -> None:
    form = changed(("    ladder: standard\n    targets: {resolution: 40h}", "    targets: {}"))
    assert form.policy.rules[-1].targets == ()


def test_audiences_are_one_topic_or_one_for_each() -> None:
    assert form_of(GOOD).policy.audiences == {
        "owner": Audience("owner", each="assignee"),
        "team-lead": Audience("team-lead", each="team"),
        "manager": Audience("manager", hours="office"),
        "executive": Audience("executive"),
    }
    audiences = changed(("executive: {}", "executive:")).policy.audiences
    assert audiences["executive"] == Audience("executive")


@pytest.mark.parametrize(
    ("written", "weekdays", "seconds"),
    [
        ("09:00", range(7), 9 * HOUR),
        ('"9:05"', range(7), 9 * HOUR + 5 * MINUTE),
        ("daily 00:00", range(7), 0),
        ("mon 09:00", [0], 9 * HOUR),
        ("fri-mon 09:00", [0, 4, 5, 6], 9 * HOUR),
        ("mon-fri 23:59", range(5), 24 * HOUR - MINUTE),
        ('"mon,thu 09:00"', [0, 3], 9 * HOUR),
        ('"mon, sat-sun  09:00"', [0, 5, 6], 9 * HOUR),
    ],
)
def test_a_digest_is_a_time_of_some_days(
    written: str, weekdays: Iterable[int], seconds: int
) -> None:
    form = changed(("executive: {}", f"executive: {{digest: {written}}}"))
    expected = DigestTime(frozenset(weekdays), seconds)
    assert form.policy.audiences["executive"].digest == expected


def test_some_things_come_at_once_unless_the_file_says_otherwise() -> None:
    quiet = "executive: {digest: 09:00, at_once: []}"
    some = "executive: {digest: 09:00, at_once: [ceiling, urgent]}"
    audiences = [
        changed(("executive: {}", written)).policy.audiences["executive"]
        for written in ("executive: {digest: 09:00}", quiet, some)
    ]
    assert [audience.at_once for audience in audiences] == [
        {"breach", "urgent", "broken-promise", "again"},
        set(),
        {"ceiling", "urgent"},
    ]


@pytest.mark.parametrize(
    ("audience", "timezone", "zone"),
    [
        ("{hours: office, digest: 09:00}", "timezone: Europe/Berlin\n", "America/New_York"),
        ("{digest: 09:00}", "timezone: Europe/Berlin\n", "Europe/Berlin"),
        ("{digest: 09:00}", "", "UTC"),
    ],
    ids=["its hours", "the policy", "the last rule"],
)
def test_the_time_of_a_digest_is_in_the_zone_of(audience: str, timezone: str, zone: str) -> None:
    form = changed(("timezone: UTC\n", timezone), ("executive: {}", f"executive: {audience}"))
    executive = form.policy.audiences["executive"]
    assert form.policy.zone_of(executive).key == zone


@pytest.mark.parametrize(
    "written", ["{ticket_id: ticket_id}", '{ticket_id: "{ticket_id}"}'], ids=["name", "template"]
)
def test_the_key_of_a_plain_table_may_name_the_id_itself(written: str) -> None:
    form = changed(('{pk: "TICKET#{ticket_id}", sk: META}', written))
    assert form.policy.source.key == {"ticket_id": "{ticket_id}"}


def test_without_a_source_the_key_is_the_ticket_id() -> None:
    start, end = GOOD.index("source:"), GOOD.index("fields:")
    assert form_of(GOOD[:start] + GOOD[end:]).policy.source.key == {"ticket_id": "{ticket_id}"}


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("sat", ["sat"]),
        ("sat-sun", ["sat", "sun"]),
        ("sat-sat", ["sat"]),
    ],
)
def test_days_are_single_or_ranges(written: str, days: list[str]) -> None:
    hours = changed(("sat: [", f"{written}: [")).calendars["office"].hours
    assert [
        day for day, segments in hours.items() if segments == (OpeningSpan("10:00", "14:00"),)
    ] == days


def test_a_range_of_days_may_run_over_the_weekend() -> None:
    form = changed(("mon-fri: [", "fri-mon: ["), ('sat: ["10:00-14:00"]', "wed: []"))
    assert set(form.calendars["office"].hours) == {"fri", "sat", "sun", "mon", "wed"}


@pytest.mark.parametrize(
    ("written", "segments"),
    [
        ('["22:00-06:00"]', (OpeningSpan("22:00", "06:00"),)),
        ("[22:00-24:00]", (OpeningSpan("22:00", "24:00"),)),
        ("[22:00-00:00]", (OpeningSpan("22:00", "00:00"),)),
        ("9:00 - 17:30", (OpeningSpan("09:00", "17:30"),)),
        (
            "[13:00-17:00, 09:00-12:00]",
            (OpeningSpan("09:00", "12:00"), OpeningSpan("13:00", "17:00")),
        ),
        (
            "[09:00-12:00, 12:00-17:00]",
            (OpeningSpan("09:00", "12:00"), OpeningSpan("12:00", "17:00")),
        ),
        ("[00:00-24:00]", (OpeningSpan("00:00", "24:00"),)),
    ],
    ids=[
        "night shift",
        "to midnight",
        "to midnight, as 00:00",
        "short form",
        "sorted",
        "touching",
        "whole day",
    ],
)
def test_hours_are_segments_of_a_day(written: str, segments: tuple[OpeningSpan, ...]) -> None:
    assert changed(('["10:00-14:00"]', written)).calendars["office"].hours["sat"] == segments
