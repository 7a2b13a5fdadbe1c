"""Settle: the entry is taken out of the outbox, with a record of how each of its levels ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from sla_watchdog.domain.escalation.audit_item import AuditItem
from sla_watchdog.domain.escalation.budget import runs_after
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    Entry,
    LastNotified,
    Outcome,
)
from sla_watchdog.domain.escalation.notifications import notified_at
from sla_watchdog.domain.escalation.plan import superseded
from sla_watchdog.domain.escalation.wakeup import Wakeup
from sla_watchdog.errors import Unstorable
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.usecases.judging import Evaluated, Evaluator
from sla_watchdog.usecases.watch.books import Books
from sla_watchdog.usecases.watch.pace import TickPace
from sla_watchdog.usecases.watch.ports import Levels, Outbox, Settled
from sla_watchdog.usecases.watch.records import record_of

LOOK_AGAIN = 60
"""Seconds after which a case is looked at again that could not be judged when it was settled."""


@frozen
class Ending:
    """How an entry ended. `notified` are the alerts that the message carried (None: all): the
    others of the entry were moot.
    """

    outcome: Outcome
    reason: str
    extra: Mapping[str, str] = field(factory=dict)
    notified: tuple[Alert, ...] | None = None

    def record(self, case: str, alert: Alert, now: int) -> AuditItem:
        return record_of(case, alert, self.outcome, self.reason, now, self.extra)


@frozen
class Account:
    """What is written of an entry that ended: the levels reached, and the records."""

    reached: Levels
    records: Sequence[AuditItem]


@frozen
class Following:
    """The case as it is to be written once the entry is out, and when to look again."""

    case: Case
    wakeup: Wakeup


@frozen
class Settler:
    evaluator: Evaluator
    outbox: Outbox
    pace: TickPace
    books: Books

    def settle(self, evaluated: Evaluated, entry: Entry, ending: Ending) -> None:
        """One transaction: the entry out, its levels reached and recorded, the next look timed.

        Where that fails the claim lapses, and its message is sent once more, under the same id.
        """
        case = self.books.cases[evaluated.case.id]
        with self.books.guarded(case.id):
            account = self._account(case, evaluated, entry, ending)
            case = self._counted(case, entry, ending)
            following = self._following(case, entry, account.reached, evaluated)
            self._write(following, entry, account)

    def _write(self, following: Following, entry: Entry, account: Account) -> None:
        self.pace.sending.count += 1
        case = following.case
        try:
            settled, stored = self.outbox.settle(
                case,
                entry.key,
                entry.token,
                account.reached,
                account.records,
                following.wakeup.at,
                following.wakeup.urgent,
                self.books.now,
            )
        except Unstorable as problem:
            self.books.refused[case.id] = str(problem)
            return
        self.books.troubles.worked()
        if settled is Settled.LOST:
            self.books.result.lost += 1
        else:
            self.books.cases[case.id] = stored

    # ------------------------------------------------------------ what ended

    def _account(self, case: Case, evaluated: Evaluated, entry: Entry, ending: Ending) -> Account:
        now = self.books.now
        ended = entry.alerts if ending.notified is None else ending.notified
        moot = [alert for alert in entry.alerts if alert not in ended]
        records = [ending.record(case.id, alert, now) for alert in ended]
        records += [_withdrawn(case.id, alert, now) for alert in moot]
        if ending.outcome is Outcome.WITHDRAWN:
            return Account({}, records)
        passed = self._passed(evaluated, ended)
        records += [_superseded_record(case.id, alert, now) for alert in passed]
        reached = self._reached(case, entry, ended, ending.outcome)
        return Account(reached, records)

    def _counted(self, case: Case, entry: Entry, ending: Ending) -> Case:
        """With the message in the recipient's budget."""
        alerts = entry.alerts if ending.notified is None else ending.notified
        runs = runs_after(case.message_runs, alerts, ending.outcome, self.books.now)
        return evolve(case, message_runs=runs)

    def _reached(
        self, case: Case, entry: Entry, alerts: Sequence[Alert], outcome: Outcome
    ) -> Levels:
        reached = {}
        for alert in alerts:
            at = self._notified_at(case, alert)
            place = alert.clock_key, entry.key
            reached[place] = LastNotified.by(alert, at, outcome, case.reached.get(place))
        return reached

    def _notified_at(self, case: Case, alert: Alert) -> int:
        with self.books.guarded(case.id):
            return notified_at(case, alert, self.books.now)
        return self.books.now

    def _passed(self, evaluated: Evaluated, alerts: Sequence[Alert]) -> list[Alert]:
        """The levels that were passed, for the record; none where they cannot be found."""
        with self.books.guarded(evaluated.case.id):
            return self._superseded(evaluated, alerts)
        return []

    def _superseded(self, evaluated: Evaluated, alerts: Sequence[Alert]) -> list[Alert]:
        plan = evaluated.plan
        clocks = {clock.key: clock for clock in plan.clocks}
        passed: list[Alert] = []
        for alert in alerts:
            clock = clocks.get(alert.clock_key)
            if clock is not None:
                passed += superseded(evaluated.case, alert, clock, plan.evaluation)
        return passed

    # ------------------------------------------------------------ what follows

    def _following(
        self, case: Case, entry: Entry, reached: Levels, evaluated: Evaluated
    ) -> Following:
        """Soon where the case cannot be judged any more: what was sent must be settled all the
        same.
        """
        now = self.books.now
        with self.books.guarded(case.id):
            outbox = dict(case.outbox)
            outbox.pop(entry.key, None)
            after = evolve(case, outbox=outbox, reached={**case.reached, **reached})
            facts = evaluated.facts | case.facts  # others may have added to it since
            plan = self.evaluator.plan(after, facts, now)
            wakeup = self.evaluator.wakeup_for(plan, after, now)
            return Following(self.evaluator.with_breaches(case, plan), wakeup)
        return Following(case, Wakeup(now + LOOK_AGAIN, case.urgent))


def _withdrawn(case: str, alert: Alert, now: int) -> AuditItem:
    return record_of(case, alert, Outcome.WITHDRAWN, "not due any more", now)


def _superseded_record(case: str, alert: Alert, now: int) -> AuditItem:
    return record_of(case, alert, Outcome.SUPERSEDED, worded(alert.reason), now)
