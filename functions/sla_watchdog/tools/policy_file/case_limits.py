"""The form of what holds for every case: how long clocks may pause, what is one case, how far a
promise reaches.
"""

from __future__ import annotations

from sla_watchdog.domain.policy.model import Acknowledge, Matters, Pauses
from sla_watchdog.tools.policy_file.durations import (
    OPEN_TIME,
    WALL_DAYS,
    WALL_TIME,
    spoken,
    spoken_by_the_wall,
)
from sla_watchdog.tools.policy_file.levels import TELL
from sla_watchdog.tools.policy_file.nodes import Node, child
from sla_watchdog.tools.policy_file.shapes import Key, Reading, Record, Then, Written, block_of
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


def _in_proportion(written: Written, node: Node, reading: Reading) -> Matters | None:
    """What is left out gives way to what is written: evidence never lasts longer than a link."""
    default = Matters()
    linked = written.get("linked", max(default.linked, written.get("quiet", 0)))
    quiet = written.get("quiet", min(default.quiet, linked))
    if quiet <= linked:
        return Matters(quiet, linked)
    message = (
        f"tickets that look alike continue a matter for {spoken_by_the_wall(quiet)}, but linked "
        f"ones only for {spoken_by_the_wall(linked)}"
    )
    hint = "write a `quiet` that is no longer than `linked`"
    reading.wrong(child(node, "quiet"), message, hint)
    return None


MATTERS = Then(
    block_of(
        {
            "quiet": Key(
                WALL_DAYS,
                "time since the last activity of a matter in which a ticket that looks like one "
                "of its tickets continues it (60d)",
            ),
            "linked": Key(
                WALL_DAYS,
                "time since then in which a ticket that is linked to it continues it (365d)",
            ),
        },
    ),
    _in_proportion,
)


def as_once_written(gap: int) -> Matters:
    """What `cases: {gap: …}` meant before matters were told from cases."""
    return Matters(min(Matters().quiet, gap), gap)


CASES = block_of(
    {
        "gap": Key(WALL_TIME, "the name of before for `matters: {linked: …}`"),
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
