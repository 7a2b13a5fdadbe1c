"""Why an alert is due, waits, or says that it is over: a value for each reason. The presentation
words them.
"""

from __future__ import annotations

from attrs import frozen

from sla_watchdog.domain.clocks.data_problems import DataProblem

# ------------------------------------------------------------------ why somebody is notified


@frozen
class LevelDue:
    """Its level was reached."""


@frozen
class Reminder:
    """The recipient had `before` messages of this level; None where nobody counted. `only_waits`:
    it was resolved, and the customer wrote since.
    """

    before: int | None
    only_waits: bool = False


@frozen
class Reopened:
    """A reopening made the level due; the ticket was reopened so many `times` by then."""

    times: int


@frozen
class NoOwner:
    """The level is an owner's and there is none, so that the next audience up is notified."""


@frozen
class Unreachable:
    """Notified in place of `recipient` (its key), whom no message reached."""

    recipient: str


# ------------------------------------------------------------------ why somebody is notified later


@frozen
class Silenced:
    """`by` is '' where nobody said a name; `why` is what they wrote."""

    by: str
    why: str


@frozen
class Promised:
    """`by` is '' where nobody said a name. `end`: the end was promised, not only an update."""

    by: str
    end: bool = False


@frozen
class OutsideHours:
    audience: str


@frozen
class WaitsForDigest:
    audience: str


@frozen
class ManyMessages:
    """The audience got so many `messages` of their own within a day."""

    audience: str
    messages: int


@frozen
class JustEnded:
    """It ended so lately that it may be reopened yet."""


@frozen
class SentShortlyBefore:
    """The recipient had so many `messages` about the case in a row, the last too lately."""

    messages: int


@frozen
class Passed:
    """The level `higher` was due, which counts from 1."""

    higher: int


# ------------------------------------------------------------------ why it is over


@frozen
class Ended:
    """Resolved or closed: the group of its status."""

    group: str


@frozen
class MergedInto:
    ticket: str


@frozen
class RecordDeleted:
    pass


# ------------------------------------------------------------------ why it is taken back


@frozen
class Paused:
    pass


@frozen
class PolicyChanged:
    pass


@frozen
class FieldChanged:
    """`field` is that of the ticket."""

    field: str


@frozen
class HistoryCorrected:
    pass


Reason = (
    LevelDue
    | Reminder
    | Reopened
    | NoOwner
    | Unreachable
    | Silenced
    | Promised
    | OutsideHours
    | WaitsForDigest
    | ManyMessages
    | JustEnded
    | SentShortlyBefore
    | Passed
    | Ended
    | MergedInto
    | RecordDeleted
    | Paused
    | PolicyChanged
    | FieldChanged
    | HistoryCorrected
    | DataProblem
)
