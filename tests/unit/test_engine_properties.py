"""What holds for any history under any policy: the promises of the engine, on random ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from attrs import evolve, field, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from building import ALWAYS, DAY, HOUR, OFFICE, after_telling, at, policy, rule
from sla_watchdog.domain.time.business_time import Calendar
from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, Case
from sla_watchdog.domain.clocks.targets import Clock
from sla_watchdog.domain.escalation.plan import Plan, plan
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.escalation.levels import CLEARED, WITHDRAWN
from sla_watchdog.domain.tickets.links import Matter
from sla_watchdog.domain.policy.model import (
    After,
    Audience,
    Before,
    Condition,
    Count,
    Ladder,
    Level,
    Metric,
    Open,
    Pauses,
    Percent,
    Policy,
    Repeat,
    Rule,
    Target,
)
from sla_watchdog.domain.clocks.promises import acknowledged
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
    st.tuples(st.just("status"), st.sampled_from(["New", "Open", "Waiting", "Resolved", "Closed", "Odd"])),
    st.tuples(st.just("priority"), st.sampled_from(["1 - Critical", "4 - Low", "none"])),
    st.tuples(st.just("assignee"), st.sampled_from(["kim", "lee", "queue", ""])),
    st.tuples(st.just("team"), st.sampled_from(["red", "blue"])),
    st.tuples(st.just("agent_reply"), st.sampled_from(["", "auto-reply"])),
    st.tuples(st.just("customer_reply"), st.just("")),
    st.tuples(st.sampled_from(["merged_into", "follow_up_of", "case_id"]), st.sampled_from([*TICKETS, "X-9"])),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Up to three linked tickets, one value a field and second, in order of time."""
    told: dict[tuple[str, str, int], Fact] = {}
    for name in draw(st.sampled_from([TICKETS[:1], TICKETS[:1], TICKETS])):
        created = draw(instants)
        told[name, "created", created] = Fact(name, "created", created)
        told[name, "status", created] = Fact(name, "status", created, "New")
        told[name, "priority", created] = Fact(name, "priority", created, draw(st.sampled_from(["4 - Low", "none"])))
        for when, (what, value) in draw(st.lists(st.tuples(instants, states), max_size=14)):
            if value != name and when > created:
                told[name, what, when] = Fact(name, what, when, value)
        for promised in draw(st.lists(instants, max_size=3)):
            until = promised + draw(st.integers(1, 40)) * HOUR
            told[name, "acknowledged", promised] = acknowledged(name, promised, until, "Kim")
    facts = sorted(told.values(), key=lambda fact: (fact.at, fact.field != "created", fact))
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
        stops = draw(st.sampled_from(["resolved", "closed"])) if metric is Metric.RESOLUTION else "resolved"
        targets.append(Target(metric, draw(st.integers(1, 30)) * HOUR, draw(ladders()), pauses, stops))
    return rule(name, *targets, calendar=draw(st.sampled_from(list(CALENDARS))), when=when)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    urgent = draw(rules("urgent", (Condition("priority", frozenset({"urgent"})),)))
    hours = draw(st.sampled_from([None, "office"]))
    audiences = {name: Audience(name, hours=hours if name == "manager" else None) for name in AUDIENCES}
    signals = {
        Metric.PROGRESS: Ladder("progress", (Level(Open(12 * HOUR), ("manager",), repeat=Repeat(2 * DAY, True)),)),
        Metric.UNOWNED: Ladder("unowned", (Level(Open(4 * HOUR), ("team-lead",)),)),
        Metric.REOPENED: Ladder("reopened", (Level(Count(1), ("team-lead",)), Level(Count(2), ("manager",)))),
        Metric.REASSIGNED: Ladder("reassigned", (Level(Count(2), ("team-lead",)),)),
        Metric.TOUCHES: Ladder("touches", (Level(Count(2), ("manager",)),)),
        Metric.BOUNCED: Ladder("bounced", (Level(Count(1), ("manager",)),)),
    }
    return policy(
        urgent,
        draw(rules("rest")),
        calendars=CALENDARS,
        audiences=audiences,
        signals=draw(st.sampled_from([{}, signals])),
        pauses=draw(st.sampled_from([Pauses(), Pauses(longest=6 * HOUR, total=10 * HOUR)])),
        gap=draw(st.sampled_from([0, 5 * DAY])),
    )


AUDIENCES = ("owner", "team-lead", "manager", "executive")
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _said(fact: Fact) -> str:
    return f"  {datetime.fromtimestamp(fact.at, UTC):%m-%d %H:%M} {fact.ticket} {fact.field} {fact.value}"


