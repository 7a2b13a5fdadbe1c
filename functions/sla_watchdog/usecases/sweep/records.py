"""Records of tickets compared with what is stored of them; what is missing is taken in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.evidence import first_carried
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts
from sla_watchdog.domain.tickets.observation import EarlierObservations, observed
from sla_watchdog.domain.tickets.record import Record, is_ticket, ticket_id
from sla_watchdog.domain.tickets.ticket import ENDED
from sla_watchdog.domain.tickets.ticket_of_facts import ticket
from sla_watchdog.errors import Unstorable
from sla_watchdog.usecases.judging import Evaluator, is_stand_in
from sla_watchdog.usecases.sweep.ports import SweepStores, Tickets
from sla_watchdog.usecases.sweep.result import SweepResult
from sla_watchdog.usecases.sweep.timed import Timed, timed
from sla_watchdog.usecases.track.change import nameless, unreadable
from sla_watchdog.usecases.track.linking import Linker, belongs, pending_links
from sla_watchdog.usecases.track.lookalikes import Lookalikes


@frozen
class ReadRecords:
    """Records by consistent reads that `began` and `ended` then, epoch seconds. What is new in them
    is dated at the end: dated too early it could take a breach back.
    """

    records: Mapping[str, Record]
    began: int
    ended: int


@frozen
class Comparison:
    """A record beside what is stored of its ticket."""

    evaluator: Evaluator

    @property
    def policy(self) -> Policy:
        return self.evaluator.policy

    def name(self, record: Record) -> str:
        source = self.policy.source
        key = {name: record.get(name) for name in source.key}
        return ticket_id(record, source) or nameless(key)

    def tickets(self, records: Sequence[Record]) -> dict[str, Record]:
        """Those that are tickets, by name."""
        named = {}
        for record in records:
            if is_ticket(record, self.policy.source):
                named[self.name(record)] = record
        return named

    def says_more(self, case: object, name: str, record: Record, now: int) -> bool:
        """Whether the record says more than is stored. What follows from what is stored,
        `Inspector` looks at. Raises where they cannot be compared.
        """
        if not isinstance(case, Case) or not belongs(name, case):
            return True
        if self.facts(name, record, case, now) != case.facts:
            return True
        return bool(pending_links(case))

    def facts(self, name: str, record: Record, case: Case, now: int) -> Facts:
        """What is known of the case, with what the record says."""
        facts = case.facts
        if is_stand_in(name):
            return facts or facts | unreadable(name, now)
        past = EarlierObservations(self.evaluator.current(case).edited_at)
        return facts | observed(name, record, self.policy, facts, now, past=past)


@frozen
class Look:
    """What the tickets of a desk say of it as a whole (semantics B10)."""

    evaluator: Evaluator
    swept: SweepResult

    def at(self, name: str, facts: Facts, now: int) -> None:
        """Counts it if it ended, and notes what its records carry."""
        if is_stand_in(name):
            return
        policy = self.evaluator.policy
        self.swept.tickets_ended += ticket(name, facts, policy).group in ENDED
        self.evaluator.note_carried(first_carried(name, facts, policy), now)


@frozen
class RecordCheck:
    """Checks the records of one page after the other."""

    evaluator: Evaluator
    stores: SweepStores
    tickets: Tickets
    clock: Callable[[], int]
    swept: SweepResult

    @property
    def linker(self) -> Linker:
        return Linker(self.evaluator, self.stores)

    @property
    def comparison(self) -> Comparison:
        return Comparison(self.evaluator)

    @property
    def look(self) -> Look:
        return Look(self.evaluator, self.swept)

    def check(self, records: Sequence[Record]) -> None:
        now = self.clock()
        named = self.comparison.tickets(records)
        self.swept.tickets += len(named)
        cases = self.stores.cases.read(named)
        drifted = []
        for name, record in named.items():
            case = cases.get(name)
            if self._differs(case, name, record, now):
                drifted.append(name)
            elif isinstance(case, Case):
                self.look.at(name, case.facts, now)
        if drifted:
            self._take_in(drifted)

    def _differs(self, case: object, name: str, record: Record, now: int) -> bool:
        try:
            return self.comparison.says_more(case, name, record, now)
        except Exception as error:  # noqa: BLE001 - one ticket never stops the sweep
            why = f"cannot be compared with its record: {type(error).__name__}"
            self.swept.violated(name, why)
            return False

    def _take_in(self, names: list[str]) -> None:
        """The scan may show what was; everything is read again consistently before it is
        written.
        """
        stored = self.stores.cases.read(names)
        read = self._read(names)
        written: set[str] = set()
        for name in names:
            before = self.linker.own(name, stored.get(name)) or Case(name)
            if isinstance(before, DamagedItem) and name in read.records:
                before = self._rebuilt(name, before, read)
            if isinstance(before, DamagedItem):
                self.stores.cases.wake(before.case, read.ended)  # `watch` puts it back, and says so
                continue
            if name not in read.records and not is_stand_in(name):
                continue
            if before.id in written:  # with another ticket of the same case
                before, read = self._again(name), self._read(names)
            written |= {before.id, *self._mend(name, before, read)}

    def _read(self, names: Iterable[str]) -> ReadRecords:
        """The records as they are now. The cases are to be read before them: what is known of a
        ticket may not be newer than the record that is compared with it.
        """
        began = self.clock()
        records = self.tickets.read([name for name in names if not is_stand_in(name)])
        return ReadRecords(records, began, self.clock())

    def _rebuilt(self, name: str, damaged: DamagedItem, read: ReadRecords) -> Case | DamagedItem:
        """The case without what cannot be read of it, filled from the record; a finding says so.

        Somebody notified of a level before may be notified again: too much rather than too little.
        """
        since = self._again(name)
        if since.rev:
            return since  # rebuilt with another ticket of the same case
        copy = self.stores.inspection.repair(damaged.case, read.ended)
        left = self.stores.cases.read([name]).get(name)
        if not copy or not isinstance(left, Case):
            self.swept.violated(damaged.case, "damaged, and cannot be rebuilt")
            return damaged
        rebuilt = evolve(left, facts=left.facts | [_was_damaged(name, copy, read.ended)])
        timed = self._timed(rebuilt, name, read)
        if timed is not None and self._keep(left, timed):
            self.swept.heals(damaged.case, "damaged")
        return self._again(name)

    def _again(self, name: str) -> Case:
        stored = self.stores.cases.read([name]).get(name)
        if isinstance(stored, Case):
            return stored
        return Case(name)

    def _mend(self, name: str, before: Case, read: ReadRecords) -> frozenset[str]:
        """Keeps what drifted and links what is not; the ids of other cases that were changed."""
        timed = self._timed(before, name, read)
        if timed is None:
            return frozenset()
        has_drifted = timed.case != before
        if has_drifted and self._keep(before, timed):
            lookalikes = Lookalikes(self.evaluator, self.stores)
            lookalikes.notice(name, before.facts, timed.case.facts, read.ended)
        if not pending_links(timed.case):
            return frozenset()
        return self.linker.link(name, read.ended)

    def _timed(self, case: Case, name: str, read: ReadRecords) -> Timed | None:
        """The case as it should be stored with what the record says. None where it cannot be
        judged, which is left for `watch` to put back and report, and where a newer policy judged
        it.
        """
        try:
            record = read.records.get(name, {})
            facts = self.comparison.facts(name, record, case, read.ended)
            if facts != case.facts:
                # what is new here, the stream may bring once more
                read_at = {**case.read_at, name: read.began}
                case = evolve(case, facts=facts, read_at=read_at)
            self.look.at(name, facts, read.ended)
            return timed(self.evaluator, case, read.ended)
        except Exception:  # noqa: BLE001 - one ticket never stops the sweep
            self.swept.findings += 1
            return None

    def _keep(self, before: Case, timed: Timed) -> bool:
        self.swept.findings += len(timed.evaluated.findings)
        try:
            kept = self.stores.cases.keep(timed.case, timed.evaluated.findings)
        except Unstorable:
            self.swept.findings += 1
            return False
        if not kept:
            self.swept.lost += 1
        elif before.rev:
            self.swept.repaired += 1
        else:
            self.swept.new_cases += 1
        return kept


def _was_damaged(name: str, copy: str, at: int) -> Fact:
    rebuilt = "what was stored of it was damaged and is rebuilt from its record"
    return Fact(name, f"{UNREADABLE}stored", at, f"{rebuilt}; the rest is under {copy}")
