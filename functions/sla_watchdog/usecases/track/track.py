"""track: every change of a ticket record becomes facts of its case, and the case is woken when it
must be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from attrs import field, frozen

from sla_watchdog.domain.clocks.evidence import first_carried
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Carried
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.errors import SlaWatchdogError, Unstorable
from sla_watchdog.usecases.judging import Evaluator, is_stand_in
from sla_watchdog.usecases.track.change import Change, is_new
from sla_watchdog.usecases.track.linking import Linker, pending_links
from sla_watchdog.usecases.track.lookalikes import Lookalikes
from sla_watchdog.usecases.track.ports import Tickets, TrackStores
from sla_watchdog.usecases.track.reading import ChangeReader
from sla_watchdog.usecases.track.stand_ins import Keeper, StandIns

TRIES = 8
"""How often a lost race for one case is run again; each loss means that somebody else's write went
through.
"""


class StillContended(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """A case lost its race `TRIES` times in a row; the stream delivers the batch again."""


@frozen
class Tracked:
    changes: int
    kept: int
    findings: int


@frozen
class Tracker:
    """`reported` is what this process has reported already, of what is reported once for all."""

    evaluator: Evaluator
    stores: TrackStores
    tickets: Tickets
    reported: set[str] = field(factory=set)

    @property
    def reader(self) -> ChangeReader:
        return ChangeReader(self.evaluator, self.tickets)

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.evaluator, self.stores.cases)

    @property
    def stand_ins(self) -> StandIns:
        return StandIns(self.keeper, self.reported)

    @property
    def linker(self) -> Linker:
        return Linker(self.evaluator, self.stores)

    @property
    def lookalikes(self) -> Lookalikes:
        return Lookalikes(self.evaluator, self.stores)

    def track(self, changes: Iterable[Change], now: int) -> Tracked:
        """Take in the changes of a batch, in order, one write for each case that they tell
        something new of.

        Safe to repeat: facts are a set, and a sequence number that was seen is passed over.
        Raises StillContended once all others are taken in.
        """
        by_ticket = self._by_ticket(changes)
        cases = self.stores.cases.read(by_ticket)
        self._count_deletions(by_ticket, cases, now)
        kept = findings = 0
        contended: list[StillContended] = []
        for name, theirs in by_ticket.items():
            try:
                evaluated = self._take_in(name, theirs, cases.get(name), now)
            except StillContended as lost:
                contended.append(lost)
                continue
            if evaluated is not None:
                kept += 1
                findings += len(evaluated.findings)
        if contended:
            raise contended[0]
        count = sum(map(len, by_ticket.values()))
        return Tracked(count, kept, findings)

    def report_unread(self, now: int) -> None:
        self.stand_ins.unread(now)

    def _by_ticket(self, changes: Iterable[Change]) -> dict[str, list[Change]]:
        """The changes of each ticket in their order, the tickets by name; without what is none."""
        groups: defaultdict[str, list[Change]] = defaultdict(list)
        for change in changes:
            groups[self.reader.name(change)].append(change)
        return {name: groups[name] for name in sorted(groups) if name}

    def _count_deletions(
        self, changes: Mapping[str, list[Change]], cases: Mapping[str, Case | DamagedItem], now: int
    ) -> None:
        """Before any of them is taken in: one record was deleted, many are a table that was
        cleared.
        """
        deleted: dict[str, Case] = {}
        back: list[str] = []
        for name, case in cases.items():
            if not isinstance(case, Case) or name not in case.facts.tickets():
                continue
            last = changes[name][-1]
            if last.removed and is_new(last, name, case):
                deleted[name] = case
            if last.record and case.facts.latest(name, "gone"):
                back.append(name)
        self.evaluator.note_missing(deleted, now)
        if back:
            self.stores.deletions.found_again(back, now)

    def _take_in(
        self, name: str, changes: list[Change], stored: Case | DamagedItem | None, now: int
    ) -> Plan | None:
        """What is now known of the case, or None when the changes said nothing new.

        An item that cannot be read is left as it is: `watch` puts it back and reports it, and
        the stream goes on.
        """
        for _ in range(TRIES):
            own = self.linker.own(name, stored)
            if isinstance(own, DamagedItem):
                return None
            case = own or Case(name)
            known = self.reader.taken_in(name, changes, case, now)
            if known.facts is case.facts:
                self._after(name, case, case, changes, now)
                return None
            self.evaluator.note_carried(self._carried(name, known.facts), now)
            try:
                evaluated = self.keeper.keep(known, now)
            except Unstorable as refused:
                return self.stand_ins.unstorable(name, str(refused), now)
            if evaluated is not None:
                self._after(name, case, known, changes, now)
                return evaluated
            stored = self.stores.cases.read([name]).get(name)
        raise StillContended(f"case {name!r}: lost {TRIES} races; the batch is delivered again")

    def _carried(self, name: str, facts: Facts) -> Iterable[Carried]:
        if is_stand_in(name):
            return ()
        return first_carried(name, facts, self.evaluator.policy)

    def _after(self, name: str, before: Case, after: Case, changes: list[Change], now: int) -> None:
        """What follows from facts once they are kept; all of it again for records that the stream
        brings again.
        """
        are_all_new = all(is_new(change, name, before) for change in changes)
        if pending_links(after):
            self.linker.link(name, now)
        if not are_all_new:
            self.lookalikes.notice(name, Facts(), after.facts, now)
        elif after is not before:
            self.lookalikes.notice(name, before.facts, after.facts, now)
        self.stand_ins.unsigned(name, before.facts, after.facts, now)
