"""What fails of one case, digest, link or settlement: it is put off and counted, and the tick goes on."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field, frozen

from sla_watchdog.adapters.table import LONGEST_PROBLEM, described, is_of_the_service, slices
from sla_watchdog.adapters.watch import DamagedItem
from sla_watchdog.drafts import Tally
from sla_watchdog.errors import SlaWatchdogError
from sla_watchdog.judging import Judge, Judged

MOST_IN_A_ROW = 10
"""Failures of a service with nothing between them that worked; so many are an outage, not the fault of one case."""

PARTS = 10
"""Into how many parts a read that failed is divided, until the one that fails is alone."""


class TooManyFailures(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """Ends the tick: nothing works. The heartbeat stops, and the next tick tries again."""


@define
class Troubles:
    """The failures of one tick. A fault of the program in one case is no outage, so it never ends the tick."""

    tally: Tally
    in_a_row: int = 0

    def worked(self) -> None:
        self.in_a_row = 0

    def note(self, what: str, error: Exception) -> None:
        """Counts a failure. Raises TooManyFailures for the tenth in a row that a service is at fault for."""
        if isinstance(error, TooManyFailures):
            raise error
        self.tally.put_off += 1
        self.tally.problem = f"{what}: {described(error)}"[:LONGEST_PROBLEM]
        if not is_of_the_service(error):
            return
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW:
            raise TooManyFailures(f"{MOST_IN_A_ROW} failures in a row, the last: {self.tally.problem}") from error


@frozen
class Read:
    """Cases read and judged, and those that could not be read now, which says nothing about them."""

    judged: dict[str, Judged | DamagedItem] = field(factory=dict)
    unread: set[str] = field(factory=set)


def read_apart(judge: Judge, ids: Iterable[str], now: int, troubles: Troubles) -> Read:
    """All that can be read; what cannot is searched for in ever smaller parts, so that it keeps no other back."""
    read = Read()
    _read(judge, list(ids), now, troubles, read)
    return read


def _read(judge: Judge, ids: list[str], now: int, troubles: Troubles, read: Read) -> None:
    try:
        read.judged.update(judge.judge(ids, now))
    except Exception as error:  # noqa: BLE001 - one case that cannot be read must not keep the others from being told
        if len(ids) > 1:
            for part in slices(ids, max(1, len(ids) // PARTS)):
                _read(judge, part, now, troubles, read)
            return
        read.unread.update(ids)
        troubles.note(ids[0] if ids else "a read", error)
        return
    troubles.worked()
