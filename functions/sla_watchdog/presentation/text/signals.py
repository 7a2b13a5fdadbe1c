"""What a message says of each clock without a target: a row a clock, so that a new one is in words
once it has its row.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from sla_watchdog.domain.policy.model import Metric


@frozen
class SignalWords:
    """`situation` may hold {old}, {since}, {limit}, {replies}, {people}, {times} and {last}.
    `to_do` is '' where whose it is says all; `started` follows the instant at which it began.
    """

    situation: str
    to_do: str
    started: str = ""


SIGNAL_WORDS: Mapping[Metric, SignalWords] = {
    Metric.AGE: SignalWords(
        "This case is still unresolved. It is {old} old; no reply, pause or change of priority "
        "stops this clock",
        "Decide how it ends, and tell the customer by when.",
    ),
    Metric.PAUSE: SignalWords(
        "This case was paused for longer than is allowed ({limit} of open time). Its clock runs on",
        "Ask the customer again, or go on without the answer.",
        ", the clock runs on",
    ),
    Metric.PROMISE: SignalWords(
        "What was promised about this case was not done",
        "Tell the customer how it stands, and decide who sees to it.",
        ", when it was promised",
    ),
    Metric.PROGRESS: SignalWords(
        "Nobody has moved this case on since {since} ({old}). Replies alone do not count",
        "Decide on the next step, who takes it, and by when.",
        ", the last progress",
    ),
    Metric.TOUCHES: SignalWords(
        "{replies} gone out since anybody moved this case on{last}",
        "Another reply will not help: decide what solves it, and who does it.",
    ),
    Metric.UNOWNED: SignalWords(
        "Nobody with a name has owned this case since {since} ({old})",
        "",
    ),
    Metric.REOPENED: SignalWords(
        "This case was resolved and reopened {times}{last}",
        "Find out what was left unsolved, before it is resolved again.",
    ),
    Metric.REASSIGNED: SignalWords(
        "This case changed hands {times}{last}",
        "Decide who keeps it to the end.",
    ),
    Metric.BOUNCED: SignalWords(
        "This case was sent back {times} to a team that had had it{last}",
        "Decide with the teams who keeps it to the end.",
    ),
    Metric.AGAIN: SignalWords(
        "The customer had to ask again {times}{last}",
        "Find out what was never solved, and name one person who solves it.",
    ),
    Metric.ANSWERERS: SignalWords(
        "{people} answered the customer, and nobody owns this case{last}",
        "",
    ),
}