def _asked(each: Policy) -> Iterator[str]:
    yield f"  pauses {each.pauses.longest} {each.pauses.total}, gap {each.gap}, signals {bool(each.signals)}"
    for one in each.rules:
        for target in one.targets:
            levels = [(level.trigger, level.repeat) for level in target.ladder.levels]
            yield f"  {one.name} {one.calendar} {target.metric} {target.within} {set(target.pauses_in)} {levels}"


@frozen
class Scene:
    facts: list[Fact] = field(repr=lambda facts: "\n" + "\n".join(_said(fact) for fact in facts))
    policy: Policy = field(repr=lambda each: "\n" + "\n".join(_asked(each)))

    def known(self, now: int) -> Facts:
        return Facts.of(fact for fact in self.facts if fact.at <= now)

    def replayed(self) -> Outcomes:
        return replay(self.facts, self.policy, END)


scenes = st.builds(Scene, histories(), policies())


@given(scenes, st.randoms(use_true_random=False))
@MANY
def test_facts_in_any_order_and_number_give_the_same_plan(scene: Scene, random: Random) -> None:
    shuffled = [*scene.facts, *scene.facts]
    random.shuffle(shuffled)
    one_by_one = Facts()
    for fact in shuffled:
        one_by_one |= [fact]
    assert one_by_one == Facts.of(scene.facts)
    whole = Case("T-1", Facts.of(scene.facts))
    assert plan(evolve(whole, facts=one_by_one), scene.policy, END) == plan(whole, scene.policy, END)


def dense(scene: Scene, extra: list[int]) -> list[tuple[int, str]]:
    """Told when every instant of the history, and some between, is judged, besides every `next_at`."""
    quiet = [Fact("T-1", "note", when) for when in extra if when > _creation(scene.facts, "T-1")]
    everything = sorted([*scene.facts, *quiet], key=lambda fact: (fact.at, fact.field != "created"))
    return told_of(replay(everything, scene.policy, END))


def told_of(outcomes: Outcomes) -> list[tuple[int, str]]:
    return sorted((told.at, told.alert.id) for told in outcomes.told)


@given(scenes, st.lists(instants, max_size=8))
@MANY
def test_nothing_is_due_before_next_at_and_something_is_at_it(scene: Scene, extra: list[int]) -> None:
    for now in sorted({*extra, *(fact.at for fact in scene.facts)}):
        if not (known := scene.known(now)):
            continue
        judged = plan(told_everything(Case("T-1", known), scene.policy, now), scene.policy, now)
        assert not judged.alerts
        assert judged.next_at is None or judged.next_at > now
        if judged.next_at is not None:
            before = plan(told_everything(Case("T-1", known), scene.policy, now), scene.policy, judged.next_at - 1)
            assert not before.alerts


def told_everything(case: Case, rules: Policy, now: int) -> Case:
    for _ in range(20):
        judged = plan(case, rules, now)
        case = evolve(after_telling(case, judged, now), breached=judged.breached)
        if not judged.alerts:
            return case
    raise AssertionError("it never stops telling")


@given(scenes)
@MANY
def test_plan_says_now_only_while_there_is_something_to_do(scene: Scene) -> None:
    for now in {START, *(fact.at for fact in scene.facts), END}:
        judged = plan(Case("T-1", scene.known(now)), scene.policy, now)
        assert (judged.next_at == now) is bool(judged.alerts)
        assert judged.next_at is None or judged.next_at >= now


@given(scenes)
@MANY
def test_event_by_event_and_jumping_tell_the_same(scene: Scene) -> None:
    """The replay judges only after facts that can move a time; here it judges after every one, and at odd times."""
    every_hour = list(range(START, END, 7 * HOUR))
    assert dense(scene, every_hour) == told_of(scene.replayed())


@given(scenes)
@MANY
def test_nothing_is_told_before_its_time_nor_twice(scene: Scene) -> None:
    told = scene.replayed().told
    assert all(each.alert.due_at <= each.at for each in told)
    ids = [each.alert.id for each in told]
    assert len(ids) == len(set(ids))


@given(scenes)
@MANY
def test_after_the_end_only_the_good_news_is_told(scene: Scene) -> None:
    for each in scene.replayed().told:
        judged = plan(Case("T-1", scene.known(each.at)), scene.policy, each.at)
        subject = next((t for t in judged.tickets if t.id == each.alert.subject), None)
        over = not judged.unresolved or (
            subject is not None and each.alert.clock in TARGETED and not subject.unresolved
        )
        if over and not each.alert.clock.startswith("finding:"):
            stops_later = each.alert.clock == "resolution" and any(t.stops_at == "closed" for t in all_targets(scene))
            assert each.alert.clock == CLEARED or stops_later


