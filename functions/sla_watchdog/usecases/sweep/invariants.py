"""What must hold for everything that is stored of cases; what does not is put right where that is
safe, and noticed.

Every derived attribute of a case is what `plan` computes from its facts; a case is due where the
index finds it; nothing due waits unseen; names lead to their case; open tickets are remembered
under what they share with others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, evolve, field, frozen

from sla_watchdog.adapters.dynamodb.attributes import plain
from sla_watchdog.adapters.dynamodb.case_item import (
    CASE,
    case_key,
    findings_list,
    reached_name,
    shard_of,
)
from sla_watchdog.adapters.dynamodb.inspection import Page
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.adapters.dynamodb.watch import DamagedItem, WatchTable
from sla_watchdog.domain.escalation.case import OPERATIONS, Case
from sla_watchdog.domain.escalation.deletions import missing_since
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.lookalikes import keys
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.errors import Unavailable, Unstorable
from sla_watchdog.presentation.view.case_row import Trouble, standing_findings, trouble
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.track.linking import Linker, pending_links
from sla_watchdog.usecases.track.lookalikes import Lookalikes

TWO_TICKS = 120
"""Seconds after which what is due should long be taken; a storm may take longer, and is noticed
too.
"""

LONGEST_PENDING = 900
"""Seconds for which a message may be tried in vain before that is noticed."""

NOTICED = 50
"""Texts kept of one call; the counts count all."""


@define
class SweepResult:
    """What the sweep of a segment saw and did. No name here may be one of a log record's own
    (`created`).

    `cases_open` are unresolved; some of them are at risk or breached, as `status` has it.
    `healed` drifted without a cause that is known, and is right again; `violations` are still
    there. `findings` are of what it wrote, `findings_open` all that people are to see to.
    `noticed` says both, with ids and names of attributes alone; `wrong` the violations.
    `recipients_missing` should get alerts and get none: people are notified of them, so the alarm
    on violations is left to what nobody is. `missing` are open tickets without a record, of the
    `cases_held` looked through while deletions are held. `problem` is why a page failed that is
    tried again. `whole` are the sums of all segments, of the last one to finish.
    """

    tickets: int = 0
    cases: int = 0
    cases_open: int = 0
    cases_at_risk: int = 0
    cases_breached: int = 0
    tickets_open: int = 0
    missing: int = 0
    cases_held: int = 0
    new_cases: int = 0
    repaired: int = 0
    healed: int = 0
    violations: int = 0
    lost: int = 0
    recipients_missing: int = 0
    findings: int = 0
    findings_open: int = 0
    finished: bool = True
    problem: str = ""
    whole: Mapping[str, int] | None = None
    noticed: list[str] = field(factory=list)
    wrong: list[str] = field(factory=list)

    def counts(self, evaluated: Plan, now: int) -> None:
        self.tickets_open += sum(each.unresolved for each in evaluated.tickets)
        self.findings_open += len(standing_findings(evaluated, now))
        if evaluated.unresolved:
            how = trouble(evaluated, now)
            self.cases_open += 1
            self.cases_at_risk += how is Trouble.AT_RISK
            self.cases_breached += how is Trouble.BREACHED

    def heals(self, case: str, what: str) -> None:
        self.healed += 1
        _note(self.noticed, f"{case}: {what}: put right")

    def violated(self, case: str, what: str) -> None:
        self.violations += 1
        _note(self.noticed, f"{case}: {what}")
        _note(self.wrong, f"{case}: {what}")

    def misses(self, topic: str, why: str) -> None:
        self.recipients_missing += 1
        _note(self.noticed, f"topic {topic}: a recipient gets nothing: {why}")


def _note(texts: list[str], text: str) -> None:
    if len(texts) < NOTICED:
        texts.append(text)


@frozen
class Timed:
    case: Case
    evaluated: Plan


def timed(evaluator: Evaluator, case: Case, now: int) -> Timed | None:
    """The case as it should be stored: with this policy's generation, and woken when due.

    None where a newer policy judged it, which is not written over. What is due stays due: only
    the tick moves it on.
    """
    if case.generation > evaluator.generation.number:
        return None
    known, evaluated = evaluator.timed(case, now)
    if (
        case.next_at is not None
        and known.next_at is not None
        and case.next_at <= now
        and known.next_at <= now
    ):
        known = evolve(known, next_at=case.next_at, urgent=case.urgent)
    return Timed(known, evaluated)


def unreachable(policy: Policy, topics: Mapping[str, int]) -> list[str]:
    """The audiences of the policy, and operations, of which nobody can be reached by any topic of
    theirs.
    """
    listening = [topic for topic, count in topics.items() if count]
    return [
        name
        for name in (*policy.audiences, OPERATIONS)
        if not any(topic == name or topic.startswith(f"{name}--") for topic in listening)
    ]


@frozen
class Inspector:
    """Looks through pages of the Watch table."""

    evaluator: Evaluator

    @property
    def watch(self) -> WatchTable:
        return self.evaluator.watch

    def inspect(self, page: Page, now: int, swept: SweepResult) -> None:
        self._pointers(page, now, swept)
        self._unaudited(page, swept)
        self._sealed(page, now, swept)
        open_tickets: dict[str, tuple[Ticket, Facts]] = {}
        held = self.evaluator.context.deletions_held_since
        for stored in page.cases:
            swept.cases += 1
            swept.cases_held += held is not None
            if isinstance(stored.case, DamagedItem):
                self._damaged(stored.case, now, swept)
            elif (evaluated := self._case(stored.item, stored.case, now, swept)) is not None:
                swept.counts(evaluated, now)
                mine = (each for each in evaluated.tickets if each.unresolved)
                open_tickets |= {each.id: (each, stored.case.facts) for each in mine}
        self._look_alikes(open_tickets, now, swept)

    def _case(self, item: Item, case: Case, now: int, swept: SweepResult) -> Plan | None:
        """The judgement of a sound case; what is not as it follows from it is written anew."""
        try:
            expected = timed(self.evaluator, case, now)
        except Exception as error:  # noqa: BLE001 - one case never stops the sweep; `watch` puts it back and reports it
            swept.violated(case.id, f"cannot be judged: {type(error).__name__}")
            self.watch.wake(case.id, now)
            return None
        if expected is None:
            if self.watch.raise_generation(case.generation):
                swept.heals(case.id, "the policy generation")
            return None
        expected = self._rejoined(case, expected, now, swept)
        wrong = sorted(_wrong(item, case, expected))
        recorded = self._as_recorded(expected, now) if wrong or self._reads_all(now) else None
        if wrong or recorded:
            expected = recorded or expected
            self._put_right(item, case, expected, wrong, now, swept)
        else:
            for what in _waiting(item, case, now):
                swept.violated(case.id, what)
        swept.missing += self._missing(expected)
        return expected.evaluated

    def _reads_all(self, now: int) -> bool:
        """While deletions are in doubt, or were just said to be meant, every record is looked for."""
        context = self.evaluator.context
        return context.deletions_held_since is not None or now < context.deletions_accepted_until

    def _missing(self, expected: Timed) -> int:
        """How many of its open tickets have no record while deletions are held."""
        since, facts = self.evaluator.context.deletions_held_since, expected.case.facts
        if since is None:
            return 0
        return sum(
            each.unresolved and missing_since(each.id, facts, since)
            for each in expected.evaluated.tickets
        )

    def _as_recorded(self, expected: Timed, now: int) -> Timed | None:
        """With what its records say beyond its facts: a deletion that no stream reported is seen by
        nobody else.
        """
        found = self.evaluator.evaluate([expected.case.id], now).get(expected.case.id)
        if not isinstance(found, Evaluated) or found.facts == found.case.facts:
            return None
        read_at = {**expected.case.read_at, **dict.fromkeys(found.facts.tickets(), now)}
        return timed(
            self.evaluator,
            evolve(expected.case, facts=expected.case.facts | found.facts, read_at=read_at),
            now,
        )

    def _put_right(
        self,
        item: Item,
        case: Case,
        expected: Timed,
        wrong: list[str],
        now: int,
        swept: SweepResult,
    ) -> None:
        misfiled = {"reached", "outbox"}.intersection(wrong)
        if misfiled and not self.watch.rekey(case):
            swept.lost += 1
            return
        due = evolve(expected.case, rev=case.rev + bool(misfiled))
        try:
            kept = self.watch.keep(due, expected.evaluated.findings)
        except Unstorable:
            swept.findings += 1
            return
        swept.lost += not kept
        swept.repaired += kept
        if kept and not _has_a_cause(item, case, expected):
            swept.heals(case.id, ", ".join(wrong))
        if kept and pending_links(expected.case):
            Linker(self.evaluator).link(case.id, now)

    def _rejoined(self, case: Case, expected: Timed, now: int, swept: SweepResult) -> Timed:
        """Names that belong to the case lead to it; a member that does not is none, and is linked
        anew.
        """
        names = {*case.facts.tickets(), *case.members} - {case.id}
        if not names:
            return expected
        items = self.watch.items(names)
        astray = {
            name
            for name in names
            if name not in items or items[name]["pk"]["S"] != case_key(case.id)
        }
        for name in sorted(astray.intersection(case.facts.tickets())):
            if name not in items and self.watch.link(
                expected.case, [Case(name)], expected.evaluated.findings
            ):
                swept.heals(name, "moved_to")
                expected = evolve(expected, case=evolve(expected.case, rev=expected.case.rev + 1))
            else:
                swept.violated(name, f"is a ticket of {case.id} and does not lead to it")
        strays = astray & case.members
        again = (
            timed(self.evaluator, evolve(case, members=case.members - strays), now)
            if strays
            else None
        )
        return again or expected

    def _damaged(self, item: DamagedItem, now: int, swept: SweepResult) -> None:
        """`Sweeper` rebuilds it from its ticket's record; where there is none, `watch` puts it back
        and says so.
        """
        if not self.evaluator.tickets.read([item.case]):
            swept.violated(item.case, "damaged")
        self.watch.wake(item.case, now)

    def _unaudited(self, page: Page, swept: SweepResult) -> None:
        """Records that waited in their case while the Audit table could not be written."""
        for item in page.unaudited:
            name = str(item["pk"]["S"]).removeprefix(CASE)
            try:
                count = self.watch.audit_what_waits(item)
            except Unavailable as problem:
                swept.violated(name, str(problem))
            else:
                swept.heals(name, f"{count} records for the Audit table")

    def _pointers(self, page: Page, now: int, swept: SweepResult) -> None:
        for name, end in self.watch.cases(page.moved).items():
            if isinstance(end, DamagedItem):
                self._damaged(DamagedItem(name, end.reason), now, swept)
            elif name in page.awake and self.watch.clear_wakeup(name):
                swept.heals(name, "next_at")

    def _sealed(self, page: Page, now: int, swept: SweepResult) -> None:
        """Sealed items that their case has lost sight of."""
        ends = self.watch.cases(name for name, _ in page.sealed)
        for name, number in sorted(page.sealed):
            case = ends.get(name)
            found = self.watch.with_part(case, name, number) if isinstance(case, Case) else None
            if found is None or not isinstance(case, Case) or found == case:
                continue
            expected = timed(self.evaluator, found, now)
            if expected is not None and self.watch.keep(expected.case, expected.evaluated.findings):
                swept.repaired += 1
                swept.heals(case.id, "sealed")
            ends = self.watch.cases(name for name, _ in page.sealed)

    def _look_alikes(
        self, tickets: Mapping[str, tuple[Ticket, Facts]], now: int, swept: SweepResult
    ) -> None:
        wanted = {
            name: [key.hash for key in keys(name, facts)] for name, (_, facts) in tickets.items()
        }
        known = self.watch.lookalikes(each for hashes in wanted.values() for each in hashes)
        full = Lookalikes(self.evaluator).full(known)
        for name, hashes in wanted.items():
            ticket, facts = tickets[name]
            absent = [each for each in hashes if known.get(each, {}).get(name) != ticket.created_at]
            if not full.issuperset(absent):
                Lookalikes(self.evaluator).notice(name, Facts(), facts, now)
                swept.heals(name, "look-alike keys")


def _wrong(item: Item, case: Case, expected: Timed) -> Iterator[str]:
    """The attributes of a case's item that are not what follows from its facts, its levels told and
    its outbox.
    """
    want = expected.case
    for name in ("generation", "next_at", "breached", "edited_at", "members"):
        if getattr(case, name) != getattr(want, name):
            yield name
    shard = None if want.next_at is None else shard_of(case.id, want.urgent)
    if item.get("due_shard", {}).get("S") != shard:
        yield "due_shard"
    values = plain(
        {name: item[name] for name in ("findings", "reached", "outbox", "members") if name in item}
    )
    if (values.get("findings") or []) != findings_list(expected.evaluated.findings):
        yield "findings"
    if set(_keys(values, "reached")) != {reached_name(*key) for key in case.reached}:
        yield "reached"
    if any(key != entry.key for key, entry in case.outbox.items()):
        yield "outbox"


def _keys(values: Mapping[str, object], name: str) -> list[str]:
    value = values.get(name)
    return list(value) if isinstance(value, Mapping) else []


def _has_a_cause(item: Item, case: Case, expected: Timed) -> bool:
    """A policy deployed since, a change that no stream reported, or a try that failed: it has not
    drifted by itself.
    """
    changed = (case.generation, case.facts) != (expected.case.generation, expected.case.facts)
    return changed or "problem" in item


def _waiting(item: Item, case: Case, now: int) -> Iterator[str]:
    held = any(entry.until > now for entry in case.outbox.values())
    if (
        case.next_at is not None
        and case.next_at < now - TWO_TICKS
        and not held
        and "problem" not in item
    ):
        yield f"due since {case.next_at} and not taken"
    for entry in case.outbox.values():
        waited = now - min(alert.due_at for alert in entry.alerts)
        if waited >= LONGEST_PENDING and entry.attempts > 1:
            yield f"a message to {entry.key.partition(':')[0]} tried {entry.attempts} times in {waited} s"
