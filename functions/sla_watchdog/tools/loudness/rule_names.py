"""Which rule it was, as it stands in the policy file, so that it is found there."""

from __future__ import annotations

from sla_watchdog.domain.clocks.clock_key import CLEARED, FINDING, WITHDRAWN
from sla_watchdog.domain.policy.model import Ladder, Level, Metric, Policy
from sla_watchdog.tools.loudness.alerts import Cause
from sla_watchdog.tools.policy_file.levels import label
from sla_watchdog.tools.policy_file.signals import WORD_FOR

BY_ITSELF = {
    CLEARED: "it is over",
    Metric.PAUSE.value: "a pause limit used up",
    Metric.PROMISE.value: "a broken promise",
}
"""What no level of the file asks for."""

SIGNAL_WORDS = {metric.value: word for metric, word in WORD_FOR.items()}
"""By the clock of a signal, its word in the file."""


def rule_name(cause: Cause, policy: Policy) -> str:
    """`signals, without_progress: 24h, repeated`."""
    name = _rule(cause, policy)
    return f"{name}, repeated" if cause.repeated else name


def _rule(cause: Cause, policy: Policy) -> str:
    by_itself = BY_ITSELF.get(cause.clock)
    if by_itself is not None:
        return by_itself
    if cause.clock.startswith(FINDING):
        return f"finding {cause.clock.removeprefix(FINDING)}"
    if cause.clock.startswith(WITHDRAWN):
        return "a warning withdrawn"
    return _level(cause, policy)


def _level(cause: Cause, policy: Policy) -> str:
    level = level_of(cause, policy)
    due = f"level {cause.level + 1}" if level is None else label(level)
    if cause.clock == Metric.AGE.value:
        return f"ceilings, {due}"
    if cause.clock in SIGNAL_WORDS:
        return f"signals, {SIGNAL_WORDS[cause.clock]}: {due}"
    return f"{cause.policy}, {cause.clock}, {due}"


def level_of(cause: Cause, policy: Policy) -> Level | None:
    """The level in the file; None for what is none."""
    ladder = _ladder(cause, policy)
    if ladder is None or cause.level >= len(ladder.levels):
        return None
    return ladder.levels[cause.level]


def _ladder(cause: Cause, policy: Policy) -> Ladder | None:
    if cause.clock == Metric.AGE.value:
        return policy.ceilings
    for metric, ladder in policy.signals.items():
        if cause.clock == metric.value:
            return ladder
    for rule in policy.rules:
        for target in rule.targets:
            if (rule.name, target.metric.value) == (cause.policy, cause.clock):
                return target.ladder
    return None
