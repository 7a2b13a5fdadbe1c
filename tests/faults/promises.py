"""What must hold whatever went wrong, checked from outside: stores, messages, the desk's records.

Each check gives one line for everything that breaks it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain

from attrs import asdict, evolve

from faults.wire import Published
from faults.world import OVER, World, stored
from sla_watchdog.adapters.dynamodb.audit import _from_item as audited
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.clocks.clock_key import CLEARED, WITHDRAWN
from sla_watchdog.domain.escalation.alert_id import AlertId
from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.case import Case, Outcome
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.deferral import Decision
from sla_watchdog.domain.escalation.plan import Plan, plan, wakeup_for
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.observation import observed
from sla_watchdog.usecases.judging import Evaluated
from sla_watchdog.usecases.lease import LEASE

TOLD = frozenset({Outcome.SENT, Outcome.IN_DIGEST})
FRESH = 5.0
TARGETS = frozenset(metric.value for metric in list(Metric)[:5])


def broken(world: World) -> list[str]:
    """What holds after every step."""
    cases = world.cases()
    return [
        *chain.from_iterable(_timing(world, case) for case in cases),
        *_twice(world),
        *_after_the_end(world),
        *_before_its_time(world),
        *_claims(world, cases),
    ]


def unfinished(world: World) -> list[str]:
    """What holds beside that once all is quiet: nothing is on its way, and every level is accounted
    for.
    """
    cases, audit = world.cases(), _audit()
    ended = [f"{case.id}: still on its way: {sorted(case.outbox)}" for case in cases if case.outbox]
    late = [
        f"{c.id}: due at {c.next_at}"
        for c in cases
        if c.next_at is not None and c.next_at <= world.now
    ]
    due = [
        f"{alert.id}: is due" for case in cases for alert in _judged(world, case, world.now).alerts
    ]
    return [
        *ended,
        *late,
        *due,
        *chain.from_iterable(_unaccounted(world, case, audit) for case in cases),
    ]


def _judged(world: World, case: Case, now: int, whole: bool = False) -> Plan:
    current = world.quiet().evaluator(now, live=True).current(case)
    context = Context(recent=world.watch.recent_messages.read())
    return plan(current, world.policy, now, whole, context=context)


def _timing(world: World, case: Case) -> Iterator[str]:
    """One rule for `next_at`: never later than what the facts and the leases ask for."""
    if case.failures or case.generation < world.generation() or not world.policy_is_known():
        return
    now = max(world.now, world.latest)
    evaluated = _judged(world, case, now)
    wanted, _ = wakeup_for(evaluated, case)
    if evaluated.pending_links:
        wanted = min(wanted or now, now) + LEASE + world.skew
    if wanted is not None and wanted > now and (case.next_at is None or case.next_at > wanted):
        if _as_recorded(world, case, now):
            return
        yield f"{case.id}: next_at is {case.next_at}, though it must be looked at by {wanted}"
    if case.next_at is None and case.outbox:
        yield f"{case.id}: nothing wakes it, and {sorted(case.outbox)} is on its way"


def _as_recorded(world: World, case: Case, now: int) -> bool:
    """Whether it wakes when its records ask for it, of which no stream has reported yet: as they
    are, or as one of them was when a tick read it. The next sweep sees what no stream ever
    reports.
    """
    found = world.quiet().evaluator(now, live=True).evaluate([case.id], now)[case.id]
    known = [found.facts] if isinstance(found, Evaluated) else []
    for name in case.facts.tickets():
        for record in (record for _, record in world.records.get(name, []) if record is not None):
            written = record.get("updated_at")
            read = {now, written if isinstance(written, int) else now}
            known += [
                case.facts | observed(name, record, world.policy, case.facts, at) for at in read
            ]
    wanted = (
        wakeup_for(_judged(world, evolve(case, facts=facts), now), case)[0]
        for facts in known
        if facts != case.facts
    )
    return any(
        at is None or at <= now or (case.next_at is not None and case.next_at <= at)
        for at in wanted
    )


def _twice(world: World) -> Iterator[str]:
    """Each alert once, and once more for each time that nobody could know whether it had gone out,
    or that the recipient was told that it is over, or not due any more: then the same may come
    due anew.
    """
    times = Counter(name for message in world.wire.published for name in set(message.ids))
    for name, count in times.items():
        allowed = 1 + world.doubtful[name] + (_taken_back(name, times) if count > 1 else 0)
        if count > allowed:
            yield f"{name}: published {count} times, {world.doubtful[name]} in doubt"


def _taken_back(name: str, times: Counter[str]) -> int:
    """How often the recipient was told good news about the same clock."""
    subject, clock, *_, recipient = name.split("/")
    news = (f"{subject}/{WITHDRAWN}{clock}/", f"{subject}/{CLEARED}/")
    return sum(
        count
        for other, count in times.items()
        if other.startswith(news) and other.endswith(f"/{recipient}")
    )


def _after_the_end(world: World) -> Iterator[str]:
    for message in world.wire.published:
        for name in message.ids:
            ticket, clock = name.split("/")[:2]
            if clock in TARGETS and _over(world, ticket, message):
                yield f"{name}: published {FRESH:g} seconds after its resolution could be read"


def _over(world: World, ticket: str, message: Published) -> bool:
    """Whether whoever read the ticket five seconds before the message saw that it was over, and
    ever after.
    """
    begun = message.wire - FRESH
    records = world.records.get(ticket, [])
    before = [record for wire, record in records if wire < begun]
    since = [record for wire, record in records if begun <= wire <= message.wire]
    if not before:
        return False
    seen = [before[-1], *since]
    if not all(record is None or record.get("status") in OVER for record in seen):
        return False
    return None not in seen or not _not_believed(world, ticket, message)


def _not_believed(world: World, ticket: str, message: Published) -> bool:
    """Whether its record counted as not deleted when it was read: deletions were held from before
    it went missing, and nothing else was known to have ended it (docs/decisions/0018).
    """
    begun = message.wire - FRESH
    holds = [since for wire, since in world.holds if wire < begun][-1:]
    holds += [since for wire, since in world.holds if begun <= wire <= message.wire]
    gone = (fact for case in world.cases() for fact in case.facts.of_field(ticket, "gone"))
    noticed = [fact.at for fact in gone if fact.value]
    held = any(since is not None and all(at >= since for at in noticed) for since in holds)
    known = [over for wire, over in world.over if wire < begun][-1:]
    known += [over for wire, over in world.over if begun <= wire <= message.wire + 1]
    ended = len(known) > 1 and all(ticket in over for over in known)
    return held and not ended


def _before_its_time(world: World) -> Iterator[str]:
    for message in world.wire.published:
        for name, due in zip(message.ids, message.due, strict=True):
            # One process saw it and another told it, each by a clock of its own.
            if due > message.now + 2 * world.skew:
                yield f"{name}: published {due - message.now} seconds before it was due"


def _claims(world: World, cases: list[Case]) -> Iterator[str]:
    """What is recorded as told was told: in the audit, and in the levels reached."""
    names = published(world)
    for item in chain.from_iterable(_audit().values()):
        if item.outcome in TOLD and item.alert_id not in names:
            yield f"{item.alert_id}: in the audit as {item.outcome}, and never published"
    levels = {AlertId.of_text(name)._replace(renewal=0).text for name in names}
    for case in cases:
        for (clock, recipient), reached in case.reached.items():
            name = f"{clock}/{reached.level}/{reached.repetition}/{recipient}"
            if reached.outcome in TOLD and name not in levels:
                yield f"{name}: counts as told, and was never published"


def _audit() -> dict[str, list[AuditItem]]:
    """By clock, subject and metric; what waits for the Audit table is as good as there."""
    by_clock: dict[str, list[AuditItem]] = defaultdict(list)
    waiting = [
        record["M"] for item in stored("watch") for record in item.get("unaudited", {}).get("L", [])
    ]
    for item in map(audited, [*stored("audit"), *waiting]):
        by_clock["/".join(item.alert_id.split("/")[:2])].append(item)
    return by_clock


def _unaccounted(world: World, case: Case, audit: dict[str, list[AuditItem]]) -> Iterator[str]:
    """Every level that was due while somebody could have told it has an end for each of its
    audiences, or visibly waits.
    """
    evaluated = _judged(world, case, world.now, whole=True)
    names = {each.id for each in evaluated.tickets}
    for clock in evaluated.clocks:
        known = [item for name in names for item in audit.get(f"{name}/{clock.metric.value}", [])]
        for level, due in _due(world, evaluated, clock):
            for audience in clock.ladder.levels[level].tell:
                waits = any(
                    _waits(decision, clock, level, audience) for decision in evaluated.decisions
                )
                if not waits and not any(_answers(item, level, audience) for item in known):
                    yield f"{clock.key}: level {level + 1}, due at {due}, has no end in the audit for {audience}"


def _due(world: World, evaluated: Plan, clock: Clock) -> Iterator[tuple[int, int]]:
    ticket = next((each for each in evaluated.tickets if each.id == clock.subject), None)
    if ticket is not None and ticket.merged_into:
        return  # the survivor's ladder goes on from there
    if clock.stopped_at is not None and world.edited:
        return  # another policy judged it
    end = world.now if clock.stopped_at is None else clock.stopped_at - 1
    for level, due in enumerate(clock.levels):
        if due is not None and any(due <= tick <= end for tick in world.undisturbed):
            yield level, due


def _waits(decision: Decision, clock: Clock, level: int, audience: str) -> bool:
    """An edit, of facts or of the policy, may have made it due at a time when a promise held
    already.
    """
    alert = decision.alert
    same = alert.clock_key == clock.key and alert.recipient.audience == audience
    return same and alert.level >= level and decision.until is not None


def _answers(item: AuditItem, level: int, audience: str) -> bool:
    reached, recipient = int(item.alert_id.split("/")[3]), item.alert_id.split("/")[5]
    return reached >= level and recipient.partition(":")[0].removesuffix("-urgent") == audience


def ends() -> dict[str, str]:
    """Alert id -> how it ended in the audit; a message counts before everything else."""
    found: dict[str, str] = {}
    for item in sorted(
        chain.from_iterable(_audit().values()), key=lambda item: item.outcome in TOLD
    ):
        found[item.alert_id] = "told" if item.outcome in TOLD else item.outcome.value
    return found


def published(world: World) -> frozenset[str]:
    return frozenset(name for message in world.wire.published for name in message.ids)


def state(world: World) -> object:
    """All that the cases hold, but for when things were told and how often they were written."""
    return sorted(
        (_outline(case) for case in world.cases()), key=lambda outline: str(outline["id"])
    )


def _outline(case: Case) -> dict[str, object]:
    levels = {
        key: (each.level, each.repetition, each.outcome) for key, each in case.reached.items()
    }
    return {
        **asdict(evolve(case, rev=0, reached={}, facts=Facts()), recurse=False),
        "facts": case.facts,
        "told": levels,
    }
