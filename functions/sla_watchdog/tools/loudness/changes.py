"""Changes of a policy file that would calm a recipient, each tried on what the recipient got.

Each is an estimate: what was sent is moved or left out, and nothing is judged anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.pace import Happening
from sla_watchdog.domain.policy.digest_time import EVERY_DAY, DigestTime
from sla_watchdog.domain.policy.model import (
    LONGEST_GAP,
    SIGNALS,
    TARGETS,
    After,
    AtOnce,
    Audience,
    Metric,
    Policy,
)
from sla_watchdog.domain.time.seconds import HOUR
from sla_watchdog.tools.loudness.alerts import Cause, CountedAlert
from sla_watchdog.tools.loudness.days import Days
from sla_watchdog.tools.loudness.loads import TOO_MANY, RecipientLoad, daily
from sla_watchdog.tools.loudness.messages import messages
from sla_watchdog.tools.loudness.pace import Pace
from sla_watchdog.tools.loudness.rule_names import level_of, rule_name

NINE = DigestTime(EVERY_DAY, 9 * HOUR)
FEW = 10
"""What `digest_after` is by default."""


@frozen
class CalmingChange:
    """What to write in the policy file, and so many messages a day at the 95th percentile then;
    None where that is not known.
    """

    change: str
    then: int | None


def calming_change(loud: RecipientLoad, policy: Policy, days: Days) -> CalmingChange | None:
    """The first that is enough, else the one that calms the most; None where nothing is known."""
    tried = [change.tried(loud.recipient, days) for change in _changes(_Loud(loud, policy))]
    calmer = [change for change in tried if _then(change) < loud.load.percentile]
    for change in calmer:
        if _then(change) <= TOO_MANY:
            return change
    if calmer:
        return min(calmer, key=_then)
    return _longer_limit(loud)


def _then(change: CalmingChange) -> int:
    return change.then or 0


def _longer_limit(loud: RecipientLoad) -> CalmingChange | None:
    if loud.cause is None or loud.cause.cause.clock not in TARGETS:
        return None
    return CalmingChange("set limits that most cases keep (`backtest --suggest` says which)", None)


@frozen
class _Loud:
    """Somebody who gets too much, and the policy that makes it."""

    load: RecipientLoad
    policy: Policy

    @property
    def name(self) -> str:
        return self.load.recipient.audience

    @property
    def audience(self) -> Audience | None:
        return self.policy.audiences.get(self.name)

    @property
    def cause(self) -> Cause | None:
        return None if self.load.cause is None else self.load.cause.cause

    def with_audience(self, audience: Audience) -> Policy:
        return evolve(self.policy, audiences={**self.policy.audiences, self.name: audience})


@frozen
class _Change:
    """What the policy would be, and which alerts the recipient would get."""

    text: str
    policy: Policy
    alerts: Sequence[CountedAlert]

    def tried(self, recipient: Recipient, days: Days) -> CalmingChange:
        sent = messages(self.alerts, Pace(self.policy, recipient))
        return CalmingChange(self.text, daily(sent, days).percentile)


def _changes(loud: _Loud) -> Iterator[_Change]:
    """What is about the loudest rule alone comes before what is about everything."""
    for change in (_less_often, _others_first, _a_digest, _less_at_once, _fewer_singles):
        made = change(loud)
        if made is not None:
            yield made


def _less_often(loud: _Loud) -> _Change | None:
    cause = loud.cause
    if cause is None or not cause.repeated:
        return None
    level = level_of(cause, loud.policy)
    if level is None or level.repeat is None or level.repeat.every >= LONGEST_GAP:
        return None
    rule = rule_name(cause._replace(repeated=False), loud.policy)
    alerts = list(_weekly(loud.load.alerts, cause))
    return _Change(f"repeat less often (`repeat: 7d` at {rule})", loud.policy, alerts)


def _weekly(alerts: Iterable[CountedAlert], cause: Cause) -> Iterator[CountedAlert]:
    """Without those repetitions of the rule that follow one of the same case within a week."""
    last: dict[str, int] = {}
    first = cause._replace(repeated=False)
    for alert in sorted(alerts):
        if alert.cause not in (cause, first):
            yield alert
            continue
        since = alert.at - last.get(alert.case, alert.at - LONGEST_GAP)
        if not alert.cause.repeated or since >= LONGEST_GAP:
            last[alert.case] = alert.at
            yield alert


def _others_first(loud: _Loud) -> _Change | None:
    """Of signals: they may tell somebody nearer to the ticket, who can do something about it."""
    cause = loud.cause
    if cause is None or cause.clock not in set(SIGNALS):
        return None
    nearer = _nearer(loud.name, loud.policy)
    if nearer is None:
        return None
    rule = rule_name(cause._replace(repeated=False), loud.policy)
    rest = [alert for alert in loud.load.alerts if not _same_level(alert.cause, cause)]
    text = f"tell {nearer} first (in place of {loud.name} at {rule})"
    return _Change(text, loud.policy, rest)


def _same_level(one: Cause, other: Cause) -> bool:
    return one._replace(repeated=False) == other._replace(repeated=False)


def _nearer(audience: str, policy: Policy) -> str | None:
    """The next audience down."""
    rank = policy.rank(audience)
    below = [name for name in policy.audiences if 0 <= policy.rank(name) < rank]
    return max(below, key=policy.rank, default=None)


# ------------------------------------------------------------------ digests


def _a_digest(loud: _Loud) -> _Change | None:
    if loud.audience is None or loud.audience.digest is not None:
        return None
    calm = evolve(loud.audience, digest=NINE)
    return _with_digest(f'give {loud.name} `digest: "09:00"`', loud, calm)


def _less_at_once(loud: _Loud) -> _Change | None:
    """Where first breaches are too many even for somebody who has a digest."""
    audience = loud.audience
    if audience is None or audience.digest is None or AtOnce.BREACH not in audience.at_once:
        return None
    calm = evolve(audience, at_once=audience.at_once - {AtOnce.BREACH})
    words = ", ".join(sorted(calm.at_once))
    return _with_digest(f"give {loud.name} `at_once: [{words}]`", loud, calm)


def _with_digest(text: str, loud: _Loud, calm: Audience) -> _Change:
    policy = loud.with_audience(calm)
    pace = Pace(policy, loud.load.recipient)
    return _Change(text, policy, list(_waiting(loud, pace, calm)))


def _waiting(loud: _Loud, pace: Pace, calm: Audience) -> Iterator[CountedAlert]:
    """All that may wait, at the instant of the digest."""
    breaches: set[tuple[str, str]] = set()
    for alert in sorted(loud.load.alerts):
        breach = _is_breach(alert.cause, loud.policy)
        first = breach and (alert.case, alert.cause.clock) not in breaches
        if breach:
            breaches.add((alert.case, alert.cause.clock))
        if _comes_at_once(alert, calm, first_breach=first):
            yield alert
        else:
            yield alert._replace(at=pace.in_one(alert.at), in_digest=True)


def _is_breach(cause: Cause, policy: Policy) -> bool:
    if cause.clock not in set(TARGETS):
        return False
    level = level_of(cause, policy)
    return level is not None and isinstance(level.trigger, After)


def _comes_at_once(alert: CountedAlert, audience: Audience, *, first_breach: bool) -> bool:
    cause = alert.cause
    is_news = bool(cause.policy) and not cause.repeated
    happening = Happening(
        clock=cause.clock,
        is_urgent=alert.urgent,
        is_news=is_news,
        is_breach=first_breach,
        is_broken=cause.clock == Metric.PROMISE.value,
    )
    return happening.comes_at_once(audience)


def _fewer_singles(loud: _Loud) -> _Change | None:
    if loud.policy.digest_after <= FEW:
        return None
    policy = evolve(loud.policy, digest_after=FEW)
    return _Change(f"lower `digest_after` to {FEW}", policy, loud.load.alerts)
