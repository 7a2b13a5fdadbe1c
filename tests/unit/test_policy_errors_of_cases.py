"""Every rule of the parts that judge cases: targets, deadlines set elsewhere, signals, limits,
examples.

A row changes one place of a good file, which gives one error on the line that breaks the rule.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.policy_rows import Row, gives_one_error, line_of, problems_of

FULL = (Path(__file__).parent / "policy_files" / "full.yaml").read_text()


TARGETS = [
    Row(
        "an update in days",
        "update: 8h",
        "update: 2d",
        "update:",
        "a day of what?",
        "write hours: 16h",
    ),
    Row(
        "an update without a length",
        "update: 8h",
        "update: {}",
        "update:",
        '"within" is missing',
        "`within: 8h`",
    ),
    Row(
        "an update with an end",
        "update: 8h",
        "update: {within: 8h, stops_at: closed}",
        "update:",
        '"stops_at" is not',
    ),
    Row(
        "an update set elsewhere",
        "update: 8h",
        "update: {within: 8h, due: due_at}",
        "update:",
        'key "due" is not',
    ),
    Row(
        "a pause nobody defined",
        "[waiting, vendor]",
        "[waiting, vendors]",
        "vendors",
        "no status group",
        '"vendor"',
    ),
    Row(
        "a pause in the end",
        "[waiting, vendor]",
        "[resolved]",
        "[resolved]",
        'cannot pause in "resolved"',
    ),
    Row(
        "neither length nor deadline",
        "{due: promised, stops_at: closed}",
        "{stops_at: closed}",
        "resolution: {stops_at",
        "does not say by when",
        "add `within: 8h`, or `due: due_at`",
    ),
    Row(
        "length and deadline",
        "{due: promised, stops",
        "{due: promised, within: 8h, stops",
        "within: 8h",
        "two deadlines: within and due",
        "keep one",
    ),
    Row(
        "a pause of a deadline set elsewhere",
        "{due: promised, stops",
        "{due: promised, pauses_in: [waiting], stops",
        "promised, pauses",
        "another system sets this deadline",
        "leave `pauses_in` out",
    ),
    Row(
        "a deadline nobody has",
        "due: promised",
        "due: promise",
        "due: promise",
        'no field "promise"',
        '"promised"',
    ),
    Row(
        "a field that is no deadline",
        "due: due_at",
        "due: status",
        "due: status",
        "is no deadline",
        "`due: due_at`",
    ),
]

SIGNALS = [
    Row(
        "no signals",
        FULL[FULL.index("signals:") : FULL.index("pauses:")],
        "signals: []\n",
        "signals",
        "is empty",
    ),
    Row(
        "a kind nobody knows",
        "{bounced: 1",
        "{bounce: 1",
        "bounce: 1",
        'key "bounce" is not known',
        '"bounced"',
    ),
    Row(
        "one who answers",
        "{bounced: 1",
        "{answerers: 1",
        "answerers: 1",
        '"1" is not a number of different people, at least 2',
        "from 2 to 1000",
    ),
    Row(
        "two kinds",
        "{bounced: 1",
        "{bounced: 1, touches: 2",
        "bounced: 1",
        "two kinds: bounced and touches",
    ),
    Row(
        "no times",
        "{bounced: 1",
        "{bounced: 0",
        "bounced: 0",
        "is not a number of times",
        "from 1 to 1000",
    ),
    Row("times in hours", "{bounced: 1", "{bounced: 1h", "bounced: 1h", "is not a number of times"),
    Row(
        "hours in times",
        "unowned: 1h30m",
        "unowned: 4",
        "unowned: 4",
        "is not a duration",
        "4h for hours",
    ),
    Row(
        "days of open time",
        "without_progress: 24h",
        "without_progress: 3d",
        "3d",
        "a day of what?",
        "24h if eight",
    ),
    Row(
        "nobody to tell",
        "{touches: 6, tell: [manager]}",
        "{touches: 6}",
        "touches: 6",
        '"tell" is missing',
    ),
    Row(
        "somebody nobody defined",
        "{touches: 6, tell: [manager]",
        "{touches: 6, tell: [mangr]",
        "mangr",
        "no audience",
    ),
    Row(
        "one threshold twice",
        "{reopened: 2, tell: [owner]}",
        "{reopened: 4, tell: [owner]}",
        "{reopened: 4, tell: [owner]}",
        "`reopened: 4` stands on line 48 already",
        "name all audiences in one",
    ),
    Row(
        "a lower one that repeats",
        "{reopened: 2, tell: [owner]}",
        "{reopened: 2, tell: [owner], repeat: 1d}",
        "reopened: 2",
        "only the highest `reopened` repeats",
        "move `repeat:` to `reopened: 4` on line 48",
    ),
]

LIMITS = [
    Row(
        "one pause longer than all",
        "longest: 40h",
        "longest: 121h",
        "121h",
        "but all together only 120h",
    ),
    Row("a pause in days", "total: 120h", "total: 15d", "15d", "a day of what?"),
    Row(
        "no limit",
        "{longest: 40h, total: 120h, tell: [manager]}",
        "{tell: [manager]}",
        "pauses: {",
        "no limit is written",
    ),
    Row(
        "no limit at all",
        "{longest: 40h, total: 120h, tell: [manager]}",
        "{}",
        "pauses: {",
        "no limit is written",
    ),
    Row("a quiet of no time", "quiet: 2w", "quiet: 0d", "quiet: 0d", "is no time at all"),
    Row(
        "a quiet in hours",
        "quiet: 2w",
        "quiet: 8h",
        "quiet: 8h",
        "wall-clock time, in days and weeks",
        "write 1d",
    ),
    Row(
        "a link in days and hours",
        "linked: 180d",
        "linked: 30d12h",
        "linked",
        "wall-clock time, in days and weeks",
        "write 31d",
    ),
    Row(
        "a quiet of a bare number",
        "quiet: 2w",
        "quiet: 60",
        "quiet: 60",
        '"60" is not a duration',
        "Write 60d for days",
    ),
    Row(
        "a quiet in words",
        "quiet: 2w",
        "quiet: 2 weeks",
        "quiet: 2 weeks",
        "is not a duration",
        "looks like 60d or 2w",
    ),
    Row(
        "a look-alike longer than a link",
        "quiet: 2w, linked: 180d",
        "quiet: 90d, linked: 30d",
        "quiet",
        "look alike continue a matter for 90d, but linked ones only for 30d",
        "no longer than `linked`",
    ),
    Row(
        "the matter twice, once by the name of before",
        "matters: {",
        "cases: {gap: 2w}\nmatters: {",
        "gap",
        "`gap` and `matters:` say the same",
        "take `gap` out",
    ),
    Row("a promise in days", "longest: 24h", "longest: 3d", "longest: 3d", "a day of what?"),
    Row(
        "what no record can carry",
        "pauses: {",
        "judge_always: [replies]\npauses: {",
        "judge_always",
        '"replies" is not something that records carry',
        'did you mean "reply"?',
    ),
    Row(
        "a thousand snoozes",
        "snoozes: 3",
        "snoozes: 1000",
        "snoozes",
        "is not a number of times",
        "from 0 to 100",
    ),
]

EVENTS = FULL[FULL.index('\n      - {at: "2026-03-02T10') : FULL.index("\n    expect: {due: {T-1")]
EXAMPLES = [
    Row("no events", EVENTS, " []", "events: []", "a list of events is expected", "- {at:"),
    Row(
        "a kind of signal missing",
        "{touches: 6, tell",
        "{tell",
        "- {tell",
        "does not say of what",
        "reopened, reass",
    ),
    Row(
        "an event of no type",
        "type: reply, by",
        "by",
        "by: agent",
        "this event: has no type",
        "docs/event-files.md",
    ),
    Row("a type nobody knows", "type: reply", "type: repyl", "repyl", "did you mean 'reply'?"),
    Row("a reply of nobody", "by: agent", "by: me", "by: me", 'a reply says "by"'),
    Row("an event at no time", '"2026-03-27T16:00"', '"soon"', "soon", "'soon' is not a date"),
    Row(
        "a status nobody listed",
        "status: New",
        "status: Nwe",
        "Nwe",
        'no status is called "Nwe"',
        '"New"',
    ),
    Row(
        "an unlisted priority",
        "priority: High",
        "priority: Hihg",
        "Hihg",
        'no priority is called "Hihg"',
        '"High"',
    ),
    Row(
        "an end before the last event",
        'until: "2026',
        'until: "2025',
        "until",
        "ends before its last event",
    ),
    Row(
        "an end at no time",
        'until: "2026-03-27T16:30"',
        "until: later",
        "later",
        "'later' is not a date",
        "a time looks",
    ),
    Row(
        "an end in a later age",
        '"2026-03-27T16:30"',
        '"2226-03-27"',
        "2226",
        "not within the years 1970 to 2199",
    ),
    Row(
        "an end in six years",
        '"2026-03-27T16:30"',
        '"2032-03-27"',
        "a weekend is",
        "is longer than five years",
    ),
    Row(
        "a clock nobody knows",
        "first_response: none",
        "first_respose: none",
        "respose",
        'key "first_respose" is not',
    ),
    Row(
        "a due time that is none",
        "first_response: none",
        "first_response: never",
        "never",
        "'never' is not a date",
    ),
    Row(
        "a ticket of no event",
        "T-2: {first",
        "T-3: {first",
        "T-3: {",
        'no event is about a ticket "T-3"',
        '"T-2"',
    ),
    Row(
        "a clock of which ticket",
        'due: {T-1: {resolution: "2026-03-04T10:00"}, T-2: {first_response: "2026-03-02T11:00"}}',
        'due: {resolution: "2026-03-04T10:00"}',
        "03-04T10:00",
        "there are several tickets",
        "write `due: {T-1: {…}}`",
    ),
    Row(
        "clocks beside tickets",
        'T-1: {resolution: "2026-03-04T10:00"}',
        'resolution: "2026-03-04T10:00"',
        "03-04T10:00",
        "clocks and tickets stand side by side",
    ),
    Row(
        "nothing expected",
        FULL[FULL.index("{due: {T-1") :].strip(),
        "{}",
        "expect: {}",
        "this example expects nothing",
        "`alerts: []` means that nobody is told",
    ),
    Row(
        "an alert of no clock", "clock: unowned", "clock: mood", "mood", "is not a clock or signal"
    ),
    Row(
        "an alert of level 0", "level: 1", "level: 0", "level: 0", "is not a level", "from 1 to 100"
    ),
    Row(
        "an alert to nobody",
        "level: 1, tell: manager}",
        "level: 1, tell: boss}",
        "boss",
        "no audience is",
    ),
    Row(
        "two of one name",
        "two tickets of one case",
        "A weekend is not open",
        "A weekend",
        'is called "A weekend',
    ),
]


@pytest.mark.parametrize("row", [*TARGETS, *SIGNALS, *LIMITS, *EXAMPLES], ids=lambda row: row.id)
def test_a_broken_rule_is_one_error_on_its_own_line(row: Row) -> None:
    gives_one_error(FULL, row)


def test_the_full_file_is_good() -> None:
    assert problems_of(FULL) == ()


def test_without_a_zone_a_time_of_an_example_needs_its_offset() -> None:
    problems = problems_of(FULL.replace("timezone: Europe/Berlin\nfields", "fields"))
    assert len(problems) == 8
    assert all(
        "has no offset, and the policy file names no timezone" in problem.message
        for problem in problems
    )


def test_a_zone_that_is_none_is_one_error_however_many_times_there_are() -> None:
    problems = problems_of(
        FULL.replace("timezone: Europe/Berlin\nfields", "timezone: Mars\nfields")
    )
    assert [problem.place.line for problem in problems] == [2]


def test_the_order_of_a_ladder_is_not_checked_against_a_deadline_set_elsewhere() -> None:
    """75 % of a target of 1 h comes after 1 h is left; a deadline of another system has no length
    to compare.
    """
    ladder = "    - {at: 75%, tell: [owner]}\n"
    text = FULL.replace(ladder, ladder + "    - {before: 1h, tell: [owner]}\n")
    paths = [problem.path for problem in problems_of(text)]
    assert paths == ["policies[1].targets.first_response"]


def test_a_deadline_that_a_ticket_may_not_have_is_a_warning() -> None:
    text = FULL.replace(", due_at: {not: missing}}", "}")
    (problem,) = problems_of(text)
    assert (problem.warning, problem.place.line) == (True, line_of(text, "due: due_at"))
    assert "a ticket whose `due_at` is empty has no such clock here" in problem.message
    assert "add `due_at: {not: missing}` to its `when:`" in problem.hint
