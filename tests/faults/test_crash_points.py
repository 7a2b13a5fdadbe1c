"""Every call of the mixed scenario goes wrong once, in every way; whatever happens, the promises
hold.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.points import Points
from faults.scenario import play, rules
from faults.wire import Call, Fault

Say = Callable[[str, object], None]

AT_EVERY_CALL = (Fault.DIES_BEFORE, Fault.RESPONSE_LOST)
"""Dying after a call is, but for the last one of an invocation, dying before the next."""

EVERY = 40
"""Of the other kinds every such call; `make soak` takes all of them, and plays each to its end."""

REST = "the other kinds"
AT_LEAST = {Fault.DIES_BEFORE: 200, Fault.RESPONSE_LOST: 90, REST: 70}


@pytest.mark.parametrize("kind", [*AT_EVERY_CALL, REST])
def test_whatever_goes_wrong_at_any_call_every_promise_holds(
    kind: str, record_property: Say
) -> None:
    found = Points(rules, play, _some if kind == REST else lambda _, fault: fault == kind).run()
    record_property("proof", f"{found.points} crash points ({kind})")
    assert found.broken == []
    assert found.points >= AT_LEAST[kind], "the scenario has shrunk"


def _some(call: Call, fault: Fault) -> bool:
    """The kinds meet different calls; an acknowledgement comes beside each settling."""
    if fault in AT_EVERY_CALL:
        return False
    beside = fault is Fault.ACKNOWLEDGED and call.operation == "TransactWriteItems"
    return beside or (call.number + 5 * list(Fault).index(fault)) % EVERY == 0
