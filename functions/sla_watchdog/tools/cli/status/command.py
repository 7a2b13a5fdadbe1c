"""`status`: what is open, breached and at risk, what people must mend, and whether the watchdog
keeps up.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from sla_watchdog.domain.escalation.case import OPERATIONS, Entry
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.presentation.view.case_row import Row, Trouble, row
from sla_watchdog.tools.cli import FINDINGS, FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.stack.silenced import MatchingSilence, held_by, names, upcoming
from sla_watchdog.tools.cli.status.filter import Filter, add_filters, filter_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sla_watchdog.adapters.dynamodb.watch import Mode
    from sla_watchdog.domain.escalation.silences import Silence
    from sla_watchdog.tools.cli.doctor.checks import Check
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase, Overview
    from sla_watchdog.tools.cli.stack.stack import Stack

SHOWN = 20
SILENT = 300
"""Seconds without a finished tick after which nothing shown here may be trusted to be told: as the
alarm has it.
"""

EVERY, MOST_OFTEN = 60, 5
"""Seconds between two looks of `--watch`: a tick comes every minute."""


@frozen
class NeedsAttention:
    """Something that a person must mend. `ticket` names a case or a digest where no ticket is
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
    """A silence in force, and the cases that it holds; of one that it holds in part, the tickets."""

    silence: Silence
    cases: tuple[str, ...]


