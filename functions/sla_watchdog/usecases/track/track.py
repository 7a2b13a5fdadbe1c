"""track: every change of a ticket record becomes facts of its case, and the case is woken when it
must be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from attrs import evolve, field, frozen

from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.observation import (
    SAME_MOMENT,
    TOO_OLD,
    CaseHistory,
    observed,
    vanished,
)
from sla_watchdog.domain.tickets.record import is_ticket, ticket_id
from sla_watchdog.errors import SlaWatchdogError, Unstorable
from sla_watchdog.usecases.judging import Evaluator, is_stand_in
from sla_watchdog.usecases.track.change import (
    REPLIER,
    UNREAD,
    Change,
    is_new,
    nameless,
    problem,
    read_once,
    seen_with,
    unreadable,
    unsigned,
)
from sla_watchdog.usecases.track.linking import Linker, pending_links
from sla_watchdog.usecases.track.lookalikes import Lookalikes
from sla_watchdog.usecases.track.ports import Tickets, TrackStores

TRIES = 8
"""How often a lost race for one case is run again; each loss means that somebody else's write went
through.
"""


NOT_READ = "the stream brought what cannot be read; the next sweep takes in what it was about"

NOT_SAID = "records do not say who replied; every reply of the desk counts as one by a person, automatic ones too"


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
    def policy(self) -> Policy:
        return self.evaluator.policy

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
        return Tracked(sum(map(len, by_ticket.values())), kept, findings)

    def _by_ticket(self, changes: Iterable[Change]) -> dict[str, list[Change]]:
        """The changes of each ticket in their order, the tickets by name; without what is none."""
        groups: defaultdict[str, list[Change]] = defaultdict(list)
        for change in changes:
            groups[self._name(change)].append(change)
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

    def _name(self, change: Change) -> str:
        """The ticket's id; a name made of the key where it has none; '' for what is no ticket at
        all.

        A key alone does not say whose record it is in a table of several entities: what has no
        ticket's key there is left to the sweep, which reads it.
        """
        source = self.policy.source
        if change.record is not None and not is_ticket(change.record, source):
            return ""
        name = ticket_id(change.key, source)
        if name or (change.keys_only and source.only):
            return name
        return nameless(change.key)

    def _take_in(
        self, name: str, changes: list[Change], stored: Case | DamagedItem | None, now: int
    ) -> Plan | None:
        """What is now known of the case, or None when the changes told nothing new.

        An item that cannot be read is left as it is: `watch` puts it back and reports it, and
        the stream goes on.
        """
        for _ in range(TRIES):
            own = self.linker.own(name, stored)
            if isinstance(own, DamagedItem):
                return None
            case = own or Case(name)
            known = self._taken_in(name, changes, case, now)
            if known.facts is case.facts:
                self._after(name, case, case, changes, now)
                return None
            try:
                evaluated = self._keep(known, now)
            except Unstorable as refused:
                return self._report(name, str(refused), now)
            if evaluated is not None:
                self._after(name, case, known, changes, now)
                return evaluated
            stored = self.stores.cases.read([name]).get(name)
        raise StillContended(f"case {name!r}: lost {TRIES} races; the batch is delivered again")

    def _after(self, name: str, before: Case, after: Case, changes: list[Change], now: int) -> None:
        """What follows from facts once they are kept; all of it again for records that the stream
        brings again.
        """
        again = any(not is_new(change, name, before) for change in changes)
        if pending_links(after):
            self.linker.link(name, now)
        if again or after is not before:
            known = Facts() if again else before.facts
            self.lookalikes.notice(name, known, after.facts, now)
        if REPLIER in self.reported:
            return
        if unsigned(name, after.facts) > unsigned(name, before.facts):
            self._report_once(REPLIER, "replier", NOT_SAID, now)

    def report_unread(self, now: int) -> None:
        """That records of the stream could not be read; of which ticket they were, nobody can tell."""
        if UNREAD not in self.reported:
            self._report_once(UNREAD, "stream", NOT_READ, now)

    def _report_once(self, stand_in: str, field: str, reason: str, now: int) -> None:
        """Once for the whole deployment: `keep` makes the stand-in only where there is none."""
        facts = Facts.of({*problem(stand_in, field, reason, now), Fact(stand_in, "closed", now)})
        self._keep(Case(stand_in, facts), now)
        self.reported.add(stand_in)

    def _report(self, name: str, reason: str, now: int) -> Plan | None:
        """A stand-in under a name of its own says what is wrong with a case that cannot be kept."""
        stand_in = nameless({"case": name})
        return self._keep(Case(stand_in, Facts.of(problem(stand_in, "record", reason, now))), now)

    def _keep(self, case: Case, now: int) -> Plan | None:
        timed, evaluated = self.evaluator.surely_timed(case, now)
        kept = self.stores.cases.keep(timed, evaluated.findings)
        return evaluated if kept else None

    def _taken_in(self, name: str, changes: list[Change], case: Case, now: int) -> Case:
        """The case with what is new in the changes, in their order."""
        edited_at = self.evaluator.current(case).edited_at
        for change in read_once(changes):
            if is_new(change, name, case):
                new = self._facts_of(name, change, case, edited_at, now)
                if new:
                    case = evolve(case, facts=case.facts | new)
                case = seen_with(case, name, change)
        return case

    def _facts_of(
        self, name: str, change: Change, case: Case, edited_at: int | None, now: int
    ) -> frozenset[Fact]:
        """The facts in one change. Never fails: what breaks the reading becomes a finding of its
        own.
        """
        try:
            if is_stand_in(name):
                return _of_a_stand_in(name, change, case.facts)
            if change.keys_only:
                return self._read(name, change, case.facts, edited_at, now)
            if change.record is None:
                return _gone(name, case.facts, change.at)
            past = CaseHistory(edited_at, case.read_at.get(name, 0))
            return observed(
                name,
                change.record,
                self.policy,
                case.facts,
                change.at,
                streamed=True,
                past=past,
            )
        except Exception as error:  # noqa: BLE001 - one record must never block the stream behind it
            reason = f"{type(error).__name__} while reading the record"
            return problem(name, "record", reason, change.at)

    def _read(
        self, name: str, change: Change, facts: Facts, edited_at: int | None, now: int
    ) -> frozenset[Fact]:
        """What the record says as it is now, where the stream brings its key alone.

        The time of the change is that of what is read only where it is read at once: later it
        may have been changed again since, and what is dated too early could take a breach back.
        """
        at = change.at if now - change.at <= SAME_MOMENT else now
        record = self.tickets.read([name]).get(name)
        if record is None:
            return _gone(name, facts, at)
        if not is_ticket(record, self.policy.source):
            return frozenset()
        past = CaseHistory(edited_at, oldest=change.at - TOO_OLD)
        return observed(name, record, self.policy, facts, at, past=past)


def _gone(name: str, facts: Facts, at: int) -> frozenset[Fact]:
    """Of a record that is not there: nothing where no ticket of the name was known."""
    if name not in facts.tickets():
        return frozenset()
    return vanished(name, facts, at)


def _of_a_stand_in(name: str, change: Change, facts: Facts) -> frozenset[Fact]:
    """It is made by the first change of a record that cannot be named, and goes with the record."""
    if change.removed:
        return vanished(name, facts, change.at) if facts else frozenset()
    return frozenset() if facts else unreadable(name, change.at)
