"""What was promised, and what its place in a row means, in words."""

from __future__ import annotations

from sla_watchdog.domain.clocks.promises import Promise, PromiseKind

WHAT = {PromiseKind.UPDATE: "an update by", PromiseKind.END: "to resolve it by"}
"""After "promised", and before the time."""

NOT_DONE = {PromiseKind.UPDATE: "it did not come", PromiseKind.END: "it was not resolved"}
DONE = {PromiseKind.UPDATE: "it came", PromiseKind.END: "it was resolved"}
OTHERWISE = {PromiseKind.UPDATE: "without one", PromiseKind.END: "otherwise"}

HOW_KEPT = {
    PromiseKind.UPDATE: (
        "To keep this promise, send the customer a public reply by then. Otherwise the case "
        "escalates."
    ),
    PromiseKind.END: (
        "To keep this promise, resolve the ticket by then. A reply alone does not keep it. "
        "Otherwise the case escalates."
    ),
}

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def continues(in_a_row: int) -> str:
    """To whoever makes a promise that holds nothing back."""
    if in_a_row < 2:
        return "Promises hold no alerts back here: alerts continue."
    return f"This is the {ordinal(in_a_row)} promise in a row without progress: alerts continue."


def holds_nothing(promise: Promise) -> bool:
    return promise.held_until <= promise.at


def ordinal(number: int) -> str:
    """`second`, `12th`, `21st`."""
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