@frozen
class Status:
    """Everything `status` says. `rows` are the unresolved cases, the worst first; `due_since` as in
    Overview.

    `heartbeat` is what `doctor` says of it, None while ticks finish. Of the cases `silenced`
    nobody at all is told.
    """

    title: str
    now: int
    zone: str
    mode: Mode
    warning: str
    heartbeat: Check | None
    filter: Filter
    rows: tuple[Row, ...]
    silenced: frozenset[str]
    quiet: tuple[Quiet, ...]
    mends: tuple[NeedsAttention, ...]
    pending: tuple[Pending, ...]
    due: int
    due_since: int | None

    def count(self, trouble: Trouble) -> int:
        return sum(each.trouble is trouble for each in self.rows)

    @property
    def chosen(self) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if each.trouble in self.filter.troubles)


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Shows every unresolved case, the worst first, what people must mend, what is silenced, and "
        "whether the watchdog keeps up. Each look reads the whole Watch table once. Exit code 1 when there is "
        "something to mend, or no tick finished for five minutes.",
        example="  sla-watchdog status --breached --team 'Trust and Safety'\n"
        "  sla-watchdog status --at-risk --owner kim",
    )
    add_filters(parser)
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help=f"cases shown; default {SHOWN}, with --json all; 0 all",
    )
    parser.add_argument(
        "--watch",
        type=int,
        nargs="?",
        const=EVERY,
        metavar="SECONDS",
        help=f"look again and again, every {EVERY} seconds unless said; Ctrl-C ends",
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    if args.limit is not None and args.limit < 0:
        raise UsageError("--limit is a number of cases, or 0 for all of them")
    if args.watch is None:
        return on_stack(_once, args)
    if args.json:
        raise UsageError("--json answers once; leave --watch out")
    if args.watch < MOST_OFTEN:
        raise UsageError(
            f"--watch looks every {MOST_OFTEN} seconds at most; a tick comes every minute"
        )
    return on_stack(_again_and_again, args)


def _once(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.status.as_json import as_json
    from sla_watchdog.tools.cli.status.text import print_status

    status = look(stack, filter_of(args, stack.policy))
    if args.json:
        print(as_json(status, limit=args.limit or 0))
    else:
        print_status(status, limit=_limit(args))
    return FINDINGS if status.mends or status.heartbeat else FINE


def _again_and_again(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.status.live import follow

    chosen = filter_of(args, stack.policy)
    follow(
        lambda quietly: look(stack, chosen, quietly=quietly), every=args.watch, limit=_limit(args)
    )
    return FINE


def _limit(args: argparse.Namespace) -> int:
    return SHOWN if args.limit is None else int(args.limit)


# ------------------------------------------------------------------ one look


def look(stack: Stack, chosen: Filter, *, quietly: bool = False) -> Status:
    """Reads and judges the whole Watch table."""
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview

    mode = stack.mode()
    evaluator = as_deployed(stack, live=mode.name == "live")
    now, silences = evaluator.now, evaluator.context.silences
    seen = overview(stack, evaluator, quietly=quietly)
    evaluated = [each for each in seen.evaluated if chosen.keeps(each, stack.policy, now)]
    held = {each.case.id: _held(each, stack.policy, silences, now) for each in evaluated}
    rows = [
        _row(each, held[each.case.id], stack.policy, now)
        for each in evaluated
        if each.plan.unresolved
    ]
    return Status(
        title=stack.title,
        now=now,
        zone=stack.policy.timezone or "UTC",
        mode=mode,
        warning=stack.other_policy(),
        heartbeat=_silent(stack, now),
        filter=chosen,
        rows=tuple(sorted(rows, key=lambda each: each.rank)),
        silenced=frozenset(
            case for case, found in held.items() if any(each.entirely for each in found)
        ),
        quiet=tuple(_quiet(held, silences)),
        mends=(
            *_recipients(stack, chosen, now),
            *(mend for each in evaluated for mend in _mends(each, now)),
            *_put_back(seen, chosen),
        ),
        pending=tuple(sorted(_pending(evaluated), key=lambda each: each.due_at)),
        due=seen.due,
        due_since=seen.due_since,
    )


def _silent(stack: Stack, now: int) -> Check | None:
    from sla_watchdog.tools.cli.doctor.checks import heartbeat

    beat = stack.watch.pulse.last_beat()
    return None if beat is not None and now - beat.at < SILENT else heartbeat(beat, stack.name, now)


def _held(
    evaluated: EvaluatedCase, policy: Policy, silences: Sequence[Silence], now: int
) -> tuple[MatchingSilence, ...]:
    return held_by(evaluated.case, evaluated.plan, policy, silences, now)


def _row(
    evaluated: EvaluatedCase, held: Sequence[MatchingSilence], policy: Policy, now: int
) -> Row:
    found = row(evaluated.case, evaluated.plan, policy.shared, now)
    return evolve(found, upcoming=next(iter(upcoming(evaluated.plan, held)), None))


def _quiet(
    held: Mapping[str, Sequence[MatchingSilence]], silences: Sequence[Silence]
) -> Iterator[Quiet]:
    for silence in silences:
        cases = tuple(
            names(case, each)
            for case, found in held.items()
            for each in found
            if each.silence is silence
        )
        if cases:
            yield Quiet(silence, cases)


def _recipients(stack: Stack, chosen: Filter, now: int) -> Iterator[NeedsAttention]:
    """As the last sweep found it; no filter says anything about recipients."""
    from sla_watchdog.presentation.text.absence import NOBODY_IN_OPERATIONS, why

    if chosen.said:
        return
    counted = stack.watch.topic_counts.read()
    if counted is not None and not counted.get(OPERATIONS):
        yield NeedsAttention(OPERATIONS, "recipient", NOBODY_IN_OPERATIONS)
    for each in stack.watch.rosters.read().missing(stack.policy, now):
        yield NeedsAttention(each.seat.topic, "recipient", f"{each.seat.endpoint} {why(each)}")


def _put_back(seen: Overview, chosen: Filter) -> Iterator[NeedsAttention]:
    """Of what cannot be judged nobody knows whether a filter would keep it."""
    for each in () if chosen.said else seen.put_back:
        yield NeedsAttention(each.name, "put back", _tried(each.reason, each.failures))


def _mends(evaluated: EvaluatedCase, now: int) -> Iterator[NeedsAttention]:
    from sla_watchdog.tools.cli.stack.overview import findings_of

    if evaluated.problem:
        yield NeedsAttention(
            evaluated.case.id, "put back", _tried(evaluated.problem, evaluated.case.failures)
        )
    yield from (
        NeedsAttention(each.ticket, each.kind, each.reason) for each in findings_of(evaluated, now)
    )


def _tried(reason: str, failures: int) -> str:
    return reason if not failures else f"{reason} (tried {failures} time{'s' * (failures != 1)})"


def _pending(evaluated: Iterable[EvaluatedCase]) -> Iterator[Pending]:
    for each in evaluated:
        for entry in each.case.outbox.values():
            yield _on_its_way(each.case.id, entry)


def _on_its_way(case: str, entry: Entry) -> Pending:
    due_at = min(alert.due_at for alert in entry.alerts)
    return Pending(case, entry.key, due_at, entry.until, entry.attempts)
