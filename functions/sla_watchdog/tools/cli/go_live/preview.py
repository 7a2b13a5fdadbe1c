"""Who would be told if the stack went live now: the very digests that its next tick would send."""

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
from sla_watchdog.usecases.watch.digests import DIGEST_MEMBERS
from sla_watchdog.usecases.watch.drafts import Reach

SEVERITIES = list(Severity)


@frozen
class Letter:
    """What one topic would get. `subscribers` is None where there is no such topic.

    `waiting` counts the cases that wait for its hours; `cases` those told at once.
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
        return max(
            alerts, key=lambda alert: (SEVERITIES.index(alert.severity), alert.level), default=None
        )

    @property
    def reaches_nobody(self) -> bool:
        """Topics of urgent alerts alone may be empty: everything in them is told beside them
        too.
        """
        return not self.subscribers and not self.recipient.urgent

    def message(self, now: int) -> Message | None:
        """The first message; None while everything waits."""
        if len(self.notices) > 1:
            digest = f"preview-{datetime.fromtimestamp(now, UTC).date()}"
            return render_digest(self.notices[:DIGEST_MEMBERS], self.recipient, digest, now)
        return render(self.notices[0], now) if self.notices else None


@frozen
class Preview:
    """`observed` are the cases of which something was only observed: going live wakes them.

    `silent` are the audiences to which nobody is subscribed yet, whether something is due for
    them or not.
    """

    letters: tuple[Letter, ...]
    observed: tuple[EvaluatedCase, ...]
    silent: tuple[str, ...]

    @property
    def cases(self) -> int:
        return len({notice.case for letter in self.letters for notice in letter.notices})

    @property
    def unreachable(self) -> list[Letter]:
        return [letter for letter in self.letters if letter.reaches_nobody]


def was_observed(evaluated: EvaluatedCase) -> bool:
    """Whether going live must wake it. One that was put back wakes by itself within the hour."""
    seen = any(reached.outcome is Outcome.OBSERVED for reached in evaluated.case.reached.values())
    return seen and evaluated.plan.unresolved and not evaluated.case.failures


@frozen
class _Pile:
    notices: list[Notice] = field(factory=list)
    waiting: set[str] = field(factory=set)


def preview(
    evaluated: Iterable[EvaluatedCase], policy: Policy, subscribers: Mapping[str, int], now: int
) -> Preview:
    """`evaluated` as live; `subscribers` by topic, absent where there is none."""
    reach, piles, observed = Reach(subscribers), defaultdict[Recipient, _Pile](_Pile), []
    for case in evaluated:
        if was_observed(case):
            observed.append(case)
        for recipient, alerts in _by_recipient(case.plan.alerts).items():
            piles[reach.destination(recipient)].notices.append(
                notice(case.case, case.plan, alerts, policy, now)
            )
        for decision in case.plan.decisions:
            piles[reach.destination(decision.alert.recipient)].waiting.add(case.case.id)
    letters = [
        Letter(who, tuple(pile.notices), len(pile.waiting), subscribers.get(who.name))
        for who, pile in piles.items()
    ]
    order = [*policy.audiences, OPERATIONS]
    return Preview(
        letters=tuple(
            sorted(
                letters,
                key=lambda letter: (order.index(letter.recipient.audience), letter.recipient),
            )
        ),
        observed=tuple(observed),
        silent=tuple(name for name in order if not subscribers.get(name)),
    )


def _by_recipient(alerts: Sequence[Alert]) -> dict[Recipient, list[Alert]]:
    """Operations are left out: what concerns them is told in mode observe too."""
    by_recipient: dict[Recipient, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.recipient.audience != OPERATIONS:
            by_recipient[alert.recipient].append(alert)
    return by_recipient
