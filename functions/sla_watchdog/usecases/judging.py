"""Judge cases as they are now: what is stored of them, and what their ticket records show beyond
that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from time import monotonic

from attrs import define, evolve, field, frozen

from sla_watchdog.adapters.dynamodb.tickets import TicketsTable
from sla_watchdog.adapters.dynamodb.watch import DamagedItem, Generation, WatchTable
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan, wakeup_for
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.observation import CaseHistory, observed, vanished
from sla_watchdog.domain.tickets.record import Record
from sla_watchdog.domain.tickets.ticket_of_facts import ticket

NAMELESS = "?"
"""First character of the case of a record whose id cannot be read, and of others that stand in for
something.
"""

_STAND_IN = re.compile(r"\?(?:[0-9a-f]{12}|replier|stream)")

RELINK = 150
"""Seconds after which a case that is to be linked and could not be is looked at again: as long as a
lease.
"""

UNKNOWN = Generation(0, 0, is_new=False)

FRESH = 5.0
"""Seconds: a publish rests on consistent reads no older than this (DESIGN.md section 6)."""


@define
class _Outlook:
    """The surroundings as last read. `read_at` is on the monotonic clock."""

    watch: WatchTable
    read_at: float = -FRESH
    found: Context | None = None

    def fresh(self) -> Context:
        if self.found is None or monotonic() - self.read_at >= FRESH:
            self.read_at, self.found = monotonic(), self.watch.context()
        return self.found

    def forget(self) -> None:
        self.found = None


@frozen
class Evaluator:
    """Everything a judgement rests on. `live` is False in mode observe, where levels only observed
    count as told.
    """

    policy: Policy
    tickets: TicketsTable
    watch: WatchTable
    live: bool
    generation: Generation = UNKNOWN
    _outlook: _Outlook = field(init=False)

    @_outlook.default
    def _from_the_table(self) -> _Outlook:
        return _Outlook(self.watch)

    def evaluate(self, ids: Iterable[str], now: int) -> dict[str, Evaluated | DamagedItem]:
        """Consistent reads of the cases and of their tickets' records, and what follows from both."""
        self._outlook.fresh()
        read_at = self._outlook.read_at
        cases = self.watch.cases(ids)
        sound = [case for case in cases.values() if isinstance(case, Case)]
        names = {name for case in sound for name in case.facts.tickets() if not is_stand_in(name)}
        records = self.tickets.read(names)
        self.note_missing(
            {name: case for case in sound for name in case.facts.tickets() if name not in records},
            now,
        )
        context = self._outlook.fresh()
        return {
            name: self._one(case, records, context, now, read_at)
            if isinstance(case, Case)
            else case
            for name, case in cases.items()
        }

    @property
    def context(self) -> Context:
        return self._outlook.fresh()

    def note_missing(self, cases: Mapping[str, Case], now: int) -> None:
        """Open tickets, with their cases, that have no record any more: before any is judged, all
        are counted.
        """
        missing = [name for name, case in cases.items() if self._is_missed(name, case)]
        if (
            missing
            and self.watch.note_missing(missing, now).held_since
            != self.context.deletions_held_since
        ):
            self._outlook.forget()

    def _is_missed(self, name: str, case: Case) -> bool:
        return not is_stand_in(name) and ticket(name, case.facts, self.policy).unresolved

    def _one(
        self, case: Case, records: Mapping[str, Record], context: Context, now: int, read_at: float
    ) -> Evaluated | DamagedItem:
        try:
            case = self.current(case)
            facts = overlay(case, records, self.policy, now)
            return Evaluated(case, facts, self._plan(case, facts, context, now), now, read_at)
        except Exception as error:  # noqa: BLE001 - one case must never stop the others; it is put back and reported
            return DamagedItem(case.id, f"{type(error).__name__}: {error}", case.failures)

    def plan(self, case: Case, facts: Facts, now: int) -> Plan:
        """Judge without reading it: the case as stored, under facts that may say more than it does."""
        return self._plan(case, facts, self._outlook.fresh(), now)

    def _plan(self, case: Case, facts: Facts, context: Context, now: int) -> Plan:
        return plan(
            evolve(case.as_notified(self.live), facts=facts), self.policy, now, context=context
        )

    def current(self, case: Case) -> Case:
        """The case as this policy finds it: stored under an older one, it is edited since this one
        began (D2).
        """
        if not case.rev or case.generation >= self.generation.number:
            return case
        return evolve(case, edited_at=self.generation.since, generation=self.generation.number)

    def timed(self, case: Case, now: int) -> tuple[Case, Plan]:
        """The case as it is to be stored, and why: its breaches on record, woken when the plan
        says.
        """
        return self._timed(case, self._outlook.fresh(), now)

    def _timed(self, case: Case, context: Context, now: int) -> tuple[Case, Plan]:
        """What a newer policy judged stays as that left it, and is due at once for a process that
        knows it.
        """
        if case.generation > self.generation.number:
            return evolve(case, next_at=now), self._plan(case, case.facts, context, now)
        case = evolve(self.current(case), generation=self.generation.number)
        evaluated = self._plan(case, case.facts, context, now)
        next_at, urgent = waking(evaluated, case, now)
        if evaluated.decisions and case.next_at is not None and case.next_at <= now:
            next_at, urgent = (
                case.next_at,
                case.urgent,
            )  # a tick is to put on record what came due, though it waits
        return evolve(case, breached=evaluated.breached, next_at=next_at, urgent=urgent), evaluated

    def surely_timed(self, case: Case, now: int) -> tuple[Case, Plan]:
        """The same; one that cannot be judged is due at once, for `watch` to put back and report."""
        context = self._outlook.fresh()
        try:
            return self._timed(case, context, now)
        except Exception as error:  # noqa: BLE001 - what is known is kept all the same
            evaluated = Plan(
                (), (), (), now, False, (), (), (Finding(case.id, "judgement", AsWritten(repr(error))),)
            )
            next_at, urgent = wakeup_for(evaluated, case)
            newest = max(case.generation, self.generation.number)
            return evolve(case, generation=newest, next_at=next_at, urgent=urgent), evaluated


def is_stand_in(name: str) -> bool:
    """Whether no record can be read by this name. A help desk's own id may begin with the same
    character.
    """
    return _STAND_IN.fullmatch(name) is not None


def waking(evaluated: Plan, case: Case, now: int) -> tuple[int | None, bool]:
    """When to wake the case (DESIGN.md section 6); soon, while it is not linked with what its facts
    name.
    """
    next_at, urgent = wakeup_for(evaluated, case)
    if evaluated.pending_links and (next_at is None or next_at > now + RELINK):
        return now + RELINK, False
    return next_at, urgent


@frozen
class Evaluated:
    """A case as stored, the facts it was judged under (its records' latest included), and the plan.

    `read_at` is on the monotonic clock: when the oldest of the reads behind it began.
    """

    case: Case
    facts: Facts
    plan: Plan
    now: int
    read_at: float


def overlay(case: Case, records: Mapping[str, Record], policy: Policy, now: int) -> Facts:
    """The facts with what the records read just now add to them; a record that is not there is
    gone.
    """
    facts = case.facts
    for name in facts.tickets():
        if is_stand_in(name):
            continue
        record = records.get(name)
        if record:
            facts |= observed(name, record, policy, facts, now, past=CaseHistory(case.edited_at))
        else:
            facts |= vanished(name, facts, now)
    return facts
