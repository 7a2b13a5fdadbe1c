"""What holds for any history under any policy: the promises of the engine, on random ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from attrs import evolve, field, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from building import ALWAYS, DAY, HOUR, OFFICE, after_telling, at, policy, rule
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import CLEARED, WITHDRAWN
from sla_watchdog.domain.clocks.promises import Promise, PromiseKind, acknowledged
from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, Case
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import (
    AT_ONCE,
    Acknowledge,
    After,
    AtOnce,
    Audience,
    Before,
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
    Target,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.linked_tickets import LinkedTickets
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.tools.simulation.replay import Outcomes, replay

START = at("2026-03-24T00:00")
"""The Tuesday before the clocks of Berlin go forward."""
STEP = 900
END = START + 40 * DAY

NIGHT = Calendar.from_spec(
    {
        "timezone": "America/New_York",
        "hours": {
            "mon": [["22:00", "24:00"]],
            "tue": [["00:00", "06:00"], ["22:00", "24:00"]],
            "sun": [["01:30", "03:15"]],
        },
        "holidays": ["2026-03-31"],
    }
)
CALENDARS = {"office": OFFICE, "always": ALWAYS, "night": NIGHT}
TICKETS = ("T-1", "T-2", "T-3")

instants = st.integers(0, 40 * DAY // STEP - 1).map(lambda n: START + n * STEP)
states = st.one_of(
    st.tuples(
        st.just("status"), st.sampled_from(["New", "Open", "Waiting", "Resolved", "Closed", "Odd"])
    ),
    st.tuples(st.just("priority"), st.sampled_from(["1 - Critical", "4 - Low", "none"])),
    st.tuples(st.just("assignee"), st.sampled_from(["kim", "lee", "queue", ""])),
    st.tuples(st.just("team"), st.sampled_from(["red", "blue"])),
    st.tuples(st.just("agent_reply"), st.sampled_from(["", "auto-reply", "Ana", "Bo"])),
    st.tuples(st.just("customer_reply"), st.just("")),
    st.tuples(
        st.sampled_from(["merged_into", "follow_up_of", "case_id"]),
        st.sampled_from([*TICKETS, "X-9"]),
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Up to three linked tickets, one value a field and second, in order of time."""
    notified: dict[tuple[str, str, int], Fact] = {}
    for name in draw(st.sampled_from([TICKETS[:1], TICKETS[:1], TICKETS])):
        created = draw(instants)
        notified[name, "created", created] = Fact(name, "created", created)
        notified[name, "status", created] = Fact(name, "status", created, "New")
        notified[name, "priority", created] = Fact(
            name, "priority", created, draw(st.sampled_from(["4 - Low", "none"]))
        )
        for when, (what, value) in draw(st.lists(st.tuples(instants, states), max_size=14)):
            if value != name and when > created:
                notified[name, what, when] = Fact(name, what, when, value)
        for promised in draw(st.lists(instants, max_size=3)):
            until = promised + draw(st.integers(1, 40)) * HOUR
            kind = draw(st.sampled_from(list(PromiseKind)))
            made = acknowledged(name, promised, until, "Kim", kind)
            notified[name, "acknowledged", promised] = made
    facts = sorted(notified.values(), key=lambda fact: (fact.at, fact.field != "created", fact))
    return [fact for fact in facts if fact.at >= _creation(facts, fact.ticket)]


def _creation(facts: list[Fact], ticket: str) -> int:
    return min(fact.at for fact in facts if fact.ticket == ticket and fact.field == "created")


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    first = draw(st.sampled_from([Percent(50), Percent(90), Before(HOUR)]))
    levels = [Level(first, ("owner",))] if draw(st.booleans()) else []
    levels.append(Level(After(0), ("owner", "team-lead"), urgent=draw(st.booleans())))
    top = Repeat(draw(st.sampled_from([6 * HOUR, DAY])), draw(st.booleans()))
    levels.append(Level(After(draw(st.integers(1, 20)) * HOUR), ("manager",), repeat=top))
    return Ladder("ladder", tuple(levels))


