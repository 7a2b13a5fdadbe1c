"""The evaluator: one judgement of a case for all that Lambda does with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve, field, frozen

from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.context import Context
from sla_watchdog.domain.escalation.plan import Plan, plan, wakeup_for
from sla_watchdog.domain.escalation.wakeup import Wakeup
from sla_watchdog.domain.policy.model import Carried, Policy
from sla_watchdog.domain.tickets.facts import Facts
from sla_watchdog.domain.tickets.record import Record
from sla_watchdog.domain.tickets.ticket_of_facts import ticket
from sla_watchdog.usecases.judging.evaluated import Evaluated, overlay
from sla_watchdog.usecases.judging.outlook import Outlook
from sla_watchdog.usecases.judging.ports import (
    Clock,
    Generation,
    JudgingStores,
    Tickets,
)
from sla_watchdog.usecases.judging.stand_ins import is_stand_in
from sla_watchdog.usecases.judging.wakeup import wakeup_or_relink

UNKNOWN = Generation(0, 0, is_new=False)


@frozen
class _Moment:
    """What cases are judged by together. `read_at` is as in `Evaluated`."""

    records: Mapping[str, Record]
    context: Context
    now: int
    read_at: float


@frozen
class Evaluator:
    """Everything a judgement rests on. `live` is False in mode observe, where levels that were only
    observed count as notified.
    """

    policy: Policy
    tickets: Tickets
    stores: JudgingStores
    live: bool
    clock: Clock
    generation: Generation = UNKNOWN
    _outlook: Outlook = field(init=False)

    @_outlook.default
    def _unread(self) -> Outlook:
        return Outlook(self.stores.silences, self.clock)

    @property
    def context(self) -> Context:
        return self._outlook.fresh()

    # ------------------------------------------------------------ read and judge

    def evaluate(self, ids: Iterable[str], now: int) -> dict[str, Evaluated | DamagedItem]:
        """Consistent reads of the cases and of their tickets' records, and what follows."""
        self._outlook.fresh()
        read_at = self._outlook.read_at
        stored = self.stores.cases.read(ids)
        records = self._records_of(stored.values(), now)
        moment = _Moment(records, self._outlook.fresh(), now, read_at)
        evaluated: dict[str, Evaluated | DamagedItem] = {}
        for name, case in stored.items():
            if isinstance(case, Case):
                evaluated[name] = self._evaluate(case, moment)
            else:
                evaluated[name] = case
        return evaluated

    def _records_of(self, cases: Iterable[Case | DamagedItem], now: int) -> Mapping[str, Record]:
        """The records of their tickets; those that are missing are counted before any is judged."""
        case_of: dict[str, Case] = {}
        for case in cases:
            if isinstance(case, Case):
                case_of |= dict.fromkeys(case.facts.tickets(), case)
        records = self.tickets.read({name for name in case_of if not is_stand_in(name)})
        missing = {name: case for name, case in case_of.items() if name not in records}
        self.note_missing(missing, now)
        return records

    def note_missing(self, cases: Mapping[str, Case], now: int) -> None:
        """Counts open tickets, given with their cases, that have no record any more."""
        missing = [name for name, case in cases.items() if self._is_missed(name, case)]
        if not missing:
            return
        deletions = self.stores.deletions.note_missing(missing, now)
        if deletions.held_since != self.context.deletions_held_since:
            self._outlook.forget()

    def note_carried(self, carried: Iterable[Carried], now: int) -> None:
        """What a record was seen to carry: a write only where that is news."""
        news = set(carried).difference(self.context.evidence.seen)
        if news:
            self.stores.evidence.note_seen(news, now)
            self._outlook.forget()

    def _is_missed(self, name: str, case: Case) -> bool:
        if is_stand_in(name):
            return False
        return ticket(name, case.facts, self.policy).unresolved

    def _evaluate(self, case: Case, moment: _Moment) -> Evaluated | DamagedItem:
        now = moment.now
        try:
            case = self.current(case)
            facts = overlay(case, moment.records, self.policy, now)
            plan = self._plan(case, facts, moment.context, now)
        except Exception as error:  # noqa: BLE001 - one case must never stop the others; it is put back and reported
            return DamagedItem(case.id, f"{type(error).__name__}: {error}", case.failures)
        return Evaluated(case, facts, plan, now, moment.read_at)

    # ------------------------------------------------------------ judge what was read

    def plan(self, case: Case, facts: Facts, now: int) -> Plan:
        """What follows for the case as given, under facts that may say more than it does."""
        return self._plan(case, facts, self._outlook.fresh(), now)

    def _plan(self, case: Case, facts: Facts, context: Context, now: int) -> Plan:
        notified = case.as_notified(self.live)
        as_judged = evolve(notified, facts=facts)
        return plan(as_judged, self.policy, now, context=context)

    # ------------------------------------------------------------ generations, and what is written

    def is_newer(self, case: Case) -> bool:
        """Whether a newer policy than this process has wrote the case."""
        return case.generation > self.generation.number

    def current(self, case: Case) -> Case:
        """The case as this policy finds it: stored under an older one, it counts as edited when
        this one began (semantics D2).
        """
        if not case.rev or case.generation >= self.generation.number:
            return case
        return evolve(case, edited_at=self.generation.since, generation=self.generation.number)

    def with_breaches(self, case: Case, evaluated: Plan) -> Case:
        """The case with its breaches on record; nothing that a newer policy recorded is changed."""
        if self.is_newer(case):
            return case
        return evolve(case, breached=evaluated.breached)

    def wakeup_for(self, evaluated: Plan, case: Case, now: int) -> Wakeup:
        """When to look again. A case of a newer policy is due at once, for a process that knows
        it.
        """
        wakeup = wakeup_or_relink(evaluated, case, now)
        if self.is_newer(case):
            return Wakeup(now, wakeup.urgent)
        return wakeup

    def timed(self, case: Case, now: int) -> tuple[Case, Plan]:
        """The case as it is to be stored, with its breaches and wake-up, and the plan behind it."""
        return self._timed(case, self._outlook.fresh(), now)

    def _timed(self, case: Case, context: Context, now: int) -> tuple[Case, Plan]:
        if self.is_newer(case):
            evaluated = self._plan(case, case.facts, context, now)
            return evolve(case, next_at=now), evaluated
        case = evolve(self.current(case), generation=self.generation.number)
        evaluated = self._plan(case, case.facts, context, now)
        case = evolve(case, breached=evaluated.breached)
        if evaluated.decisions and case.next_at is not None and case.next_at <= now:
            # a tick is to put on record what came due, though it waits
            return case, evaluated
        next_at, urgent = wakeup_or_relink(evaluated, case, now)
        return evolve(case, next_at=next_at, urgent=urgent), evaluated

    def surely_timed(self, case: Case, now: int) -> tuple[Case, Plan]:
        """As `timed`; a case that cannot be judged is due at once, for `watch` to put back."""
        context = self._outlook.fresh()
        try:
            return self._timed(case, context, now)
        except Exception as error:  # noqa: BLE001 - what is known is kept all the same
            finding = Finding(case.id, "judgement", AsWritten(repr(error)))
            evaluated = Plan((), (), (), now, False, (), (), (finding,))
            next_at, urgent = wakeup_for(evaluated, case)
            newest = max(case.generation, self.generation.number)
            return evolve(case, generation=newest, next_at=next_at, urgent=urgent), evaluated
