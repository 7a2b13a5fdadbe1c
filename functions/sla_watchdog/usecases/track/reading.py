"""What changes of a record say, as facts of its case. Whatever they hold, they can be read."""

from __future__ import annotations

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.observation import (
    SAME_MOMENT,
    TOO_OLD,
    EarlierObservations,
    observed,
    vanished,
)
from sla_watchdog.domain.tickets.record import is_ticket, ticket_id
from sla_watchdog.usecases.judging import Evaluator, is_stand_in
from sla_watchdog.usecases.track.change import (
    Change,
    is_new,
    nameless,
    problem,
    read_once,
    seen_with,
    unreadable,
)
from sla_watchdog.usecases.track.ports import Tickets


@frozen
class ChangeReader:
    evaluator: Evaluator
    tickets: Tickets

    @property
    def policy(self) -> Policy:
        return self.evaluator.policy

    def name(self, change: Change) -> str:
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

    def taken_in(self, name: str, changes: list[Change], case: Case, now: int) -> Case:
        """The case with what is new in the changes, in their order."""
        edited_at = self.evaluator.current(case).edited_at
        for change in read_once(changes):
            if not is_new(change, name, case):
                continue
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
            record, facts, at = change.record, case.facts, change.at
            past = EarlierObservations(edited_at, case.read_at.get(name, 0))
            return observed(name, record, self.policy, facts, at, streamed=True, past=past)
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
        is_read_at_once = now - change.at <= SAME_MOMENT
        at = change.at if is_read_at_once else now
        record = self.tickets.read([name]).get(name)
        if record is None:
            return _gone(name, facts, at)
        if not is_ticket(record, self.policy.source):
            return frozenset()
        past = EarlierObservations(edited_at, oldest=change.at - TOO_OLD)
        return observed(name, record, self.policy, facts, at, past=past)


def _gone(name: str, facts: Facts, at: int) -> frozenset[Fact]:
    """Of a record that is not there: nothing where no ticket of the name was known."""
    if name not in facts.tickets():
        return frozenset()
    return vanished(name, facts, at)


def _of_a_stand_in(name: str, change: Change, facts: Facts) -> frozenset[Fact]:
    """It is made by the first change of a record that cannot be named, and goes with the record."""
    is_made = bool(facts)
    if change.removed and is_made:
        return vanished(name, facts, change.at)
    if change.removed or is_made:
        return frozenset()
    return unreadable(name, change.at)
