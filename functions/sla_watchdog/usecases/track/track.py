"""track: every change of a ticket record becomes facts of its case, and the case is woken when it
must be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import groupby

from attrs import evolve, field, frozen

from sla_watchdog.adapters.dynamodb.watch import DamagedItem, WatchTable
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Facts
from sla_watchdog.domain.tickets.observation import (
    SAME_MOMENT,
    TOO_OLD,
    CaseHistory,
    observed,
    vanished,
)
from sla_watchdog.domain.tickets.record import Record, is_ticket, ticket_id
from sla_watchdog.errors import SlaWatchdogError, Unstorable
from sla_watchdog.usecases.judging import NAMELESS, Evaluator, is_stand_in
from sla_watchdog.usecases.track.linking import Linker, pending_links
from sla_watchdog.usecases.track.lookalikes import Lookalikes

TRIES = 8
"""How often a lost race for one case is run again; each loss means that somebody else's write went
through.
"""


REPLIER = f"{NAMELESS}replier"
"""The stand-in that carries the finding about records which do not say who replied (semantics B2)."""

UNREAD = f"{NAMELESS}stream"
"""The stand-in that carries the finding about records of the stream that are none."""

NOT_READ = "the stream brought what cannot be read; the next sweep takes in what it was about"

NOT_SAID = "records do not say who replied; every reply of the desk counts as one by a person, automatic ones too"


class StillContended(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """A case lost its race `TRIES` times in a row; the stream delivers the batch again."""


@frozen
class Change:
    """One record of the stream. `record` is None for a deletion, and for a stream of keys only
    until it is read.

    `at` is the stream's time of the change, epoch seconds; `sequence` rises with each change of
    one record, and begins anew with a new stream.
    """

    key: Record
    record: Record | None
    at: int
    sequence: str
    removed: bool = False

    @property
    def keys_only(self) -> bool:
        return self.record is None and not self.removed


@frozen
class Tracked:
    changes: int
    kept: int
    findings: int


@frozen
class Tracker:
    """`said` is what this process has reported already, of what is reported once for all."""

    evaluator: Evaluator
    said: set[str] = field(factory=set)

    @property
    def policy(self) -> Policy:
        return self.evaluator.policy

    @property
    def watch(self) -> WatchTable:
        return self.evaluator.watch

    def track(self, changes: Iterable[Change], now: int) -> Tracked:
        """Take in the changes of a batch, in order, one write for each case that they tell
        something new of.

        Safe to repeat: facts are a set, and a sequence number that was seen is passed over.
        Raises StillContended once all others are taken in.
        """
        named = sorted(
            ((self._name(change), change) for change in changes), key=lambda pair: pair[0]
        )
        by_ticket = {
            name: [change for _, change in group]
            for name, group in groupby(named, lambda pair: pair[0])
        }
        by_ticket.pop("", None)
        cases = self.watch.cases(by_ticket)
        self._count_deletions(by_ticket, cases, now)
        kept = found = 0
        contended: list[StillContended] = []
        for name, theirs in by_ticket.items():
            try:
                evaluated = self._take_in(name, theirs, cases.get(name), now)
            except StillContended as lost:
                contended.append(lost)
                continue
            kept += evaluated is not None
            found += len(evaluated.findings) if evaluated else 0
        if contended:
            raise contended[0]
        return Tracked(sum(map(len, by_ticket.values())), kept, found)

    def _count_deletions(
        self, changes: Mapping[str, list[Change]], cases: Mapping[str, Case | DamagedItem], now: int
    ) -> None:
        """Before any of them is taken in: one record was deleted, many are a table that was
        cleared.
        """
        known = {
            name: case
            for name, case in cases.items()
            if isinstance(case, Case) and name in case.facts.tickets()
        }
        last = {name: (changes[name][-1], case) for name, case in known.items()}
        new = {
            name: case
            for name, (change, case) in last.items()
            if change.removed and _is_new(change, name, case)
        }
        self.evaluator.note_missing(new, now)
        back = [
            name
            for name, (change, case) in last.items()
            if change.record and case.facts.latest(name, "gone")
        ]
        if back:
            self.watch.found_again(back, now)

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
        return name if name or (change.keys_only and source.only) else nameless(change.key)

    def _take_in(
        self, name: str, changes: list[Change], stored: Case | DamagedItem | None, now: int
    ) -> Plan | None:
        """What is now known of the case, or None when the changes told nothing new.

        An item that cannot be read is left as it is: `watch` puts it back and reports it, and
        the stream goes on.
        """
        for _ in range(TRIES):
            own = Linker(self.evaluator).own(name, stored)
            if isinstance(own, DamagedItem):
                return None
            case = own or Case(name)
            known = self._taken_in(name, changes, case, now)
            if known.facts is case.facts:
                self._after(name, case, case, changes, now)
                return None
            try:
                evaluated = self._keep(known, now)
            except Unstorable as problem:
                return self._report(name, str(problem), now)
            if evaluated is not None:
                self._after(name, case, known, changes, now)
                return evaluated
            stored = self.watch.cases([name]).get(name)
        raise StillContended(f"case {name!r}: lost {TRIES} races; the batch is delivered again")

    def _after(self, name: str, before: Case, after: Case, changes: list[Change], now: int) -> None:
        """What follows from facts once they are kept; all of it again for records that the stream
        brings again.
        """
        again = any(not _is_new(change, name, before) for change in changes)
        if pending_links(after):
            Linker(self.evaluator).link(name, now)
        if again or after is not before:
            Lookalikes(self.evaluator).notice(
                name, Facts() if again else before.facts, after.facts, now
            )
        if REPLIER not in self.said and _unsigned(name, after.facts) > _unsigned(
            name, before.facts
        ):
            self._report_once(REPLIER, "replier", NOT_SAID, now)

    def report_unread(self, now: int) -> None:
        """That records of the stream could not be read; of which ticket they were, nobody can tell."""
        if UNREAD not in self.said:
            self._report_once(UNREAD, "stream", NOT_READ, now)

    def _report_once(self, stand_in: str, field: str, reason: str, now: int) -> None:
        """Once for the whole deployment: `keep` makes the stand-in only where there is none."""
        facts = Facts.of({*_problem(stand_in, field, reason, now), Fact(stand_in, "closed", now)})
        self._keep(Case(stand_in, facts), now)
        self.said.add(stand_in)

    def _report(self, name: str, reason: str, now: int) -> Plan | None:
        """A stand-in under a name of its own says what is wrong with a case that cannot be kept."""
        stand_in = nameless({"case": name})
        return self._keep(Case(stand_in, Facts.of(_problem(stand_in, "record", reason, now))), now)

    def _keep(self, case: Case, now: int) -> Plan | None:
        timed, evaluated = self.evaluator.surely_timed(case, now)
        return evaluated if self.watch.keep(timed, evaluated.findings) else None

    def _taken_in(self, name: str, changes: list[Change], case: Case, now: int) -> Case:
        """The case with what is new in the changes, in their order."""
        edited_at = self.evaluator.current(case).edited_at
        for change in _to_be_read_once(changes):
            if _is_new(change, name, case):
                said = self._said(name, change, case, edited_at, now)
                known = evolve(case, facts=case.facts | said) if said else case
                case = _with_seen(known, name, change)
        return case

    def _said(
        self, name: str, change: Change, case: Case, edited_at: int | None, now: int
    ) -> frozenset[Fact]:
        """The facts in one change. Never fails: what breaks the reading becomes a finding of its
        own.
        """
        facts = case.facts
        try:
            if is_stand_in(name):
                new = (
                    vanished(name, facts, change.at)
                    if change.removed
                    else unreadable(name, change.at)
                )
                return new if bool(facts) is change.removed else frozenset()
            if change.keys_only:
                return self._read(name, change, facts, edited_at, now)
            if change.record is None:
                return vanished(name, facts, change.at) if name in facts.tickets() else frozenset()
            past = CaseHistory(edited_at, case.read_at.get(name, 0))
            return observed(
                name, change.record, self.policy, facts, change.at, streamed=True, past=past
            )
        except Exception as error:  # noqa: BLE001 - one record must never block the stream behind it
            return _problem(
                name, "record", f"{type(error).__name__} while reading the record", change.at
            )

    def _read(
        self, name: str, change: Change, facts: Facts, edited_at: int | None, now: int
    ) -> frozenset[Fact]:
        """What the record says as it is now, where the stream brings its key alone.

        The time of the change is that of what is read only where it is read at once: later it
        may have been changed again since, and what is dated too early could take a breach back.
        """
        at = change.at if now - change.at <= SAME_MOMENT else now
        record = self.evaluator.tickets.read([name]).get(name)
        if record is None:
            return vanished(name, facts, at) if name in facts.tickets() else frozenset()
        if not is_ticket(record, self.policy.source):
            return frozenset()
        return observed(
            name,
            record,
            self.policy,
            facts,
            at,
            past=CaseHistory(edited_at, oldest=change.at - TOO_OLD),
        )


def nameless(key: Record) -> str:
    """A name for a record whose key holds no ticket id, always the same for the same key."""
    return NAMELESS + hashlib.sha256(repr(sorted(key.items())).encode()).hexdigest()[:12]


def unreadable(name: str, at: int) -> frozenset[Fact]:
    """The facts of a record that has no readable id: it exists, and nobody can tell which ticket it
    is.
    """
    return _problem(name, "ticket_id", "the record's key has no readable ticket id", at)


def _problem(name: str, field: str, reason: str, at: int) -> frozenset[Fact]:
    return frozenset({Fact(name, "created", at), Fact(name, UNREADABLE + field, at, reason)})


def _to_be_read_once(changes: list[Change]) -> list[Change]:
    """Without changes of a key alone that others of the record follow: it is read once, as it is
    after all of them.
    """
    return [
        change
        for number, change in enumerate(changes)
        if not change.keys_only or number == len(changes) - 1
    ]


def _is_new(change: Change, name: str, case: Case) -> bool:
    """Not taken in before. A sequence that was passed already, at a later time than that one's, is
    of a new stream.
    """
    sequence, passed = int(change.sequence or "0"), int(case.seen.get(name) or "-1")
    return sequence > passed or (sequence < passed and change.at > _seen_at(name, case))


def _seen_at(name: str, case: Case) -> int:
    """The stream's time of the last change taken in; where it was not kept, the latest that it can
    have been.
    """
    known = case.seen_at.get(name)
    return (case.facts.last_seen(name) or 0) + TOO_OLD if known is None else known


def _unsigned(name: str, facts: Facts) -> int:
    """Replies of the desk by nobody knows whom."""
    return sum(not fact.value for fact in facts.of_field(name, "agent_reply"))


def _with_seen(case: Case, name: str, change: Change) -> Case:
    sequence = str(int(change.sequence or "0"))
    return evolve(
        case, seen={**case.seen, name: sequence}, seen_at={**case.seen_at, name: change.at}
    )
