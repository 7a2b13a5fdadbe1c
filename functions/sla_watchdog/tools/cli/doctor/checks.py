"""What `doctor` looks at, as far as the tables tell it: each check is one line, and what to do
where it is not fine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.adapters.dynamodb.pulse import Beat, LastSweep
from sla_watchdog.domain.escalation.case import Entry, Outcome
from sla_watchdog.domain.escalation.deletions import Deletions, missing_text
from sla_watchdog.domain.text.times import count_of, duration

if TYPE_CHECKING:
    from sla_watchdog.adapters.dynamodb.watch import Mode
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase, Overview

LATE_TICK = 180
"""Seconds after which a tick, or what is due, is late: a tick comes every minute."""

LONG_LAG = 300
LONG_PENDING = 900
LATE_SWEEP = 26 * 3600
"""Seconds; `SweepRate` is an hour unless somebody chose otherwise, a day at most."""

LONG_OBSERVED = 7 * 86_400
MOST_NAMED = 3


class State(StrEnum):
    FINE = "fine"
    MEND = "mend"
    UNKNOWN = "unknown"


@frozen
class Check:
    """`todo` is what to do about it; '' where there is nothing."""

    name: str
    state: State
    text: str
    todo: str = ""


def fine(name: str, text: str) -> Check:
    return Check(name, State.FINE, text)


def mend(name: str, text: str, todo: str) -> Check:
    return Check(name, State.MEND, text, todo)


def heartbeat(beat: Beat | None, stack: str, now: int) -> Check:
    see = f"see docs/runbook.md, heartbeat-missing: aws logs tail /aws/lambda/{stack}-watch"
    if beat is None:
        return mend("heartbeat", "no tick has ever finished: nobody is being told anything", see)
    age = now - beat.at
    if age >= LATE_TICK:
        return mend(
            "heartbeat", f"no tick finished for {duration(age)}: nobody is being told anything", see
        )
    return fine("heartbeat", f"a tick finished {_ago(age)}")


def _ago(seconds: int) -> str:
    return "less than a minute ago" if seconds < 60 else f"{duration(seconds)} ago"


def lag(beat: Beat | None, now: int) -> Check:
    if beat is None or beat.sent_at is None:
        return fine("lag", "nothing has been sent yet")
    text = (
        f"the last tick that sent did so {_seconds(beat.lag_seconds)} after it was due, "
        f"{_ago(now - beat.sent_at)}"
    )
    if beat.lag_seconds < LONG_LAG:
        return fine("lag", text)
    return mend(
        "lag",
        text,
        "after an outage or a storm that is as it must be; else see docs/runbook.md, left-due",
    )


def _seconds(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else duration(seconds)


def due(seen: Overview, now: int) -> Check:
    waiting = now - seen.due_since if seen.due_since is not None else 0
    if waiting < LATE_TICK:
        return fine("due", "nothing waits to be taken up")
    text = f"{count_of(seen.due, 'case')} due for {duration(waiting)} and not taken"
    return mend("due", text, "does the schedule run? see docs/runbook.md, heartbeat-missing")


def pending(seen: Overview, beat: Beat | None, now: int) -> Check:
    tried = [
        entry
        for evaluated in seen.evaluated
        for entry in evaluated.case.outbox.values()
        if entry.attempts > 1
    ]
    if not tried:
        return fine("pending", "no message is being tried again")
    oldest = min(tried, key=_due_at)
    waited = now - _due_at(oldest)
    text = (
        f"{count_of(len(tried), 'message')} tried again; the oldest, to {oldest.key}, has "
        f"been due {duration(waited)}"
    )
    answer = f"; SNS said: {beat.problem}" if beat is not None and beat.problem else ""
    if waited < LONG_PENDING:
        return fine("pending", text + answer)
    return mend(
        "pending",
        text + answer,
        "mend what it says; nothing is lost, it is tried for ever (oldest-pending)",
    )


def _due_at(entry: Entry) -> int:
    return min(alert.due_at for alert in entry.alerts)


def undeliverable(seen: Overview) -> Check:
    cases: Counter[str] = Counter()
    for evaluated in seen.evaluated:
        if evaluated.plan.unresolved:
            cases.update(_untold(evaluated))
    if not cases:
        return fine("undeliverable", "every level that was due could be told to somebody")
    whom = ", ".join(
        f"{name} ({count_of(count, 'case')})" for name, count in cases.most_common(MOST_NAMED)
    )
    todo = (
        "`sla-watchdog subscribe AUDIENCE ADDRESS`; what they missed comes once when they "
        "have confirmed"
    )
    return mend("undeliverable", f"could not be told: {whom}{_more(cases)}", todo)


def _untold(evaluated: EvaluatedCase) -> set[str]:
    reached = evaluated.case.reached.items()
    return {key for (_, key), level in reached if level.outcome is Outcome.UNDELIVERABLE}


def _more(named: Mapping[str, object]) -> str:
    return f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""


def put_back(seen: Overview) -> Check:
    reasons = {item.name: item.reason for item in seen.put_back}
    reasons |= {
        evaluated.case.id: evaluated.problem for evaluated in seen.evaluated if evaluated.problem
    }
    if not reasons:
        return fine("put back", "every case can be judged")
    name, reason = next(iter(reasons.items()))
    others = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return mend(
        "put back",
        f"{name}: {reason}{others}",
        "`sla-watchdog status` lists them; docs/runbook.md, violations",
    )


def findings(seen: Overview, now: int) -> Check:
    from sla_watchdog.tools.cli.stack.overview import findings_of

    count = sum(len(findings_of(evaluated, now)) for evaluated in seen.evaluated)
    if not count:
        return fine("findings", "none")
    return mend(
        "findings",
        f"{count_of(count, 'finding')} about tickets or settings",
        "`sla-watchdog status` lists them",
    )


def deletions(known: Deletions) -> Iterator[Check]:
    """Only while they are held back."""
    if known.held_since is not None:
        text = (
            f"{missing_text(known)} Nobody is notified that they are closed, and their clocks "
            "keep running"
        )
        yield mend("deletions", text, "`sla-watchdog deletions`")


def sweep(last: LastSweep | None, beat: Beat | None, now: int) -> Iterator[Check]:
    see = "see docs/runbook.md, sweep-errors and segments-dead-letters-waiting"
    if last is None:
        young = beat is None or now - beat.first < LATE_SWEEP
        yield (
            fine("sweep", "none has ended yet")
            if young
            else mend("sweep", "none has ever ended", see)
        )
        return
    counts = last.counts
    text = f"the last ended {_ago(now - last.at)}: {counts.get('tickets', 0):,} tickets"
    healed = (
        f", {counts.get('repaired', 0):,} cases brought up to date, "
        f"{counts.get('healed', 0):,} put right"
    )
    late = now - last.at >= LATE_SWEEP
    yield mend("sweep", text, see) if late else fine("sweep", text + healed)
    left = counts.get("violations", 0)
    if left:
        named = "; ".join(last.violations[:MOST_NAMED])
        more = f"; and {left - MOST_NAMED:,} more" if len(last.violations) > MOST_NAMED else ""
        yield mend(
            "violations",
            f"{left:,} that it could not put right: {named}{more}",
            "docs/runbook.md, violations",
        )


def observing(mode: Mode, beat: Beat | None, now: int) -> Check:
    since = mode.since or (beat.first if beat else now)
    age = f" for {duration(now - since)}" if now - since >= 60 else ""
    if mode.name == "live":
        return fine("mode", f"live{age}")
    text = f"observe{age}: nobody is told of anything yet"
    return (
        mend("mode", text, "`sla-watchdog go-live`")
        if now - since >= LONG_OBSERVED
        else fine("mode", text)
    )
