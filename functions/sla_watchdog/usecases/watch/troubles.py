"""What fails in a tick, and the guard that keeps it there. A guarded step works on one case, a
message or a link: when it fails, the failure is counted, the step is put off, and the tick goes on
with the next. Only an outage ends the tick.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from attrs import define

from sla_watchdog.errors import LONGEST_PROBLEM, SlaWatchdogError
from sla_watchdog.usecases.watch.ports import Diagnose
from sla_watchdog.usecases.watch.result import TickResult

MOST_IN_A_ROW = 10
"""Failures of a service with nothing between them that worked; so many are an outage, not the fault
of one case.
"""


class TooManyFailures(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """Ends the tick: nothing works. The heartbeat stops, and the next tick tries again."""


@define
class Troubles:
    """The failures of one tick. A fault of the program in one case is no outage, so it never ends
    the tick.
    """

    result: TickResult
    diagnose: Diagnose
    in_a_row: int = 0

    def guarded(self, subject: str) -> Guard:
        """A context that lets no exception out but TooManyFailures: it is noted as the subject's.

        What follows the context runs after a failure; so a guarded block ends with a return.
        """
        return Guard(self, subject)

    def worked(self) -> None:
        """A service did what it was asked for: there is no outage."""
        self.in_a_row = 0

    def note(self, subject: str, error: Exception) -> None:
        """Counts a failure. Raises TooManyFailures for the tenth in a row that a service is at
        fault for.
        """
        if isinstance(error, TooManyFailures):
            raise error
        fault = self.diagnose(error)
        self.result.put_off += 1
        self.result.problem = f"{subject}: {fault.description}"[:LONGEST_PROBLEM]
        if not fault.of_the_service:
            return
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW:
            raise TooManyFailures(
                f"{MOST_IN_A_ROW} failures in a row, the last: {self.result.problem}"
            ) from error


@define
class Guard:
    """`error` is what was kept in, afterwards; None where nothing failed."""

    troubles: Troubles
    subject: str
    error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.error = error
        self.troubles.note(self.subject, error)
        return True
