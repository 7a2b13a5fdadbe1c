"""What `status` shows: one look at every case of the Watch table, judged now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Entry
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.presentation.text.evidence import cannot_be_judged
from sla_watchdog.presentation.text.reason import worded
from sla_watchdog.presentation.view.case_row import CaseRow, Trouble, row
from sla_watchdog.tools.cli.stack.silenced import (
    MatchingSilence,
    due_now,
    held_by,
    names,
    upcoming,
)
from sla_watchdog.tools.cli.status.filter import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sla_watchdog.adapters.dynamodb.watch import Mode
    from sla_watchdog.domain.escalation.deletions import Deletions
    from sla_watchdog.domain.escalation.silences import Silence
    from sla_watchdog.tools.cli.doctor.checks import Check
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase, Overview
    from sla_watchdog.tools.cli.stack.stack import Stack

SILENT = 300
"""Seconds without a finished tick after which nobody may count on notifications, as the alarm has
it.
"""

RETRYING = "put back"
"""The kind, as the JSON names it, of what could not be judged and is tried again."""


@frozen
class NeedsAttention:
    """`ticket` names a case or a digest where no ticket is
    known, and the topic of a recipient who is missing.
    """

    ticket: str
    kind: str
    reason: str


@frozen
class Pending:
    """A message on its way: `due_at` is when it came due, `until` when it is tried again if nothing
    comes of it.
    """

    case: str
    recipient: str
    due_at: int
    until: int
    attempts: int


@frozen
class Quiet:
    """A silence in force, and the cases that it holds; of one that it holds in part, the
    tickets.
    """

    silence: Silence
    cases: tuple[str, ...]


@frozen
class Status:
    """Everything `status` says. `rows` are the unresolved cases, the worst first; `due_since` as in
    Overview.

    `heartbeat` is what `doctor` says of it, None while ticks finish. `deletions` are those held
    back, None while none are. Of the cases `silenced` nobody at all is notified. `unjudged` says
    what cannot be judged.
    """

    title: str
    now: int
    zone: str
    mode: Mode
    warning: str
    heartbeat: Check | None
    deletions: Deletions | None
    filter: Filter
    rows: tuple[CaseRow, ...]
    silenced: frozenset[str]
    quiet: tuple[Quiet, ...]
    findings: tuple[NeedsAttention, ...]
    pending: tuple[Pending, ...]
    due: int
    due_since: int | None
    unjudged: str = ""

    def count(self, trouble: Trouble) -> int:
        return sum(row.trouble is trouble for row in self.rows)

    @property
    def overdue_for(self) -> int:
        """Seconds for which the longest overdue case has waited; 0 where nothing waits."""
        return 0 if self.due_since is None else self.now - self.due_since

    @property
    def chosen(self) -> tuple[CaseRow, ...]:
        return tuple(row for row in self.rows if row.trouble in self.filter.troubles)

    @property
    def needs_attention(self) -> bool:
        return bool(self.findings) or self.heartbeat is not None or self.deletions is not None


def look(stack: Stack, chosen: Filter, *, quietly: bool = False) -> Status:
    """Reads and judges the whole Watch table."""
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview

    policy, mode = stack.policy, stack.mode()
    evaluator = as_deployed(stack, live=mode.name == "live")
    now, silences = evaluator.now, evaluator.context.silences
    seen = overview(stack, evaluator, quietly=quietly)
    evaluated = [case for case in seen.evaluated if chosen.keeps(case, policy, now)]
    held = {case.case.id: _held(case, policy, silences, now) for case in evaluated}
    return Status(
        title=stack.title,
        now=now,
        zone=policy.timezone or "UTC",
        mode=mode,
        warning=stack.other_policy(),
        heartbeat=_silent(stack, now),
        deletions=held_deletions(stack, now),
        filter=chosen,
        rows=_rows(evaluated, held, policy, now),
        silenced=_silenced(held),
        quiet=tuple(_quiet(held, silences)),
        findings=tuple(_all_findings(stack, seen, evaluated, chosen, now)),
        pending=tuple(sorted(_pending(evaluated), key=lambda pending: pending.due_at)),
        due=seen.due,
        due_since=seen.due_since,
        unjudged=cannot_be_judged(evaluator.context.evidence, policy),
    )


def _rows(
    evaluated: Iterable[EvaluatedCase],
    held: Mapping[str, Sequence[MatchingSilence]],
    policy: Policy,
    now: int,
) -> tuple[CaseRow, ...]:
    """The unresolved cases, the worst first."""
    unresolved = [case for case in evaluated if case.plan.unresolved]
    rows = [_row(case, held[case.case.id], policy, now) for case in unresolved]
    return tuple(sorted(rows, key=lambda row: row.rank))


def _silenced(held: Mapping[str, Sequence[MatchingSilence]]) -> frozenset[str]:
    """The cases of which nobody at all is notified."""
    cases = set()
    for case, silences in held.items():
        if any(silence.entirely for silence in silences):
            cases.add(case)
    return frozenset(cases)


def _all_findings(
    stack: Stack,
    seen: Overview,
    evaluated: Iterable[EvaluatedCase],
    chosen: Filter,
    now: int,
) -> Iterator[NeedsAttention]:
    yield from _recipients(stack, chosen, now)
    for case in evaluated:
        yield from _findings(case, now)
    yield from _retrying(seen, chosen)


def _silent(stack: Stack, now: int) -> Check | None:
    from sla_watchdog.tools.cli.doctor.checks import heartbeat

    beat = stack.watch.pulse.last_beat()
    if beat is not None and now - beat.at < SILENT:
        return None
    return heartbeat(beat, stack.name, now)


def held_deletions(stack: Stack, now: int) -> Deletions | None:
    deletions = stack.watch.deletions.read(now)
    if deletions.held_since is None:
        return None
    return deletions


def _held(
    evaluated: EvaluatedCase, policy: Policy, silences: Sequence[Silence], now: int
) -> tuple[MatchingSilence, ...]:
    return held_by(evaluated.case, evaluated.plan, policy, silences, now)


def _row(
    evaluated: EvaluatedCase, held: Sequence[MatchingSilence], policy: Policy, now: int
) -> CaseRow:
    of_case = row(evaluated.case, evaluated.plan, policy, now)
    ahead = due_now(evaluated.plan, now) + upcoming(evaluated.plan, held)
    return evolve(of_case, upcoming=ahead[0] if ahead else None)


def _quiet(
    held: Mapping[str, Sequence[MatchingSilence]], silences: Sequence[Silence]
) -> Iterator[Quiet]:
    for silence in silences:
        cases: list[str] = []
        for case, matching in held.items():
            cases += [names(case, match) for match in matching if match.silence is silence]
        if cases:
            yield Quiet(silence, tuple(cases))


def _recipients(stack: Stack, chosen: Filter, now: int) -> Iterator[NeedsAttention]:
    """As the last sweep found it; no filter says anything about recipients."""
    from sla_watchdog.presentation.text.absence import NOBODY_IN_OPERATIONS, why

    if chosen.said:
        return
    counted = stack.watch.topic_counts.read()
    if counted is not None and not counted.get(OPERATIONS):
        yield NeedsAttention(OPERATIONS, "recipient", NOBODY_IN_OPERATIONS)
    for absent in stack.watch.rosters.read().missing(stack.policy, now):
        reason = f"{absent.seat.endpoint} {why(absent)}"
        yield NeedsAttention(absent.seat.recipient, "recipient", reason)


def _retrying(seen: Overview, chosen: Filter) -> Iterator[NeedsAttention]:
    """Of what cannot be judged nobody knows whether a filter would keep it."""
    if chosen.said:
        return
    for item in seen.retrying:
        yield NeedsAttention(item.name, RETRYING, _tried(item.reason, item.failures))


def _findings(evaluated: EvaluatedCase, now: int) -> Iterator[NeedsAttention]:
    from sla_watchdog.tools.cli.stack.overview import findings_of

    if evaluated.problem:
        case = evaluated.case
        yield NeedsAttention(case.id, RETRYING, _tried(evaluated.problem, case.failures))
    for finding in findings_of(evaluated, now):
        yield NeedsAttention(finding.ticket, finding.kind, worded(finding.reason))


def _tried(reason: str, failures: int) -> str:
    if not failures:
        return reason
    times = "time" if failures == 1 else "times"
    return f"{reason} (tried {failures} {times})"


def _pending(evaluated: Iterable[EvaluatedCase]) -> Iterator[Pending]:
    for case in evaluated:
        for entry in case.case.outbox.values():
            yield _on_its_way(case.case.id, entry)


def _on_its_way(case: str, entry: Entry) -> Pending:
    due_at = min(alert.due_at for alert in entry.alerts)
    return Pending(case, entry.key, due_at, entry.until, entry.attempts)
