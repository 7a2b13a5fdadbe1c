"""From the policy file to what Lambda reads, and back; and what a damaged one says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sla_watchdog.domain.policy.compiled import DamagedPolicy, canonical, load
from sla_watchdog.domain.policy.model import (
    SIGNALS,
    Acknowledge,
    After,
    Age,
    Audience,
    Before,
    Carried,
    Condition,
    Count,
    Ladder,
    Level,
    Matters,
    Metric,
    Open,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Rule,
    Source,
    Target,
)
from sla_watchdog.tools.policy_file import compile_policy, read_policy

GOOD, FULL = (
    (Path(__file__).parent / "policy_files" / name).read_text()
    for name in ("good.yaml", "full.yaml")
)
TODAY = date(2026, 3, 1)
MINUTE, HOUR, DAY = 60, 3600, 86400
NEW_YORK = ZoneInfo("America/New_York")


def compiled(text: str = GOOD, today: date = TODAY) -> str:
    return compile_policy(read_policy(text, "policy.yaml", today).form, today)


def policy(text: str = GOOD) -> Policy:
    return load(compiled(text))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp())


# ------------------------------------------------------------------ what comes back


def test_rules_come_back_as_they_were_written() -> None:
    reply = Ladder(
        "reply",
        (
            Level(Percent(75), ("owner",)),
            Level(After(0), ("owner", "team-lead"), repeat=Repeat(8 * HOUR, doubling=False)),
        ),
    )
    standard = Ladder(
        "standard",
        (
            Level(Before(HOUR), ("owner",)),
            Level(After(0), ("owner", "team-lead"), urgent=True),
            Level(After(4 * HOUR), ("manager",)),
            Level(After(16 * HOUR), ("executive",), repeat=Repeat(DAY, doubling=True)),
        ),
    )
    assert policy().rules == (
        Rule(
            "government",
            (
                Condition("customer_tier", any_of=frozenset({"government", "enterprise"})),
                Condition("priority", any_of=frozenset({"urgent"})),
                Condition("region", missing=True, negate=True),
            ),
            "office",
            (
                Target(Metric.FIRST_RESPONSE, HOUR, reply),
                Target(Metric.RESOLUTION, 16 * HOUR, standard, frozenset({"waiting"}), "closed"),
            ),
        ),
        Rule("everything-else", (), "always", (Target(Metric.RESOLUTION, 40 * HOUR, standard),)),
    )


def test_the_desk_comes_back_as_it_was_written() -> None:
    found = policy()
    assert found.source == Source(
        key={"pk": "TICKET#{ticket_id}", "sk": "META"},
        only={"entity": frozenset({"Ticket"})},
        fields={"created_at": "opened_at", "region": "site.region"},
    )
    assert found.timezone == "UTC"
    assert found.statuses["awaiting user info"] == "waiting"
    assert found.statuses["active"] == "open"
    assert found.priorities == {"1 - critical": "urgent", "3 - moderate": "normal"}
    assert found.severity == ("urgent", "normal")
    assert found.bots == frozenset({"auto-reply"})
    assert found.shared == frozenset({"queue"})
    assert found.digest_after == 7


def test_audiences_and_ceilings_come_back_as_they_were_written() -> None:
    found = policy()
    assert found.audiences["owner"] == Audience("owner", each="assignee")
    assert found.audiences["manager"] == Audience("manager", hours="office")
    assert found.ceilings == Ladder(
        "ceilings",
        (
            Level(Age(14 * DAY), ("manager",)),
            Level(Age(30 * DAY), ("executive",), repeat=Repeat(7 * DAY, doubling=False)),
        ),
    )


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-04T09:00", True),
        ("2026-03-04T12:30", False),
        ("2026-03-04T13:30", True),
        ("2026-03-04T18:00", False),
        ("2026-03-07T13:59", True),
        ("2026-03-08T11:00", False),
        ("2026-11-26T11:00", False),
        ("2031-07-04T11:00", False),
        ("2026-02-12T11:00", False),
        ("2026-12-24T11:00", False),
        ("2026-12-31T11:00", True),
        ("2026-12-31T14:00", False),
    ],
    ids=[
        "opening",
        "lunch",
        "after lunch",
        "closing",
        "a saturday",
        "a sunday",
        "a holiday of the country",
        "one in five years",
        "one of the state (Lincoln)",
        "a date of one's own",
        "an exception",
        "after it",
    ],
)
def test_calendars_open_when_the_file_says(moment: str, is_open: bool) -> None:
    assert policy().calendars["office"].is_open(at(moment)) is is_open


def test_a_night_shift_closes_on_the_next_date() -> None:
    night = policy(GOOD.replace('sat: ["10:00-14:00"]', 'sat: ["22:00-06:00"]')).calendars["office"]
    assert [
        night.is_open(at(f"2026-03-{moment}"))
        for moment in ("07T21:59", "07T22:00", "08T05:59", "08T06:00")
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_every_target_comes_back_as_it_was_written() -> None:
    promised, everything = policy(FULL).rules
    assert [(t.metric, t.within, t.due, t.stops_at) for t in promised.targets] == [
        (Metric.FIRST_RESPONSE, 0, "due_at", "resolved"),
        (Metric.RESOLUTION, 0, "promised", "closed"),
    ]
    assert {(t.metric, t.within, t.pauses_in) for t in everything.targets} == {
        (Metric.FIRST_RESPONSE, HOUR, frozenset({"waiting"})),
        (Metric.NEXT_RESPONSE, 4 * HOUR, frozenset()),
        (Metric.UPDATE, 8 * HOUR, frozenset()),
        (Metric.FIRST_RESOLUTION, 12 * HOUR, frozenset({"waiting", "vendor"})),
        (Metric.RESOLUTION, 16 * HOUR, frozenset({"waiting"})),
    }
    assert {"due_at", "promised"} <= policy(FULL).fields


def test_signals_and_limits_come_back_as_they_were_written() -> None:
    more = "  - {again: 2, tell: [manager]}\n  - {again: 1, tell: [owner]}\n"
    more += "  - {answerers: 3, tell: [manager]}\n"
    found = policy(FULL.replace("pauses: {", more + "pauses: {"))
    assert found.signals[Metric.AGAIN] == Ladder(
        "signals", (Level(Count(1), ("owner",)), Level(Count(2), ("manager",)))
    )
    assert found.signals[Metric.ANSWERERS] == Ladder("signals", (Level(Count(3), ("manager",)),))
    assert found.signals[Metric.REOPENED] == Ladder(
        "signals",
        (
            Level(Count(2), ("owner",)),
            Level(Count(4), ("manager",), urgent=True, repeat=Repeat(DAY, doubling=False)),
        ),
    )
    assert found.signals[Metric.UNOWNED] == Ladder(
        "signals", (Level(Open(90 * MINUTE), ("manager",)),)
    )
    assert set(found.signals) == set(SIGNALS)
    assert found.pauses == Pauses(40 * HOUR, 120 * HOUR, ("manager",))
    assert found.matters == Matters(14 * DAY, 180 * DAY)
    assert found.acknowledge == Acknowledge(24 * HOUR, 3)


def test_what_is_judged_always_comes_back_and_a_build_without_it_is_that_of_before() -> None:
    written = FULL.replace("pauses: {", "judge_always: [team, reply]\npauses: {")
    assert policy(FULL).judge_always == frozenset()
    assert policy(written).judge_always == {Carried.REPLY, Carried.TEAM}
    assert '"judge_always"' not in compiled(FULL)


def test_thanks_come_back_as_they_were_written_and_a_build_without_them_is_that_of_before() -> None:
    written = FULL.replace("matters: {", "cases: {thanks: 30m}\nmatters: {")
    assert (policy(FULL).thanks, policy(written).thanks) == (None, 1800)
    assert '"thanks"' not in compiled(FULL)
    assert policy(FULL).hash != policy(written).hash


def test_groups_keep_the_order_of_the_file_though_keys_are_sorted() -> None:
    assert policy(FULL).groups == ("open", "vendor", "waiting", "resolved", "closed")


def test_examples_change_no_judgement_and_no_hash() -> None:
    assert policy(FULL[: FULL.index("examples:")]).hash == policy(FULL).hash


# ------------------------------------------------------------------ the compiled text


def test_two_builds_of_one_file_are_the_same_all_year() -> None:
    assert compiled(today=date(2026, 1, 1)) == compiled(today=date(2026, 12, 31))
    assert policy().holidays_until == "2031-12-31"


def test_a_build_of_the_next_year_knows_its_holidays_and_has_another_hash() -> None:
    later = load(compiled(today=date(2027, 1, 1)))
    assert later.holidays_until == "2032-12-31"
    assert later.hash != policy().hash


def test_holidays_of_a_country_known_for_few_years_say_until_when() -> None:
    text = GOOD.replace("country: US\n      subdivision: NY", "country: LK")
    assert policy(text).holidays_until == "2026-12-31"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  - {age: 14d", "  # a comment\n  - {age: 14d"),
        ("[New, Active]", "[active, NEW]"),
        ("age: 14d", "age: 2w"),
    ],
    ids=["a comment", "another order", "another spelling"],
)
def test_what_changes_no_judgement_changes_no_hash(old: str, new: str) -> None:
    assert policy(GOOD.replace(old, new)).hash == policy().hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("within: 16h", "within: 15h"),
        ("age: 14d", "age: 15d"),
        ("2026-12-24", "2026-12-23"),
        ("after: 7", "after: 8"),
    ],
)
def test_what_changes_a_judgement_changes_the_hash(old: str, new: str) -> None:
    assert policy(GOOD.replace(old, new)).hash != policy().hash


def test_times_are_whole_numbers() -> None:
    def numbers(value: Any) -> list[Any]:
        if isinstance(value, dict | list):
            return [
                n
                for part in (value.values() if isinstance(value, dict) else value)
                for n in numbers(part)
            ]
        return [value] if isinstance(value, float) else []

    assert numbers(json.loads(compiled())) == []


def test_the_version_of_the_zone_data_is_part_of_the_hash() -> None:
    assert json.loads(compiled())["policy"]["tzdata"]


# ------------------------------------------------------------------ damage


def resealed(change: Callable[[dict[str, Any]], Any]) -> str:
    """A compiled policy with something wrong in it, and a hash that fits."""
    root = json.loads(compiled())
    change(root["policy"])
    root["hash"] = hashlib.sha256(canonical(root["policy"]).encode()).hexdigest()
    return json.dumps(root)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        (compiled()[:500], "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "at form: missing"),
        ("null", "at form: missing"),
        ('{"form": "1"}', "at form: a whole number expected"),
        ('{"form": true}', "at form: a whole number expected"),
        ('{"form": 9}', "at form: this program reads form 2"),
        ('{"form": 2, "hash": ""}', "at policy: missing"),
        ('{"form": 2, "policy": {}}', "at hash: missing"),
        ('{"form": 2, "policy": {}, "hash": 5}', "at hash: a text expected"),
        ('{"form": 2, "policy": {"timezone": "\\ud800"}, "hash": ""}', "at policy: text in UTF-8"),
        (compiled().replace("owner", "own\u00e9r").encode("latin-1"), "not JSON"),
        (compiled().replace("57600", "57601"), "at policy: its hash is another"),
        (compiled().replace("team-lead", "team-load"), "at policy: its hash is another"),
    ],
    ids=[
        "nothing",
        "half",
        "brackets",
        "a list",
        "null",
        "a text for the form",
        "true for the form",
        "another form",
        "no policy",
        "no hash",
        "a number for the hash",
        "half a surrogate pair",
        "not UTF-8",
        "another target",
        "another audience",
    ],
)
def test_what_the_build_did_not_write_is_damaged(text: str | bytes, said: str) -> None:
    with pytest.raises(DamagedPolicy) as caught:
        load(text)
    assert said in str(caught.value)
    assert str(caught.value).endswith("build and deploy it again")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p.pop("rules"), "at policy.rules: missing"),
        (lambda p: p.update(rules=[]), "at policy.rules: at least one expected"),
        (lambda p: p.update(rules={}), "at policy.rules: a list expected"),
        (lambda p: p.update(statuses=[]), "at policy.statuses: an object expected"),
        (lambda p: p.update(bots=["a", 5]), "at policy.bots[1]: a text expected"),
        (lambda p: p.update(digest_after="7"), "at policy.digest_after: a whole number expected"),
        (lambda p: p.update(timezone=5), "at policy.timezone: a text expected"),
        (
            lambda p: p["rules"][0].update(calendar="gone"),
            'at policy.rules[0].calendar: nothing is called "gone"',
        ),
        (
            lambda p: p["rules"][0]["targets"][1].update(ladder="gone"),
            'at policy.rules[0].targets[1].ladder: nothing is called "gone"',
        ),
        (
            lambda p: p["rules"][0]["targets"][0].update(metric="mood"),
            "at policy.rules[0].targets[0].metric: a metric expected",
        ),
        (
            lambda p: p["rules"][0]["when"][0].update(negate="no"),
            "at policy.rules[0].when[0].negate: true or false expected",
        ),
        (
            lambda p: p["rules"][0]["when"][0].update(at_least="3"),
            "at policy.rules[0].when[0].at_least: a whole number expected",
        ),
        (
            lambda p: p["ladders"].update(standard=[]),
            "at policy.ladders.standard: at least one expected",
        ),
        (
            lambda p: p["ladders"]["standard"][0].update(trigger={"soon": 5}),
            "at policy.ladders.standard[0].trigger: one of percent, before, after, age, open, count expected",
        ),
        (
            lambda p: p["ceilings"][0].update(tell=["gone"]),
            'at policy.ceilings[0].tell[0]: nothing is called "gone"',
        ),
        (
            lambda p: p["calendars"]["office"].update(timezone="Mars/Olympus"),
            "at policy.calendars.office: timezone: unknown time zone",
        ),
        (lambda p: p.pop("groups"), "at policy.groups: missing"),
        (lambda p: p.update(signals={"mood": []}), "at policy.signals: a metric expected"),
        (
            lambda p: p.update(signals={"touches": []}),
            "at policy.signals.touches: at least one expected",
        ),
        (
            lambda p: p["pauses"].update(total="5h"),
            "at policy.pauses.total: a whole number expected",
        ),
        (
            lambda p: p["pauses"].update(tell=["gone"]),
            'at policy.pauses.tell[0]: nothing is called "gone"',
        ),
        (lambda p: p["acknowledge"].pop("snoozes"), "at policy.acknowledge.snoozes: missing"),
        (
            lambda p: p.update(matters={"quiet": None, "linked": 1}),
            "at policy.matters.quiet: a whole number expected",
        ),
        (
            lambda p: p["rules"][0]["targets"][0].update(due=5),
            "at policy.rules[0].targets[0].due: a text expected",
        ),
        (
            lambda p: p["audiences"]["manager"].update(hours="gone"),
            'at policy.audiences.manager.hours: nothing is called "gone"',
        ),
    ],
)
def test_a_part_that_does_not_fit_is_named(
    change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    with pytest.raises(DamagedPolicy) as caught:
        load(resealed(change))
    assert said in str(caught.value)


def test_the_seal_alone_does_no_damage() -> None:
    assert load(resealed(lambda _: None)) == policy()
