"""The form of signals: what escalates a case by itself, whatever its deadlines say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from attrs import frozen

from sla_watchdog.domain.policy.model import SIGNALS as SIGNAL_TRIGGERS
from sla_watchdog.domain.policy.model import Count, Ladder, Level, Metric, Open
from sla_watchdog.tools.policy_file.durations import OPEN_TIME
from sla_watchdog.tools.policy_file.levels import OPTIONS, label, level_of, rank
from sla_watchdog.tools.policy_file.nodes import Entries, Node, child, keys
from sla_watchdog.tools.policy_file.problems import listed
from sla_watchdog.tools.policy_file.shapes import (
    Also,
    Key,
    ListOf,
    Reading,
    Then,
    Written,
    block_of,
    made,
)
from sla_watchdog.tools.policy_file.values import whole

KINDS = {
    "reopened": (Metric.REOPENED, "when the case has been reopened so many times"),
    "reassigned": (Metric.REASSIGNED, "when its assignee or team has changed so many times"),
    "bounced": (Metric.BOUNCED, "when it came back so many times to a team that had had it"),
    "again": (Metric.AGAIN, "when the customer had to come back so many times in one case"),
    "touches": (Metric.TOUCHES, "at so many public replies of the desk since the last progress"),
    "without_progress": (Metric.PROGRESS, "after so much open time since the last progress"),
    "unowned": (Metric.UNOWNED, "after so much open time without a named owner"),
    "answerers": (Metric.ANSWERERS, "when so many people answered and none of them owns it"),
}
"""By the word of the policy file: what is measured, and when a level of it is due."""

WORD_FOR: Mapping[Metric, str] = {metric: word for word, (metric, _) in KINDS.items()}
AMOUNT = {Open: OPEN_TIME, Count: whole("a number of times", 1, 1000)}
_AMOUNT_OF = {Metric.ANSWERERS: whole("a number of different people, at least 2", 2, 1000)}
"""One person who answers is the ordinary case."""


def _kind(metric: Metric, due: str) -> Key:
    trigger = SIGNAL_TRIGGERS[metric]
    amount = _AMOUNT_OF.get(metric, AMOUNT[trigger])
    return Key(made(amount, trigger), f"due {due}")


@frozen
class _Signal:
    kind: str
    level: Level
    node: Node

    @property
    def label(self) -> str:
        return f"{self.kind}: {label(self.level)}"


def _of_one_kind(node: Node, reading: Reading) -> None:
    """Another key than the options may be a kind misspelt, which is reported as such."""
    names = [key.value for key in keys(node)]
    if isinstance(node, Entries) and OPTIONS.keys() >= set(names):
        reading.wrong(
            node, "this signal does not say of what", f"it may be: {listed(KINDS)}", at=node.label
        )
    kinds = [key for key in keys(node) if key.value in KINDS]
    for key in kinds[1:]:
        message = f"this signal has two kinds: {kinds[0].value} and {key.value}"
        reading.wrong(key, message, "write two signals, each with its own `tell:`")


def _signal(written: Written, node: Node, _reading: Reading) -> _Signal | None:
    level = level_of(written, KINDS)
    if level is None:
        return None
    kind = next(kind for kind in KINDS if kind in written)
    return _Signal(kind, level, node)


# ------------------------------------------------------------------ ladders of them


def _ladders(
    signals: tuple[_Signal, ...], _node: Node, reading: Reading
) -> Mapping[Metric, Ladder] | None:
    before = len(reading.problems)
    ladders = {}
    for metric, kind in WORD_FOR.items():
        of_kind = [signal for signal in signals if signal.kind == kind]
        ladder = sorted(of_kind, key=lambda signal: rank(signal.level.trigger))
        if _each_once(ladder, reading):
            _only_the_highest_repeats(ladder, reading)
        if ladder:
            ladders[metric] = Ladder("signals", tuple(signal.level for signal in ladder))
    return ladders if len(reading.problems) == before else None


def _each_once(ladder: list[_Signal], reading: Reading) -> bool:
    twice = [(one, two) for one, two in pairwise(ladder) if one.label == two.label]
    for first, signal in twice:
        message = f"`{signal.label}` stands on line {first.node.place.line} already"
        reading.wrong(signal.node, message, "name all audiences in one of the two")
    return not twice


def _only_the_highest_repeats(ladder: list[_Signal], reading: Reading) -> None:
    for signal in ladder[:-1]:
        if signal.level.repeat is not None:
            top = ladder[-1]
            message = f"only the highest `{signal.kind}` repeats"
            at = child(signal.node, "repeat")
            hint = f"move `repeat:` to `{top.label}` on line {top.node.place.line}"
            reading.wrong(at, message, hint, at=at.label)


_KINDS = {word: _kind(metric, due) for word, (metric, due) in KINDS.items()}
_SIGNAL = block_of({**_KINDS, **OPTIONS})
SIGNALS = Then(ListOf(Also(Then(_SIGNAL, _signal), _of_one_kind)), _ladders)


def entries(ladders: Mapping[Metric, Ladder]) -> Iterable[tuple[str, Level]]:
    """Each level with its threshold as the file writes it: `reopened: 2`."""
    return (
        (f"{WORD_FOR[metric]}: {label(level)}", level)
        for metric, ladder in ladders.items()
        for level in ladder.levels
    )
