"""Calls of the mixed scenario go wrong, each once and in one way; whatever happens, the promises
hold.

Here is an even sample; `make soak` takes every call in every way, and plays each to its end.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.points import Choice, Points
from faults.scenario import play, rules
from faults.wire import Call, Fault

Say = Callable[[str, object], None]

FIRST = (Fault.DIES_BEFORE, Fault.RESPONSE_LOST)
"""Dying after a call is, but for the last one of an invocation, dying before the next."""

OFTEN, SELDOM = 8, 150
"""Of those kinds every such call, and of each of the others."""

REST = "the other kinds"
AT_LEAST = {Fault.DIES_BEFORE: 28, Fault.RESPONSE_LOST: 10, REST: 25}


@pytest.mark.parametrize("kind", [*FIRST, REST])
def test_whatever_goes_wrong_at_any_call_every_promise_holds(
    kind: str, record_property: Say
) -> None:
    found = Points(rules, play, _rest if kind == REST else _often(kind)).run()
    record_property("proof", f"{found.points} crash points ({kind})")
    assert found.broken == []
    assert found.points >= AT_LEAST[kind], "the scenario has shrunk"


def _often(kind: str) -> Choice:
    """Counted among the calls of which it makes sense, so that a step meets no pattern of theirs."""
    met: set[int] = set()

    def chosen(call: Call, fault: Fault) -> bool:
        if fault != kind:
            return False
        met.add(call.number)
        return len(met) % OFTEN == 1

    return chosen


def _rest(call: Call, fault: Fault) -> bool:
    """The kinds meet different calls; an acknowledgement comes beside each settling."""
    if fault in FIRST:
        return False
    beside = fault is Fault.ACKNOWLEDGED and call.operation == "TransactWriteItems"
    return beside or (call.number + 5 * list(Fault).index(fault)) % SELDOM == 0
