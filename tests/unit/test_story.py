"""What a drive tells in the end: counts, open cases, and how a case climbed."""

from building import DAY, HOUR, at, evaluate, facts, policy
from local_stack.story import (
    Step,
    asked_most_often,
    climb,
    counts,
    most_telling,
    still_open,
    with_the_desk,
)
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, LastNotified, Outcome
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.tools.imports.events import Event, EventKind

CREATED = at("2026-03-02T09:00")
NOW = CREATED + 10 * DAY


def case(name: str = "T-1", *said: tuple[str, str, str], **state: object) -> tuple[Case, Plan]:
    made = Case(name, facts=facts(("created", "2026-03-02T09:00"), *said, ticket=name), **state)  # type: ignore[arg-type]
    return made, plan(made, policy(), NOW)


def notified(
    seconds: int, level: int, to: str, repetition: int = 0, outcome: Outcome = Outcome.SENT
) -> AuditItem:
    return AuditItem(
        "T-1", CREATED + seconds, f"T-1/resolution/1/{level}/{repetition}/{to}", outcome, "due"
    )


def reached(level: int, repetition: int = 0) -> LastNotified:
    return LastNotified(level, repetition, NOW - HOUR, Outcome.SENT)


# ------------------------------------------------------------------------------------ counts


def test_only_unresolved_cases_are_open_and_only_a_longer_time_counts_as_longer() -> None:
    evaluated = [case("A"), case("B", ("status", "2026-03-03T09:00", "Resolved"))]
    found = counts(evaluated, NOW, days=(9, 10))
    assert (found.cases, found.open, found.older) == (2, 1, {9: 1, 10: 0})


def test_without_cases_everything_is_zero() -> None:
    assert counts([], NOW, days=(3,)).older == {3: 0}


# ------------------------------------------------------------------------------------ open cases


def test_open_cases_come_with_who_was_told_highest_up_and_what_is_next() -> None:
    before = {
        ("A/resolution/1", "owner"): reached(1),
        ("A/resolution/1", "executive:"): reached(3, 5),
    }
    (row,) = still_open(
        [
            case(
                "A",
                ("subject", "2026-03-02T09:00", "Page"),
                ("team", "2026-03-02T09:00", "Web"),
                reached=before,
            )
        ],
        policy(),
        NOW,
    )
    assert (row.case, row.subject, row.owner) == ("A", "Page", "nobody (Web)")
    assert row.notified == "executive, level 4 (5 reminders)"
    assert row.worst == "resolution 9 d 15 h over"
    assert (row.upcoming, row.coming_at) == ("manager, age level 1", CREATED + 14 * DAY)


def test_a_shared_assignee_is_nobody() -> None:
    (row,) = still_open([case("A", ("assignee", "2026-03-02T09:00", "Queue"))], policy(), NOW)
    assert row.owner == "nobody"


def test_the_case_told_highest_up_comes_first_and_resolved_ones_not_at_all() -> None:
    high = case("HIGH", reached={("HIGH/resolution/1", "manager"): reached(2)})
    rows = still_open(
        [case("LOW"), case("DONE", ("status", "2026-03-03T09:00", "Closed")), high],
        policy(),
        NOW,
    )
    assert [row.case for row in rows] == ["HIGH", "LOW"]


def test_a_finding_told_to_operations_is_no_level_reached() -> None:
    evaluated = case("A", reached={("A/finding:status/1", "operations"): reached(0)})
    assert still_open([evaluated], policy(), NOW)[0].notified == ""


def test_a_paused_case_says_so() -> None:
    evaluated = case("A", ("status", "2026-03-02T10:00", "Waiting"))
    assert still_open([evaluated], policy(), NOW)[0].worst == "paused"


# ------------------------------------------------------------------------------------ the climb


def test_what_reached_people_at_one_moment_is_one_step() -> None:
    steps = climb(
        [
            notified(8 * HOUR + 1, 1, "owner:Kim"),
            notified(6 * HOUR, 0, "owner:Kim"),
            notified(8 * HOUR + 1, 1, "team-lead-urgent:Web", outcome=Outcome.IN_DIGEST),
            notified(8 * HOUR + 1, 0, "team-lead:Web", outcome=Outcome.SUPERSEDED),
        ],
        evaluate(facts(("created", "2026-03-02T09:00")), "2026-03-12T09:00"),
    )
    assert [(step.at - CREATED, step.level, step.notified) for step in steps] == [
        (6 * HOUR, 1, ("owner (Kim)",)),
        (8 * HOUR + 1, 2, ("owner (Kim)", "team-lead (Web) + SMS")),
    ]
    assert [step.what for step in steps] == [
        "resolution: 75 % of its time used",
        "resolution under 1 m over",
    ]


