"""What tracking itself has to report: a finding under a stand-in, where no case can carry it."""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.usecases.judging import Evaluator
from sla_watchdog.usecases.track.change import REPLIER, UNREAD, nameless, problem, unsigned
from sla_watchdog.usecases.track.ports import Cases

NOT_READ = "the stream brought what cannot be read; the next sweep takes in what it was about"

NOT_SAID = (
    "records do not say who replied; every reply of the desk counts as one by a person, automatic "
    "ones too"
)


@frozen
class Keeper:
    """Stores a case as this policy judges it."""

    evaluator: Evaluator
    cases: Cases

    def keep(self, case: Case, now: int) -> Plan | None:
        """The judgement; None where others wrote the case first. Raises Unstorable."""
        timed, evaluated = self.evaluator.surely_timed(case, now)
        if not self.cases.keep(timed, evaluated.findings):
            return None
        return evaluated


@frozen
class StandIns:
    """`reported` is what this process has reported already, of what is reported once for all."""

    keeper: Keeper
    reported: set[str]

    def unread(self, now: int) -> None:
        """That records of the stream could not be read; of which ticket they were, nobody can
        tell.
        """
        if UNREAD not in self.reported:
            self._once(UNREAD, "stream", NOT_READ, now)

    def unsigned(self, name: str, before: Facts, after: Facts, now: int) -> None:
        """That records do not say who replied, where one more reply of the ticket is nobody's."""
        if REPLIER in self.reported:
            return
        if unsigned(name, after) > unsigned(name, before):
            self._once(REPLIER, "replier", NOT_SAID, now)

    def unstorable(self, name: str, reason: str, now: int) -> Plan | None:
        """What is wrong with a case that cannot be kept, under a name of its own."""
        stand_in = nameless({"case": name})
        facts = Facts.of(problem(stand_in, "record", reason, now))
        return self.keeper.keep(Case(stand_in, facts), now)

    def _once(self, stand_in: str, field: str, reason: str, now: int) -> None:
        """Once for the whole deployment: `keep` makes the stand-in only where there is none."""
        closed = Fact(stand_in, "closed", now)
        facts = Facts.of({*problem(stand_in, field, reason, now), closed})
        self.keeper.keep(Case(stand_in, facts), now)
        self.reported.add(stand_in)
