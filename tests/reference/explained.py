"""Differences that stand, each with the point of the semantics that allows it. Nothing else may differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reference.comparing import Difference
from reference.histories import Trial
from reference.model import Ticket


def unexplained(trial: Trial, differ: Iterable[Difference]) -> Iterator[Difference]:
    reasons = (nothing_ran, opened_by_the_desk_and_over)
    return (difference for difference in differ if not any(reason(trial, difference) for reason in reasons))


def nothing_ran(_: Trial, difference: Difference) -> bool:
    """A row that only one has, of a clock that ended without ever having run: born closed, or an answer after the end.
    C4 says that such a thing is recorded, not as what; it decides nothing.
    """
    row = difference.model or difference.engine
    only_one = difference.model is None or difference.engine is None
    nothing = ("met", "0", "0")
    return only_one and row is not None and (row["verdict"], row["business_seconds"], row["paused_seconds"]) == nothing


def opened_by_the_desk_and_over(trial: Trial, difference: Difference) -> bool:
    """The desk opened it and ended it before the customer first wrote. B2 starts the first response at that message;
    the engine lets it stand still until the ticket is reopened, and `next_response` watches the message (B3, and a
    message after the end). The semantics do not say which of the two.
    """
    ticket = Ticket(trial.events, trial.policy, trial.until)
    first = next(iter(ticket.customer), None)
    over = any(start <= first < end for start, end in ticket.ended("resolved")) if first is not None else False
    return difference.clock == "first_response" and ticket.by_agent and over
