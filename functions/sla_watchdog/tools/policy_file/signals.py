"""The form of signals: what escalates a case by itself, whatever its deadlines say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from attrs import frozen

from sla_watchdog.domain.policy.model import COUNTED, Count, Level, Metric, Open, Repeat
from sla_watchdog.tools.policy_file.durations import OPEN_TIME
from sla_watchdog.tools.policy_file.levels import TOLD, label, rank
from sla_watchdog.tools.policy_file.nodes import Entries, Node, child, keys
from sla_watchdog.tools.policy_file.problems import listed
from sla_watchdog.tools.policy_file.shapes import Also, Key, ListOf, Reading, Record, Then
from sla_watchdog.tools.policy_file.values import whole

KINDS = {
    "reopened": Metric.REOPENED,
    "reassigned": Metric.REASSIGNED,
    "bounced": Metric.BOUNCED,
    "touches": Metric.TOUCHES,
    "without_progress": Metric.PROGRESS,
    "unowned": Metric.UNOWNED,
}
WORD_FOR: Mapping[Metric, str] = {metric: word for word, metric in KINDS.items()}
TIMES = whole("a number of times", 1, 1000)


@frozen
class SignalForm:
    """One entry of `signals:`; exactly one kind is written."""

    tell: tuple[str, ...]
    urgent: bool = False
    repeat: Repeat | None = None
    reopened: int | None = None
    reassigned: int | None = None
    bounced: int | None = None
    touches: int | None = None
    without_progress: int | None = None
    unowned: int | None = None

    @property
    def thresholds(self) -> Iterator[tuple[str, Open | Count]]:
        for kind, metric in KINDS.items():
            amount: int | None = getattr(self, kind)
            if amount is not None:
                yield kind, Count(amount) if metric in COUNTED else Open(amount)


@frozen
class _Signal:
    kind: str
    level: Level
    node: Node

    @property
    def label(self) -> str:
        return f"{self.kind}: {label(self.level)}"


def _of_one_kind(node: Node, reading: Reading) -> None:
    written = [key for key in keys(node) if key.value in KINDS]
    if isinstance(node, Entries) and not written and all(key.value in TOLD for key in keys(node)):
        reading.wrong(
            node, "this signal does not say of what", f"it may be: {listed(KINDS)}", at=node.label
        )
    for key in written[1:]:
        message = f"this signal has two kinds: {written[0].value} and {key.value}"
        reading.wrong(key, message, "write two signals, each with its own `tell:`")


def _signal(form: SignalForm, node: Node, _reading: Reading) -> _Signal | None:
    thresholds = tuple(form.thresholds)
    if len(thresholds) != 1:
        return None
    kind, trigger = thresholds[0]
    return _Signal(kind, Level(trigger, form.tell, form.urgent, form.repeat), node)


# ------------------------------------------------------------------ ladders of them


def _ladders(
    signals: tuple[_Signal, ...], _node: Node, reading: Reading
) -> Mapping[Metric, tuple[Level, ...]] | None:
    before = len(reading.problems)
    ladders = {}
    for kind, metric in KINDS.items():
        ladder = sorted((s for s in signals if s.kind == kind), key=lambda s: rank(s.level.trigger))
        if _each_once(ladder, reading):
            _only_the_highest_repeats(ladder, reading)
        if ladder:
            ladders[metric] = tuple(signal.level for signal in ladder)
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


_SIGNAL = Record(
    SignalForm,
    {
        "reopened": Key(TIMES, "due when the case has been reopened so many times"),
        "reassigned": Key(TIMES, "due when its assignee or team has changed so many times"),
        "bounced": Key(TIMES, "due when it came back so many times to a team that had had it"),
        "touches": Key(TIMES, "due at so many public replies of the desk since the last progress"),
        "without_progress": Key(OPEN_TIME, "due after so much open time since the last progress"),
        "unowned": Key(OPEN_TIME, "due after so much open time without a named owner"),
        **TOLD,
    },
)
SIGNALS = Then(ListOf(Also(Then(_SIGNAL, _signal), _of_one_kind)), _ladders)


def entries(ladders: Mapping[Metric, tuple[Level, ...]]) -> Iterable[tuple[str, Level]]:
    """Each level with its threshold as the file writes it: `reopened: 2`."""
    return (
        (f"{WORD_FOR[metric]}: {label(level)}", level)
        for metric, levels in ladders.items()
        for level in levels
    )
