"""What `doctor` looks at, as far as the tables tell it: each check is one line, and what to do
where it is not fine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.adapters.dynamodb.pulse import Beat
from sla_watchdog.domain.clocks.evidence import Evidence
from sla_watchdog.domain.escalation.case import Entry, Outcome
from sla_watchdog.domain.escalation.deletions import Deletions
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.presentation.text.deletions import missing_text
from sla_watchdog.presentation.text.evidence import cannot_be_judged, how_to_insist
from sla_watchdog.presentation.times import count_of, duration
from sla_watchdog.usecases.sweep.ports import LastSweep

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


@frozen
class InJson:
    """What the JSON says instead of a check's name, text and todo; '' where it says the same."""

    name: str = ""
    text: str = ""
    todo: str = ""


NOTHING_ELSE = InJson()


class CheckState(StrEnum):
    FINE = "fine"
    NEEDS_ATTENTION = "mend"
    UNKNOWN = "unknown"


@frozen
class Check:
    """`todo` is what to do about it; '' where there is nothing. `in_json` has the words that the
    JSON keeps where the screen has newer ones.
    """

    name: str
    state: CheckState
    text: str
    todo: str = ""
    in_json: InJson = NOTHING_ELSE


def fine(name: str, text: str, in_json: InJson = NOTHING_ELSE) -> Check:
    return Check(name, CheckState.FINE, text, in_json=in_json)


def needs_attention(name: str, text: str, todo: str, in_json: InJson = NOTHING_ELSE) -> Check:
    return Check(name, CheckState.NEEDS_ATTENTION, text, todo, in_json)


def heartbeat(beat: Beat | None, stack: str, now: int) -> Check:
    see = f"see docs/runbook.md, heartbeat-missing: aws logs tail /aws/lambda/{stack}-watch"
    if beat is None:
        return _silent("no tick has ever finished", see)
    age = now - beat.at
    if age >= LATE_TICK:
        return _silent(f"no tick finished for {duration(age)}", see)
    return fine("heartbeat", f"a tick finished {_ago(age)}")


def _silent(why: str, see: str) -> Check:
    in_json = InJson(text=f"{why}: nobody is being told anything")
    return needs_attention("heartbeat", f"{why}: nobody is being notified", see, in_json)


def _ago(seconds: int) -> str:
    if seconds < 60:
        return "less than a minute ago"
    return f"{duration(seconds)} ago"


def lag(beat: Beat | None, now: int) -> Check:
    if beat is None or beat.sent_at is None:
        return fine("lag", "nothing has been sent yet")
    text = (
        f"the last tick that sent did so {_seconds(beat.lag_seconds)} after it was due, "
        f"{_ago(now - beat.sent_at)}"
    )
    if beat.lag_seconds < LONG_LAG:
        return fine("lag", text)
    return needs_attention(
        "lag",
        text,
        "after an outage or a storm that is as it must be; else see docs/runbook.md, left-due",
    )


