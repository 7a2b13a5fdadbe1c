"""What a tick keeps account of while its stages work."""

from __future__ import annotations

from collections import Counter

from attrs import define, field

from sla_watchdog.domain.escalation.case import Case
from sla_watchdog.usecases.watch.ports import Diagnose
from sla_watchdog.usecases.watch.result import TickResult
from sla_watchdog.usecases.watch.troubles import Guard, Troubles


@define
class Books:
    """`cases` holds each case as last written by this tick. `again` are the cases to be judged once
    more in it: somebody could not be reached and the next level is due, or more is due than
    one claim takes. `refused` are those that are to be put back, and why. `singles` counts
    messages of their own by the destination's name.
    """

    now: int
    diagnose: Diagnose
    result: TickResult = field(factory=TickResult)
    cases: dict[str, Case] = field(factory=dict)
    again: set[str] = field(factory=set)
    refused: dict[str, str] = field(factory=dict)
    singles: Counter[str] = field(factory=Counter)
    troubles: Troubles = field(init=False)

    @troubles.default
    def _none_yet(self) -> Troubles:
        return Troubles(self.result, self.diagnose)

    def guarded(self, subject: str) -> Guard:
        return self.troubles.guarded(subject)

    def waits_since(self, instant: int) -> None:
        """Something that came due at `instant` (epoch seconds) is not sent yet."""
        self.result.waits_since(instant, self.now)

    def refuse_for_a_fault(self, case: str, guard: Guard) -> None:
        """To be put back where the program is at fault; where a service is, it stays due."""
        error = guard.error
        if error is not None and not self.diagnose(error).of_the_service:
            self.refused[case] = f"{type(error).__name__}: {error}"

    def take_again(self) -> list[str]:
        """The cases to be judged once more; asked again, those since."""
        again, self.again = list(self.again), set()
        return again

    def take_refused(self) -> dict[str, str]:
        """The cases to be put back, and why; asked again, those since."""
        refused, self.refused = self.refused, {}
        return refused
