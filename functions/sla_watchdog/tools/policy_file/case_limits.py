"""The form of what holds for every case: how long clocks may pause, what is one case, how far a
promise reaches.
"""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Acknowledge, Pauses
from sla_watchdog.tools.policy_file.durations import OPEN_TIME, WALL_TIME, spoken
from sla_watchdog.tools.policy_file.levels import TELL
from sla_watchdog.tools.policy_file.nodes import Node, child
from sla_watchdog.tools.policy_file.shapes import Key, Reading, Record, Then, block_of
from sla_watchdog.tools.policy_file.values import whole


def _limited(pauses: Pauses, node: Node, reading: Reading) -> Pauses | None:
    longest, total = pauses.longest, pauses.total
    if longest is None and total is None:
        hint = "add `longest: 40h` or `total: 120h`, or leave `pauses:` out"
        reading.wrong(node, "no limit is written", hint, at=node.label)
        return None
    if longest is not None and total is not None and longest > total:
        message = f"one pause may last {spoken(longest)}, but all together only {spoken(total)}"
        reading.wrong(
            child(node, "longest"), message, "write a `longest` that is no longer than `total`"
        )
        return None
    return pauses


PAUSES = Then(
    Record(
        Pauses,
        {
            "longest": Key(OPEN_TIME, "open time that one pause may last; then the clock runs on"),
            "total": Key(OPEN_TIME, "open time that all pauses of a clock may last together"),
            "tell": Key(
                TELL,
                "who is told that a limit is used up; without it, the first level of the clock's "
                "ladder",
            ),
        },
    ),
    _limited,
)


CASES = block_of(
    {
        "gap": Key(
            WALL_TIME,
            "a follow-up of a ticket that was closed for longer is a new case, with a link",
        ),
        "thanks": Key(
            WALL_TIME,
            "the customer's first message so soon after the end says thanks, and waits for no "
            "answer",
        ),
    },
)

ACKNOWLEDGE = Record(
    Acknowledge,
    {
        "longest": Key(OPEN_TIME, "open time that a promise may reach ahead"),
        "snoozes": Key(whole("a number of times", 0, 100), "times that a case may be put off"),
        "in_a_row": Key(
            whole("a number of promises", 0, 100),
            "promises in a row, without progress between them, that hold alerts back; 1 unless you "
            "say another",
        ),
    },
)