def _seconds(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    return duration(seconds)


def due(seen: Overview, now: int) -> Check:
    waiting = seen.overdue_for(now)
    if waiting < LATE_TICK:
        return fine("due", "nothing waits to be taken up")
    text = f"{count_of(seen.due, 'case')} due for {duration(waiting)} and not taken"
    return needs_attention(
        "due", text, "does the schedule run? see docs/runbook.md, heartbeat-missing"
    )


def pending(seen: Overview, beat: Beat | None, now: int) -> Check:
    tried = list(_tried_again(seen))
    if not tried:
        return fine("pending", "no message is being tried again")
    oldest = min(tried, key=_due_at)
    waited = now - _due_at(oldest)
    text = (
        f"{count_of(len(tried), 'message')} tried again; the oldest, to {oldest.key}, has "
        f"been due {duration(waited)}"
    )
    if beat is not None and beat.problem:
        text += f"; SNS said: {beat.problem}"
    if waited < LONG_PENDING:
        return fine("pending", text)
    known = "nothing is lost, it is tried for ever (oldest-pending)"
    in_json = InJson(todo=f"mend what it says; {known}")
    return needs_attention("pending", text, f"fix what it says; {known}", in_json)


def _tried_again(seen: Overview) -> Iterator[Entry]:
    for evaluated in seen.evaluated:
        for entry in evaluated.case.outbox.values():
            if entry.attempts > 1:
                yield entry


def _due_at(entry: Entry) -> int:
    return min(alert.due_at for alert in entry.alerts)


def undeliverable(seen: Overview) -> Check:
    cases: Counter[str] = Counter()
    for evaluated in seen.evaluated:
        if evaluated.plan.unresolved:
            cases.update(_not_notified(evaluated))
    if not cases:
        return fine(
            "undeliverable",
            "somebody could be notified of every level that was due",
            InJson(text="every level that was due could be told to somebody"),
        )
    whom = ", ".join(
        f"{name} ({count_of(count, 'case')})" for name, count in cases.most_common(MOST_NAMED)
    )
    todo = (
        "`sla-watchdog subscribe AUDIENCE ADDRESS`; what they missed comes once when they "
        "have confirmed"
    )
    whom += _more(cases)
    in_json = InJson(text=f"could not be told: {whom}")
    return needs_attention("undeliverable", f"could not be notified: {whom}", todo, in_json)


def _not_notified(evaluated: EvaluatedCase) -> set[str]:
    reached = evaluated.case.reached.items()
    return {key for (_, key), level in reached if level.outcome is Outcome.UNDELIVERABLE}


def _more(named: Mapping[str, object]) -> str:
    hidden = len(named) - MOST_NAMED
    return f" and {hidden} more" if hidden > 0 else ""


def retrying(seen: Overview) -> Check:
    in_json = InJson(name="put back")
    reasons = {item.name: item.reason for item in seen.retrying}
    for evaluated in seen.evaluated:
        if evaluated.problem:
            reasons[evaluated.case.id] = evaluated.problem
    if not reasons:
        return fine("retrying", "every case can be judged", in_json)
    name, reason = next(iter(reasons.items()))
    text = f"{name}: {reason}"
    if len(reasons) > 1:
        text += f", and {len(reasons) - 1} more"
    todo = "`sla-watchdog status` lists them; docs/runbook.md, violations"
    return needs_attention("retrying", text, todo, in_json)


def findings(seen: Overview, now: int) -> Check:
    from sla_watchdog.tools.cli.stack.overview import findings_of

    count = sum(len(findings_of(evaluated, now)) for evaluated in seen.evaluated)
    if not count:
        return fine("findings", "none")
    return needs_attention(
        "findings",
        f"{count_of(count, 'finding')} about tickets or settings",
        "`sla-watchdog status` lists them",
    )


def deletions(deletions: Deletions) -> Iterator[Check]:
    """Only while they are held back."""
    if deletions.held_since is not None:
        text = (
            f"{missing_text(deletions)} Nobody is notified that they are closed, and their "
            "clocks keep running"
        )
        yield needs_attention("deletions", text, "`sla-watchdog deletions`")


def evidence(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Only while the policy asks for what no record carries."""
    text = cannot_be_judged(evidence, policy)
    if text:
        yield needs_attention("not judged", text, how_to_insist(evidence, policy))


def sweep(last: LastSweep | None, beat: Beat | None, now: int) -> Iterator[Check]:
    if last is None:
        yield _no_sweep(beat, now)
        return
    yield _last_sweep(last, now)
    left = last.counts.get("violations", 0)
    if left:
        named = "; ".join(last.violations[:MOST_NAMED])
        if len(last.violations) > MOST_NAMED:
            named += f"; and {left - MOST_NAMED:,} more"
        text = f"{left:,} that it could not repair: {named}"
        in_json = InJson(text=f"{left:,} that it could not put right: {named}")
        yield needs_attention("violations", text, "docs/runbook.md, violations", in_json)


SEE_SWEEP = "see docs/runbook.md, sweep-errors and segments-dead-letters-waiting"


def _no_sweep(beat: Beat | None, now: int) -> Check:
    young = beat is None or now - beat.first < LATE_SWEEP
    if young:
        return fine("sweep", "none has ended yet")
    return needs_attention("sweep", "none has ever ended", SEE_SWEEP)


def _last_sweep(last: LastSweep, now: int) -> Check:
    counts = last.counts
    age = now - last.at
    text = f"the last ended {_ago(age)}: {counts.get('tickets', 0):,} tickets"
    if age >= LATE_SWEEP:
        return needs_attention("sweep", text, SEE_SWEEP)
    repaired = f"{counts.get('repaired', 0):,} cases brought up to date"
    healed = f"{counts.get('healed', 0):,}"
    text = f"{text}, {repaired}, {healed}"
    return fine("sweep", f"{text} repaired", InJson(text=f"{text} put right"))


def observing(mode: Mode, beat: Beat | None, now: int) -> Check:
    first = beat.first if beat else now
    seconds = now - (mode.since or first)
    age = f" for {duration(seconds)}" if seconds >= 60 else ""
    if mode.name == "live":
        return fine("mode", f"live{age}")
    text = f"observe{age}: nobody is notified of anything yet"
    in_json = InJson(text=f"observe{age}: nobody is told of anything yet")
    if seconds >= LONG_OBSERVED:
        return needs_attention("mode", text, "`sla-watchdog go-live`", in_json)
    return fine("mode", text, in_json)