@st.composite
def rules(draw: st.DrawFn, name: str, when: tuple[Condition, ...] = ()) -> Rule:
    metrics = draw(st.sets(st.sampled_from(list(Metric)[:5]), min_size=1))
    targets = []
    for metric in sorted(metrics):
        pauses = draw(st.sampled_from([frozenset(), frozenset({"waiting"})]))
        stops = (
            draw(st.sampled_from(["resolved", "closed"]))
            if metric is Metric.RESOLUTION
            else "resolved"
        )
        targets.append(
            Target(metric, draw(st.integers(1, 30)) * HOUR, draw(ladders()), pauses, stops)
        )
    return rule(name, *targets, calendar=draw(st.sampled_from(list(CALENDARS))), when=when)


@st.composite
def audiences_called(draw: st.DrawFn, name: str) -> Audience:
    hours = draw(st.sampled_from([None, "office"])) if name == "manager" else None
    digest = draw(st.none() | st.sampled_from(DIGESTS))
    at_once = draw(st.just(AT_ONCE) | st.frozensets(st.sampled_from(AtOnce)))
    return Audience(name, hours=hours, digest=digest, at_once=at_once)


DIGESTS = (
    DigestTime(EVERY_DAY, 9 * HOUR),
    DigestTime(EVERY_DAY, 2 * HOUR + 1800),
    DigestTime(frozenset({0}), 20 * HOUR),
    DigestTime(frozenset({1, 3}), 9 * HOUR),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    urgent = draw(rules("urgent", (Condition("priority", frozenset({"urgent"})),)))
    audiences = {name: draw(audiences_called(name)) for name in AUDIENCES}
    signals = {
        Metric.PROGRESS: Ladder(
            "progress", (Level(Open(12 * HOUR), ("manager",), repeat=Repeat(2 * DAY, True)),)
        ),
        Metric.UNOWNED: Ladder("unowned", (Level(Open(4 * HOUR), ("team-lead",)),)),
        Metric.REOPENED: Ladder(
            "reopened", (Level(Count(1), ("team-lead",)), Level(Count(2), ("manager",)))
        ),
        Metric.REASSIGNED: Ladder("reassigned", (Level(Count(2), ("team-lead",)),)),
        Metric.TOUCHES: Ladder("touches", (Level(Count(2), ("manager",)),)),
        Metric.BOUNCED: Ladder("bounced", (Level(Count(1), ("manager",)),)),
        Metric.AGAIN: Ladder(
            "again", (Level(Count(1), ("manager",)), Level(Count(2), ("executive",)))
        ),
        Metric.ANSWERERS: Ladder("answerers", (Level(Count(2), ("team-lead",)),)),
    }
    return policy(
        urgent,
        draw(rules("rest")),
        calendars=CALENDARS,
        audiences=audiences,
        signals=draw(st.sampled_from([{}, signals])),
        pauses=draw(st.sampled_from([Pauses(), Pauses(longest=6 * HOUR, total=10 * HOUR)])),
        acknowledge=Acknowledge(in_a_row=draw(st.integers(0, 3))),
        matters=draw(st.sampled_from([Matters(0, 0), Matters(2 * DAY, 5 * DAY)])),
    )


AUDIENCES = ("owner", "team-lead", "manager", "executive")
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _said(fact: Fact) -> str:
    return f"  {datetime.fromtimestamp(fact.at, UTC):%m-%d %H:%M} {fact.ticket} {fact.field} {fact.value}"


def _asked(each: Policy) -> Iterator[str]:
    yield f"  pauses {each.pauses.longest} {each.pauses.total}, {each.matters}, signals {bool(each.signals)}"
    for audience in each.audiences.values():
        yield f"  {audience}"
    for one in each.rules:
        for target in one.targets:
            levels = [(level.trigger, level.repeat) for level in target.ladder.levels]
            yield f"  {one.name} {one.calendar} {target.metric} {target.within} {set(target.pauses_in)} {levels}"


@frozen
class EvaluationContext:
    facts: list[Fact] = field(repr=lambda facts: "\n" + "\n".join(_said(fact) for fact in facts))
    policy: Policy = field(repr=lambda each: "\n" + "\n".join(_asked(each)))

    def known(self, now: int) -> Facts:
        return Facts.of(fact for fact in self.facts if fact.at <= now)

    def replayed(self) -> Outcomes:
        return replay(self.facts, self.policy, END)


scenes = st.builds(EvaluationContext, histories(), policies())


@given(scenes, st.randoms(use_true_random=False))
@MANY
def test_facts_in_any_order_and_number_give_the_same_plan(
    evaluation: EvaluationContext, random: Random
) -> None:
    shuffled = [*evaluation.facts, *evaluation.facts]
    random.shuffle(shuffled)
    one_by_one = Facts()
    for fact in shuffled:
        one_by_one |= [fact]
    assert one_by_one == Facts.of(evaluation.facts)
    whole = Case("T-1", Facts.of(evaluation.facts))
    assert plan(evolve(whole, facts=one_by_one), evaluation.policy, END) == plan(
        whole, evaluation.policy, END
    )


def dense(evaluation: EvaluationContext, extra: list[int]) -> list[tuple[int, str]]:
    """Told when every instant of the history, and some between, is judged, besides every `next_at`."""
    quiet = [
        Fact("T-1", "note", when) for when in extra if when > _creation(evaluation.facts, "T-1")
    ]
    everything = sorted(
        [*evaluation.facts, *quiet], key=lambda fact: (fact.at, fact.field != "created")
    )
    return told_of(replay(everything, evaluation.policy, END))


def told_of(outcomes: Outcomes) -> list[tuple[int, str]]:
    return sorted((notified.at, notified.alert.id) for notified in outcomes.notified)


@given(scenes, st.lists(instants, max_size=8))
@MANY
def test_nothing_is_due_before_next_at_and_something_is_at_it(
    evaluation: EvaluationContext, extra: list[int]
) -> None:
    for now in sorted({*extra, *(fact.at for fact in evaluation.facts)}):
        if not (known := evaluation.known(now)):
            continue
        evaluated = plan(
            told_everything(Case("T-1", known), evaluation.policy, now), evaluation.policy, now
        )
        assert not evaluated.alerts
        assert evaluated.next_at is None or evaluated.next_at > now
        if evaluated.next_at is not None:
            before = plan(
                told_everything(Case("T-1", known), evaluation.policy, now),
                evaluation.policy,
                evaluated.next_at - 1,
            )
            assert not before.alerts


def told_everything(case: Case, rules: Policy, now: int) -> Case:
    for _ in range(20):
        evaluated = plan(case, rules, now)
        case = evolve(after_telling(case, evaluated, now), breached=evaluated.breached)
        if not evaluated.alerts:
            return case
    raise AssertionError("it never stops telling")


@given(scenes)
@MANY
def test_plan_says_now_only_while_there_is_something_to_do(evaluation: EvaluationContext) -> None:
    for now in {START, *(fact.at for fact in evaluation.facts), END}:
        evaluated = plan(Case("T-1", evaluation.known(now)), evaluation.policy, now)
        assert (evaluated.next_at == now) is bool(evaluated.alerts)
        assert evaluated.next_at is None or evaluated.next_at >= now


@given(scenes)
@MANY
def test_event_by_event_and_jumping_tell_the_same(evaluation: EvaluationContext) -> None:
    """The replay judges only after facts that can move a time; here it judges after every one, and
    at odd times.
    """
    every_hour = list(range(START, END, 7 * HOUR))
    assert dense(evaluation, every_hour) == told_of(evaluation.replayed())


@given(scenes)
@MANY
def test_nothing_is_told_before_its_time_nor_twice(evaluation: EvaluationContext) -> None:
    notified = evaluation.replayed().notified
    assert all(each.alert.due_at <= each.at for each in notified)
    ids = [each.alert.id for each in notified]
    assert len(ids) == len(set(ids))


@given(scenes)
@MANY
def test_after_the_end_only_the_good_news_is_told(evaluation: EvaluationContext) -> None:
    for each in evaluation.replayed().notified:
        evaluated = plan(Case("T-1", evaluation.known(each.at)), evaluation.policy, each.at)
        subject = next((t for t in evaluated.tickets if t.id == each.alert.subject), None)
        over = not evaluated.unresolved or (
            subject is not None and each.alert.clock in TARGETED and not subject.unresolved
        )
        if over and not each.alert.clock.startswith("finding:"):
            stops_later = each.alert.clock == "resolution" and any(
                t.stops_at == "closed" for t in all_targets(evaluation)
            )
            assert each.alert.clock == CLEARED or stops_later


TARGETED = {metric.value for metric in list(Metric)[:5]}


def all_targets(evaluation: EvaluationContext) -> Iterator[Target]:
    return (target for each in evaluation.policy.rules for target in each.targets)


@given(scenes)
@MANY
def test_every_level_that_came_due_is_accounted_for(evaluation: EvaluationContext) -> None:
    outcomes = evaluation.replayed()
    waiting_for = {
        name
        for name, audience in evaluation.policy.audiences.items()
        if audience.hours or audience.digest
    }
    notified = {
        (t.alert.clock_key, t.alert.level, t.alert.recipient.audience) for t in outcomes.notified
    }
    passed = {
        (p.clock_key, p.level, p.recipient.audience) for t in outcomes.notified for p in t.passed
    }
    for case, evaluated in ((end.case, end.plan) for end in outcomes.endings):
        moved = any(
            len(case.facts.changes(ticket, "priority")) > 1 for ticket in case.facts.tickets()
        )
        waiting = {
            (d.alert.clock_key, d.alert.level, d.alert.recipient.audience)
            for d in evaluated.decisions
        }
        for clock in evaluated.clocks:
            for level, audience in due_levels(clock, evaluated):
                if clock.stopped_at is not None and (
                    audience in waiting_for or evaluated.promises or moved
                ):
                    continue  # it waited until it was over, or another rule shows levels that were never due
                known = notified | passed | waiting
                higher = {
                    key
                    for key in known
                    if key[0] == clock.key and key[1] >= level and key[2] == audience
                }
                assert higher or inherited(case, clock, audience), (
                    f"{clock.key} level {level} to {audience}"
                )


@given(scenes)
@MANY
def test_a_broken_promise_is_told_at_once_to_somebody_above_all_who_were_told_before_or_to_the_top(
    evaluation: EvaluationContext,
) -> None:
    evaluation = EvaluationContext(as_one_case(evaluation.facts), without_hours(evaluation.policy))
    notified = evaluation.replayed().notified
    for until, matter in broken(evaluation):
        names = {each.id for each in matter.tickets}
        ranks = [(each.at, rank(each.alert)) for each in notified if each.alert.subject in names]
        before = [height for when, height in ranks if when < until]
        now = max((height for when, height in ranks if when == until), default=-1)
        assert now > max(before, default=-1) or now == len(AUDIENCES) - 1


def without_hours(each: Policy) -> Policy:
    return evolve(each, audiences={name: Audience(name) for name in AUDIENCES})


def as_one_case(facts: list[Fact]) -> list[Fact]:
    created = [fact for fact in facts if fact.field == "created"]
    linked = [*facts, *(Fact(fact.ticket, "case_id", fact.at, "C-1") for fact in created)]
    return sorted(linked, key=lambda fact: (fact.at, fact.field != "created", fact))


def rank(alert: Alert) -> int:
    """Of good news and findings -1: they tell nobody of a promise."""
    escalates = alert.clock in {metric.value for metric in Metric}
    return AUDIENCES.index(alert.recipient.audience) if escalates else -1


def climbing(made: tuple[Promise, ...], now: int, most: int) -> Iterator[Promise]:
    """The broken ones that hold alerts back, or come after none of their row that was broken."""
    for number, promise in enumerate(made):
        earlier = made[number + 1 - promise.in_a_row : number]
        is_first = not any(each.broken(now) for each in earlier)
        if promise.broken(now) and (promise.in_a_row <= most or is_first):
            yield promise


def broken(evaluation: EvaluationContext) -> Iterator[tuple[int, LinkedTickets]]:
    """Each promise that was broken while there was still something to do and no other one held, and
    its matter; of those in a row that hold nothing back only the first broken one.
    """
    ends = {
        promise.until
        for promise in plan(Case("T-1", evaluation.known(END)), evaluation.policy, END).promises
    }
    for until in (end for end in ends if end <= END):
        evaluated = plan(Case("T-1", evaluation.known(until)), evaluation.policy, until)
        for matter in evaluated.matters:
            made = evaluated.assessment.promises.get(matter.id, ()) if evaluated.assessment else ()
            most = evaluation.policy.acknowledge.in_a_row
            ended = any(each.until == until for each in climbing(made, until, most))
            if matter.unresolved and ended and not any(each.holds(until) for each in made):
                yield until, matter


def due_levels(clock: Clock, evaluated: Plan) -> Iterator[tuple[int, str]]:
    """Levels due while the clock was live."""
    ticket = next((each for each in evaluated.tickets if each.id == clock.subject), None)
    if ticket is not None and ticket.merged_into:
        return  # the survivor's ladder goes on from there
    end = END if clock.stopped_at is None else clock.stopped_at - 1
    if clock.metric is Metric.PAUSE and clock.stopped_at is not None:
        return  # a change of policy may show a pause that is over by then
    for index, when in enumerate(clock.levels):
        if when is not None and when <= end:
            for audience in clock.ladder.levels[index].tell:
                yield index, audience


def inherited(case: Case, clock: Clock, audience: str) -> bool:
    """Told under the name of another ticket of the case."""
    metric = clock.metric.value
    return any(
        key.rsplit("/", 2)[1] == metric
        and who.partition(":")[0].removesuffix("-urgent") == audience
        for key, who in case.reached
    )


@given(scenes)
@MANY
def test_judging_again_from_what_was_stored_gives_what_was_stored(
    evaluation: EvaluationContext,
) -> None:
    for end in evaluation.replayed().endings:
        case = evolve(end.case, facts=Facts.of(end.case.facts))
        again = plan(case, evaluation.policy, END)
        assert again.alerts == ()
        assert again.breached == case.breached
        assert plan(case, evaluation.policy, END, whole=True).clocks == end.plan.clocks


@given(scenes)
@MANY
def test_time_counts_as_a_clock_of_minutes_would_count_it(evaluation: EvaluationContext) -> None:
    """An oracle of its own: quarter hours that are open, of a status that runs, one by one."""
    alone = [
        fact
        for fact in evaluation.facts
        if fact.ticket == "T-1" and fact.field in ("created", "status")
    ]
    plain = evolve(evaluation.policy, pauses=Pauses(), rules=evaluation.policy.rules[-1:])
    evaluated = plan(Case("T-1", Facts.of(alone)), plain, END)
    for clock in evaluated.clocks:
        if clock.metric is Metric.RESOLUTION:
            (target,) = [t for t in plain.rules[0].targets if t.metric is Metric.RESOLUTION]
            assert clock.elapsed(END) == counted(alone, target, plain.calendars[clock.calendar])


def counted(facts: list[Fact], target: Target, calendar: Calendar) -> int:
    created = min(fact.at for fact in facts)
    groups = {
        "new": "open",
        "open": "open",
        "odd": "?",
        "waiting": "waiting",
        "resolved": "resolved",
        "closed": "closed",
    }
    stops = {"closed"} if target.stops_at == "closed" else {"resolved", "closed"}
    elapsed = 0
    for start in range(created, END, STEP):
        status = [str(f.value).casefold() for f in facts if f.field == "status" and f.at <= start][
            -1
        ]
        if groups.get(status, status) not in stops | target.pauses_in and calendar.is_open(start):
            elapsed += STEP
    return elapsed


def test_findings_go_to_operations_alone() -> None:
    alert = plan(
        Case("T-1", Facts.of([Fact("T-1", "status", START, "Odd")])), policy(), START
    ).alerts[0]
    assert isinstance(alert, Alert)
    assert alert.recipient.audience == OPERATIONS
    assert not alert.clock.startswith(WITHDRAWN)