TARGETED = {metric.value for metric in list(Metric)[:5]}


def all_targets(scene: Scene) -> Iterator[Target]:
    return (target for each in scene.policy.rules for target in each.targets)


@given(scenes)
@MANY
def test_every_level_that_came_due_is_accounted_for(scene: Scene) -> None:
    outcomes = scene.replayed()
    waiting_for = {name for name, audience in scene.policy.audiences.items() if audience.hours}
    told = {(t.alert.clock_key, t.alert.level, t.alert.recipient.audience) for t in outcomes.told}
    passed = {(p.clock_key, p.level, p.recipient.audience) for t in outcomes.told for p in t.passed}
    for case, judged in ((end.case, end.plan) for end in outcomes.endings):
        moved = any(len(case.facts.changes(ticket, "priority")) > 1 for ticket in case.facts.tickets())
        waiting = {(d.alert.clock_key, d.alert.level, d.alert.recipient.audience) for d in judged.decisions}
        for clock in judged.clocks:
            for level, audience in due_levels(clock, judged):
                if clock.stopped_at is not None and (audience in waiting_for or judged.promises or moved):
                    continue  # it waited until it was over, or another rule shows levels that were never due
                known = told | passed | waiting
                higher = {key for key in known if key[0] == clock.key and key[1] >= level and key[2] == audience}
                assert higher or inherited(case, clock, audience), f"{clock.key} level {level} to {audience}"


@given(scenes)
@MANY
def test_a_broken_promise_is_told_at_once_to_somebody_above_all_who_were_told_before_or_to_the_top(
    scene: Scene,
) -> None:
    scene = Scene(as_one_case(scene.facts), without_hours(scene.policy))
    told = scene.replayed().told
    for until, matter in broken(scene):
        names = {each.id for each in matter.tickets}
        ranks = [(each.at, rank(each.alert)) for each in told if each.alert.subject in names]
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


def broken(scene: Scene) -> Iterator[tuple[int, Matter]]:
    """Each promise that was broken while there was still something to do and no other one held, and its matter."""
    ends = {promise.until for promise in plan(Case("T-1", scene.known(END)), scene.policy, END).promises}
    for until in (end for end in ends if end <= END):
        judged = plan(Case("T-1", scene.known(until)), scene.policy, until)
        for matter in judged.matters:
            made = judged.assessment.promises.get(matter.id, ()) if judged.assessment else ()
            ended = any(each.until == until and each.broken(until) for each in made)
            if matter.unresolved and ended and not any(each.holds(until) for each in made):
                yield until, matter


def due_levels(clock: Clock, judged: Plan) -> Iterator[tuple[int, str]]:
    """Levels due while the clock was live."""
    ticket = next((each for each in judged.tickets if each.id == clock.subject), None)
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
        key.rsplit("/", 2)[1] == metric and who.partition(":")[0].removesuffix("-urgent") == audience
        for key, who in case.reached
    )


@given(scenes)
@MANY
def test_judging_again_from_what_was_stored_gives_what_was_stored(scene: Scene) -> None:
    for end in scene.replayed().endings:
        case = evolve(end.case, facts=Facts.of(end.case.facts))
        again = plan(case, scene.policy, END)
        assert again.alerts == ()
        assert again.breached == case.breached
        assert plan(case, scene.policy, END, whole=True).clocks == end.plan.clocks


@given(scenes)
@MANY
def test_time_counts_as_a_clock_of_minutes_would_count_it(scene: Scene) -> None:
    """An oracle of its own: quarter hours that are open, of a status that runs, one by one."""
    alone = [fact for fact in scene.facts if fact.ticket == "T-1" and fact.field in ("created", "status")]
    plain = evolve(scene.policy, pauses=Pauses(), rules=scene.policy.rules[-1:])
    judged = plan(Case("T-1", Facts.of(alone)), plain, END)
    for clock in judged.clocks:
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
        status = [str(f.value).casefold() for f in facts if f.field == "status" and f.at <= start][-1]
        if groups.get(status, status) not in stops | target.pauses_in and calendar.is_open(start):
            elapsed += STEP
    return elapsed


def test_findings_go_to_operations_alone() -> None:
    alert = plan(Case("T-1", Facts.of([Fact("T-1", "status", START, "Odd")])), policy(), START).alerts[0]
    assert isinstance(alert, Alert)
    assert alert.recipient.audience == OPERATIONS
    assert not alert.clock.startswith(WITHDRAWN)
