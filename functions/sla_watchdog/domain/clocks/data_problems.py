"""What is wrong with the data of a ticket. Every kind of problem is a value; the presentation words
it.
"""

from __future__ import annotations

from attrs import field, frozen
from attrs.converters import optional

from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.tickets.facts import Value


@frozen
class AsWritten:
    """In the words of the fact that says what could not be read, or of whoever stored it."""

    text: str


@frozen
class DeletedUnresolved:
    """The record was deleted while the ticket was unresolved."""


@frozen
class UnknownStatus:
    status: str


@frozen
class UnknownPriority:
    priority: str


@frozen
class TooManyTickets:
    """The ticket names, by the field `link`, a case that takes no more than `most` tickets."""

    link: str
    name: Value
    most: int


@frozen
class NoDeadline:
    """The field `name` should hold the deadline that another system sets, and holds `value`, None
    for nothing. `without` is the clock that has no deadline now, None where an earlier one counts
    on.
    """

    name: str
    value: Value | None
    without: Metric | None = field(converter=optional(Metric))


@frozen
class LooksAlike:
    """Another ticket, `days` old when it was noticed; `what` is the kind of evidence."""

    ticket: str
    other: str
    days: int
    what: str


@frozen
class Downgraded:
    """Moved to a `rule` with a longer target shortly before the deadline of the shorter one."""

    metric: Metric = field(converter=Metric)
    rule: str


@frozen
class MergedIntoEnded:
    survivor: str


@frozen
class MergedIntoUnseen:
    survivor: str


@frozen
class MergedInCircle:
    survivor: str


@frozen
class MergedIntoItself:
    pass


@frozen
class BeyondHolidays:
    """Due after `year`, the last of which the calendar knows the holidays."""

    year: int
    calendar: str


DataProblem = (
    AsWritten
    | DeletedUnresolved
    | UnknownStatus
    | UnknownPriority
    | TooManyTickets
    | NoDeadline
    | LooksAlike
    | Downgraded
    | MergedIntoEnded
    | MergedIntoUnseen
    | MergedInCircle
    | MergedIntoItself
    | BeyondHolidays
)
