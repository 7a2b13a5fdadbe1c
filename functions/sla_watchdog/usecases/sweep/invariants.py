"""What must hold for everything that is stored of cases; what does not is put right where that is
safe, and noticed.

Every derived attribute of a case is what `plan` computes from its facts; a case is due where the
index finds it; nothing due waits unseen; names lead to their case; open tickets are remembered
under what they share with others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.deletions import missing_since
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.lookalikes import keys
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.errors import Unavailable, Unstorable
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.sweep.ports import Filing, Page, StoredCase, SweepStores, Tickets
from sla_watchdog.usecases.sweep.result import SweepResult
from sla_watchdog.usecases.sweep.timed import Timed, timed
from sla_watchdog.usecases.track.linking import Linker, pending_links
from sla_watchdog.usecases.track.lookalikes import Lookalikes

TWO_TICKS = 120
"""Seconds after which what is due should long be taken; a storm may take longer, and is noticed
too.
"""

LONGEST_PENDING = 900
"""Seconds for which a message may be tried in vain before that is noticed."""

OpenTickets = dict[str, tuple[Ticket, Facts]]
"""Open tickets by name, with the facts of their cases."""


@frozen
class Inspector:
    """Looks through pages of the Watch table."""

    evaluator: Evaluator
    stores: SweepStores
    tickets: Tickets

    def inspect(self, page: Page, now: int, swept: SweepResult) -> None:
        self._pointers(page, now, swept)
        self._unaudited(page, swept)
        self._sealed(page, now, swept)
        open_tickets: OpenTickets = {}
        for stored in page.cases:
            open_tickets |= self._stored(stored, now, swept)
        key_inspector = KeyInspector(self.evaluator, self.stores)
        key_inspector.inspect(open_tickets, now, swept)

    def _stored(self, stored: StoredCase, now: int, swept: SweepResult) -> OpenTickets:
        """Looks at one case; the open tickets of a sound one."""
        swept.cases += 1
        swept.cases_held += self.evaluator.context.deletions_held_since is not None
        if isinstance(stored.case, DamagedItem):
            self._damaged(stored.case, now, swept)
            return {}
        inspector = CaseInspector(self.evaluator, self.stores, stored, stored.case, now, swept)
        evaluated = inspector.inspect()
        if evaluated is None:
            return {}
        swept.counts(evaluated, now)
        facts = stored.case.facts
        return {ticket.id: (ticket, facts) for ticket in _unresolved(evaluated)}

    def _damaged(self, item: DamagedItem, now: int, swept: SweepResult) -> None:
        """`RecordCheck` rebuilds it from its ticket's record; where there is none, `watch` puts it
        back and says so.
        """
        if not self.tickets.read([item.case]):
            swept.violated(item.case, "damaged")
        self.stores.cases.wake(item.case, now)

    def _unaudited(self, page: Page, swept: SweepResult) -> None:
        """Records that waited in their case while the Audit table could not be written."""
        for case in page.unaudited:
            try:
                count = self.stores.outbox.audit_what_waits(case)
            except Unavailable as problem:
                swept.violated(case, str(problem))
                continue
            if count is not None:
                swept.heals(case, f"{count} records for the Audit table")

    def _pointers(self, page: Page, now: int, swept: SweepResult) -> None:
        for name, end in self.stores.cases.read(page.moved).items():
            if isinstance(end, DamagedItem):
                self._damaged(DamagedItem(name, end.reason), now, swept)
            elif name in page.awake and self.stores.inspection.clear_wakeup(name):
                swept.heals(name, "next_at")

    def _sealed(self, page: Page, now: int, swept: SweepResult) -> None:
        """Sealed items that their case has lost sight of."""
        names = [name for name, _ in page.sealed]
        ends = self.stores.cases.read(names)
        for name, number in sorted(page.sealed):
            case = ends.get(name)
            if not isinstance(case, Case):
                continue
            whole = self.stores.inspection.with_part(case, name, number)
            if whole is None or whole == case:
                continue
            expected = timed(self.evaluator, whole, now)
            if expected is not None and self._keep(expected):
                swept.repaired += 1
                swept.heals(case.id, "sealed")
            ends = self.stores.cases.read(names)

    def _keep(self, expected: Timed) -> bool:
        return self.stores.cases.keep(expected.case, expected.evaluated.findings)


@frozen
class CaseInspector:
    """Looks at one sound `case`, stored as `stored` says."""

    evaluator: Evaluator
    stores: SweepStores
    stored: StoredCase
    case: Case
    now: int
    swept: SweepResult

    def inspect(self) -> Plan | None:
        """Its judgement; what is not as it follows from it is written anew. None where there is
        none that counts.
        """
        expected = self._expected()
        if expected is None:
            return None
        expected = self._rejoined(expected)
        wrong = sorted(_wrong(self.stored, self.case, expected))
        recorded = None
        if wrong or self._reads_all():
            recorded = self._as_recorded(expected)
        if recorded is not None:
            expected = recorded
        if wrong or recorded is not None:
            self._put_right(expected, wrong)
        else:
            for what in _waiting(self.stored, self.case, self.now):
                self.swept.violated(self.case.id, what)
        self.swept.missing += self._missing(expected)
        return expected.evaluated

    def _expected(self) -> Timed | None:
        try:
            expected = timed(self.evaluator, self.case, self.now)
        except Exception as error:  # noqa: BLE001 - one case never stops the sweep; `watch` puts it back and reports it
            self.swept.violated(self.case.id, f"cannot be judged: {type(error).__name__}")
            self.stores.cases.wake(self.case.id, self.now)
            return None
        if expected is None and self.stores.generations.raise_to(self.case.generation):
            self.swept.heals(self.case.id, "the policy generation")
        return expected

    def _reads_all(self) -> bool:
        """While deletions are in doubt, or were just said to be meant, every record is looked
        for.
        """
        context = self.evaluator.context
        if context.deletions_held_since is not None:
            return True
        return self.now < context.deletions_accepted_until

    def _missing(self, expected: Timed) -> int:
        """How many of its open tickets have no record while deletions are held."""
        since = self.evaluator.context.deletions_held_since
        if since is None:
            return 0
        facts = expected.case.facts
        unresolved = _unresolved(expected.evaluated)
        return sum(missing_since(ticket.id, facts, since) for ticket in unresolved)

    def _as_recorded(self, expected: Timed) -> Timed | None:
        """With what its records say beyond its facts: a deletion that no stream reported is seen by
        nobody else.
        """
        name = expected.case.id
        evaluated = self.evaluator.evaluate([name], self.now).get(name)
        if not isinstance(evaluated, Evaluated) or evaluated.facts == evaluated.case.facts:
            return None
        read_now = dict.fromkeys(evaluated.facts.tickets(), self.now)
        recorded = evolve(
            expected.case,
            facts=expected.case.facts | evaluated.facts,
            read_at={**expected.case.read_at, **read_now},
        )
        return timed(self.evaluator, recorded, self.now)

    def _put_right(self, expected: Timed, wrong: list[str]) -> None:
        rev = self.case.rev
        if {"reached", "outbox"}.intersection(wrong):
            if not self.stores.inspection.rekey(self.case):
                self.swept.lost += 1
                return
            rev += 1
        due = evolve(expected.case, rev=rev)
        try:
            kept = self.stores.cases.keep(due, expected.evaluated.findings)
        except Unstorable:
            self.swept.findings += 1
            return
        if not kept:
            self.swept.lost += 1
            return
        self.swept.repaired += 1
        if not _has_a_cause(self.stored, self.case, expected):
            self.swept.heals(self.case.id, ", ".join(wrong))
        if pending_links(expected.case):
            Linker(self.evaluator, self.stores).link(self.case.id, self.now)

    def _rejoined(self, expected: Timed) -> Timed:
        """Names that belong to the case lead to it; a member that does not is none, and is linked
        anew.
        """
        case = self.case
        names = {*case.facts.tickets(), *case.members} - {case.id}
        if not names:
            return expected
        ends = self.stores.inspection.leading_to(names)
        astray = {name for name in names if ends.get(name) != case.id}
        for name in sorted(astray.intersection(case.facts.tickets())):
            if name in ends or not self._point_to(expected, name):
                what = f"is a ticket of {case.id} and does not lead to it"
                self.swept.violated(name, what)
                continue
            self.swept.heals(name, "moved_to")
            written = evolve(expected.case, rev=expected.case.rev + 1)
            expected = evolve(expected, case=written)
        strays = astray & case.members
        if not strays:
            return expected
        without = evolve(case, members=case.members - strays)
        return timed(self.evaluator, without, self.now) or expected

    def _point_to(self, expected: Timed, name: str) -> bool:
        findings = expected.evaluated.findings
        return self.stores.linked_cases.link(expected.case, [Case(name)], findings)


@frozen
class KeyInspector:
    """Looks whether open tickets are remembered under all that they share with others."""

    evaluator: Evaluator
    stores: SweepStores

    def inspect(self, tickets: OpenTickets, now: int, swept: SweepResult) -> None:
        lookalikes = Lookalikes(self.evaluator, self.stores)
        wanted = {}
        for name, (_, facts) in tickets.items():
            wanted[name] = [key.hash for key in keys(name, facts)]
        remembered = self.stores.lookalikes.read(chain.from_iterable(wanted.values()))
        full = lookalikes.full(remembered, now)
        for name, hashes in wanted.items():
            ticket, facts = tickets[name]
            absent = [key for key in hashes if not _is_under(remembered.get(key, {}), ticket)]
            if not full.issuperset(absent):
                lookalikes.notice(name, Facts(), facts, now)
                swept.heals(name, "look-alike keys")


def _is_under(remembered: Mapping[str, int], ticket: Ticket) -> bool:
    return remembered.get(ticket.id) == ticket.created_at


def _unresolved(evaluated: Plan) -> list[Ticket]:
    return [ticket for ticket in evaluated.tickets if ticket.unresolved]


def _wrong(stored: StoredCase, case: Case, expected: Timed) -> Iterator[str]:
    """The attributes of a case's item that are not what follows from its facts, its levels and its
    outbox.
    """
    want = expected.case
    for name in ("generation", "next_at", "breached", "edited_at", "members"):
        if getattr(case, name) != getattr(want, name):
            yield name
    if stored.filing is not _filing(want):
        yield "due_shard"
    if not _has_findings(stored, expected.evaluated.findings):
        yield "findings"
    if stored.levels_misfiled:
        yield "reached"
    for key, entry in case.outbox.items():
        if key != entry.key:
            yield "outbox"
            return


def _has_findings(stored: StoredCase, wanted: Sequence[Finding]) -> bool:
    if stored.findings is None:
        return False
    return _in_words(stored.findings) == _in_words(wanted)


def _in_words(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """As they are stored, which is all that can be compared."""
    return [(finding.ticket, finding.kind, worded(finding.reason)) for finding in findings]


def _filing(case: Case) -> Filing:
    """Where the index is to have it."""
    if case.next_at is None:
        return Filing.NOWHERE
    if case.urgent:
        return Filing.URGENT
    return Filing.ORDINARY


def _has_a_cause(stored: StoredCase, case: Case, expected: Timed) -> bool:
    """A policy deployed since, a change that no stream reported, or a try that failed: it has not
    drifted by itself.
    """
    want = expected.case
    if stored.failed or case.generation != want.generation:
        return True
    return case.facts != want.facts


def _waiting(stored: StoredCase, case: Case, now: int) -> Iterator[str]:
    """What is due or on its way for too long."""
    held = any(entry.until > now for entry in case.outbox.values())
    if not held and not stored.failed and _is_overdue(case, now):
        yield f"due since {case.next_at} and not taken"
    for entry in case.outbox.values():
        waited = now - min(alert.due_at for alert in entry.alerts)
        if waited >= LONGEST_PENDING and entry.attempts > 1:
            audience = entry.key.partition(":")[0]
            yield f"a message to {audience} tried {entry.attempts} times in {waited} s"


def _is_overdue(case: Case, now: int) -> bool:
    return case.next_at is not None and case.next_at < now - TWO_TICKS
