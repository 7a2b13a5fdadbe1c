"""Who would be notified if the stack went live now: the very digests of its next tick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from attrs import field, frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Alert, Outcome, Recipient, Severity
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.presentation.text import Message, render, render_digest
from sla_watchdog.presentation.view.notice import Notice, notice
from sla_watchdog.tools.cli.stack.overview import EvaluatedCase
from sla_watchdog.tools.loudness.loads import Loudness
from sla_watchdog.usecases.watch.digests import DIGEST_MEMBERS
from sla_watchdog.usecases.watch.drafts import Reach

SEVERITIES = list(Severity)


@frozen
class Letter:
    """What one topic would get. `subscribers` is None where there is no such topic.

    `waiting` counts the cases that wait for its hours; `cases` those notified at once.
    """

    recipient: Recipient
    notices: tuple[Notice, ...]
    waiting: int
    subscribers: int | None

    @property
    def cases(self) -> int:
        return len({notice.case for notice in self.notices})

    @property
    def messages(self) -> int:
        return -(-len(self.notices) // DIGEST_MEMBERS)

    @property
    def highest(self) -> Alert | None:
        alerts = (item.alert for notice in self.notices for item in notice.items)
        return max(alerts, key=_severity_and_level, default=None)

    @property
    def reaches_nobody(self) -> bool:
        """A topic of urgent alerts may be empty: the audience's other topic gets all of them
        too.
        """
        return not self.subscribers and not self.recipient.urgent

    def message(self, now: int) -> Message | None:
        """The first message; None while everything waits."""
        if not self.notices:
            return None
        if len(self.notices) == 1:
            return render(self.notices[0], now)
        digest = f"preview-{datetime.fromtimestamp(now, UTC).date()}"
        return render_digest(self.notices[:DIGEST_MEMBERS], self.recipient, digest, now)


def _severity_and_level(alert: Alert) -> tuple[int, int]:
    return SEVERITIES.index(alert.severity), alert.level


@frozen
class Preview:
    """`observed` are the cases of which something was only observed: going live wakes them.

    `silent` are the audiences to which nobody is subscribed yet, whether something is due for
    them or not. `ahead` is how loud the next days will be. `unjudged` says what cannot be judged.
    """

    letters: tuple[Letter, ...]
    observed: tuple[EvaluatedCase, ...]
    silent: tuple[str, ...]
    ahead: Loudness
    unjudged: str = ""

    @property
    def cases(self) -> int:
        return len({notice.case for letter in self.letters for notice in letter.notices})

    @property
    def unreachable(self) -> list[Letter]:
        return [letter for letter in self.letters if letter.reaches_nobody]


def was_observed(evaluated: EvaluatedCase) -> bool:
    """Whether going live must wake it. One that is retried wakes by itself within the hour."""
    seen = any(reached.outcome is Outcome.OBSERVED for reached in evaluated.case.reached.values())
    return seen and evaluated.plan.unresolved and not evaluated.case.failures


@frozen
class _Pile:
    notices: list[Notice] = field(factory=list)
    waiting: set[str] = field(factory=set)


def preview(
    evaluated: Iterable[EvaluatedCase],
    policy: Policy,
    subscribers: Mapping[str, int],
    now: int,
    ahead: Loudness,
    unjudged: str = "",
) -> Preview:
    """`evaluated` as live; `subscribers` by topic, absent where there is none."""
    cases = tuple(evaluated)
    letters = _letters(cases, policy, subscribers, now)
    order = [*policy.audiences, OPERATIONS]
    letters.sort(key=lambda letter: (order.index(letter.recipient.audience), letter.recipient))
    return Preview(
        letters=tuple(letters),
        observed=tuple(case for case in cases if was_observed(case)),
        silent=tuple(name for name in order if not subscribers.get(name)),
        ahead=ahead,
        unjudged=unjudged,
    )


def _letters(
    cases: Iterable[EvaluatedCase], policy: Policy, subscribers: Mapping[str, int], now: int
) -> list[Letter]:
    reach = Reach(subscribers)
    piles: dict[Recipient, _Pile] = defaultdict(_Pile)
    for evaluated in cases:
        case, plan = evaluated.case, evaluated.plan
        for recipient, alerts in _by_recipient(plan.alerts).items():
            pile = piles[reach.destination(recipient)]
            pile.notices.append(notice(case, plan, alerts, policy, now))
        for decision in plan.decisions:
            pile = piles[reach.destination(decision.alert.recipient)]
            pile.waiting.add(case.id)
    return [
        Letter(who, tuple(pile.notices), len(pile.waiting), subscribers.get(who.name))
        for who, pile in piles.items()
    ]


def _by_recipient(alerts: Sequence[Alert]) -> dict[Recipient, list[Alert]]:
    """Operations are left out: they are notified in mode observe too."""
    by_recipient: dict[Recipient, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.recipient.audience != OPERATIONS:
            by_recipient[alert.recipient].append(alert)
    return by_recipient