def test_a_clock_of_an_earlier_cycle_is_as_late_as_the_present_one() -> None:
    (step,) = climb([notified(9 * HOUR + 1, 1, "owner")], case()[1])
    assert step.what == "resolution 1 h over"


def test_of_a_run_of_reminders_the_first_and_the_last_are_told() -> None:
    audit = [notified(DAY * n, 3, "executive", n) for n in range(6)]
    steps = climb(audit, case()[1])
    assert [(step.repetition, step.repeats) for step in steps] == [(0, 0), (1, 0), (5, 3)]


def test_news_that_brings_a_reminder_along_is_no_reminder() -> None:
    when = CREATED + 3 * DAY
    audit = [notified(DAY * n, 3, "executive", n) for n in range(4)]
    audit.append(AuditItem("T-1", when, "T-1/again/2/1/0/executive", Outcome.SENT, "due"))
    steps = climb(audit, case()[1])
    assert [(step.at, step.repetition) for step in steps][-1] == (when, 0)


def test_findings_are_no_part_of_the_climb() -> None:
    item = AuditItem(
        "T-1", CREATED, "T-1/finding:status/1/0/0/operations", Outcome.SENT, "status: missing"
    )
    assert climb([item], case()[1]) == []


def test_an_id_with_slashes_is_understood() -> None:
    item = AuditItem("a/b", CREATED, "a/b/resolution/1/2/0/owner:x/y", Outcome.SENT, "due")
    (step,) = climb([item], case()[1])
    assert (step.level, step.notified) == (3, ("owner (x/y)",))


def test_the_desks_answers_stand_between_the_steps_with_the_last_one_quoted() -> None:
    def answer(day: int, text: str = "", by: str = "agent") -> Event:
        return Event("T-1", CREATED + day * DAY, EventKind.REPLY, by, text=text)

    steps = [
        Step(CREATED + 2 * DAY, "late", ("owner",)),
        Step(CREATED + 6 * DAY, "later", ("manager",)),
    ]
    answers = [
        answer(1, "Soon"),
        answer(3),
        answer(4, by="customer"),
        answer(5, "We are on it"),
        answer(7),
    ]
    assert [step.what for step in with_the_desk(steps, answers)] == [
        "the desk answered: “Soon”",
        "late",
        "the desk answered 2 times: “We are on it”",
        "later",
        "the desk answered",
    ]


def test_further_tickets_and_what_the_desk_called_solved_stand_between_the_steps() -> None:
    def event(day: int, kind: EventKind, ticket: str, text: str = "") -> Event:
        return Event(ticket, CREATED + day * DAY, kind, text=text)

    events = [
        event(0, EventKind.CREATED, "T-1", "It is broken."),
        event(1, EventKind.RESOLVED, "T-1"),
        event(3, EventKind.CREATED, "T-2", "Still broken."),
        event(4, EventKind.RESOLVED, "T-2", "All done!"),
    ]
    steps = [Step(CREATED + 3 * DAY, "open for 3 d", ("manager",))]
    assert [step.what for step in with_the_desk(steps, events)] == [
        "the desk says that it is solved",
        "the customer asks again, as T-2: “Still broken.”",
        "open for 3 d",
        "the desk says that it is solved: “All done!”",
    ]


# ------------------------------------------------------------------------------------ which cases


def test_the_case_asked_most_often_is_the_one_whose_tickets_were_closed_again_and_again() -> None:
    once = case("ONCE", ("status", "2026-03-03T09:00", "Closed"))
    closed = ("status", "2026-03-03T09:00", "Closed")
    again = facts(("created", "2026-03-09T09:00"), closed, ticket="T-2")
    twice = case("TWICE", closed)[0]
    both = Case("TWICE", facts=twice.facts | again)
    evaluated = [once, (both, plan(both, policy(), NOW)), case("OPEN")]
    most = asked_most_often(evaluated)
    assert most is not None
    assert most[0].id == "TWICE"
    assert asked_most_often([once, case("OPEN")]) is None


def test_the_most_telling_case_is_open_and_was_told_of_the_most() -> None:
    done = case(
        "DONE",
        ("status", "2026-03-03T09:00", "Closed"),
        reached={("DONE/age/1", "executive"): reached(1, 90)},
    )
    low, high = (
        case(name, reached={(f"{name}/age/1", "manager"): reached(level)})
        for name, level in (("L", 0), ("H", 2))
    )
    quiet = case("QUIET")
    assert [each.id for each, _ in most_telling([quiet, done, low, high], 2)] == ["H", "L"]
