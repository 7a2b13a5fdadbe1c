"""`status`: what is open, breached and at risk, what people must mend, and whether the watchdog keeps up."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from sla_watchdog.cli import FINDINGS, FINE, UsageError
from sla_watchdog.cli.options import Subparsers, add_command
from sla_watchdog.cli.silenced import Held, coming, due_now, held_by, names
from sla_watchdog.cli.status_filter import Filter, add_filters, filter_of
from sla_watchdog.domain.case import OPERATIONS, Entry
from sla_watchdog.domain.case_row import Row, Trouble, row
from sla_watchdog.domain.escalation import plan
from sla_watchdog.domain.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sla_watchdog.adapters.watch import Mode
    from sla_watchdog.cli.doctor_checks import Check
    from sla_watchdog.cli.overview import Judged, Overview
    from sla_watchdog.cli.stack import Stack
    from sla_watchdog.domain.deletions import Deletions
    from sla_watchdog.domain.silences import Silence

SHOWN = 20
SILENT = 300
"""Seconds without a finished tick after which nothing shown here may be trusted to be told: as the alarm has it."""

EVERY, MOST_OFTEN = 60, 5
"""Seconds between two looks of `--watch`: a tick comes every minute."""


@frozen
class Mend:
    """Something that a person must mend. `ticket` names a case or a digest where no ticket is known, and the topic of
    a recipient who is missing.
    """

    ticket: str
    kind: str
    reason: str


@frozen
class Pending:
    """A message on its way: `due_at` is when it came due, `until` when it is tried again if nothing comes of it."""

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
    """Everything `status` says. `rows` are the unresolved cases, the worst first; `due_since` as in Overview.

    `heartbeat` is what `doctor` says of it, None while ticks finish. `deletions` are those held back, None while none
    are. Of the cases `silenced` nobody at all is told.
    """

    title: str
    now: int
    zone: str
    mode: Mode
    warning: str
    heartbeat: Check | None
    deletions: Deletions | None
    filter: Filter
    rows: tuple[Row, ...]
    silenced: frozenset[str]
    quiet: tuple[Quiet, ...]
    mends: tuple[Mend, ...]
    pending: tuple[Pending, ...]
    due: int
    due_since: int | None

    def count(self, trouble: Trouble) -> int:
        return sum(each.trouble is trouble for each in self.rows)

    @property
    def chosen(self) -> tuple[Row, ...]:
        return tuple(each for each in self.rows if each.trouble in self.filter.troubles)

    @property
    def needs_attention(self) -> bool:
        return bool(self.mends) or self.heartbeat is not None or self.deletions is not None


def register(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    parser = add_command(
        subparsers,
        "status",
        run,
        summary="what is open, breached and at risk now, and what must be mended",
        description="Shows every unresolved case, the worst first, what people must mend, what is silenced, and "
        "whether the watchdog keeps up. Each look reads the whole Watch table once. Exit code 1 when there is "
        "something to mend, deletions are held back, or no tick finished for five minutes.",
        example="  sla-watchdog status --breached --team 'Trust and Safety'\n"
        "  sla-watchdog status --at-risk --owner kim",
    )
    add_filters(parser)
    parser.add_argument("--limit", type=int, metavar="N", help=f"cases shown; default {SHOWN}, with --json all; 0 all")
    parser.add_argument(
        "--watch",
        type=int,
        nargs="?",
        const=EVERY,
        metavar="SECONDS",
        help=f"look again and again, every {EVERY} seconds unless said; Ctrl-C ends",
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.cli.stack import on_stack

    if args.limit is not None and args.limit < 0:
        raise UsageError("--limit is a number of cases, or 0 for all of them")
    if args.watch is None:
        return on_stack(_once, args)
    if args.json:
        raise UsageError("--json answers once; leave --watch out")
    if args.watch < MOST_OFTEN:
        raise UsageError(f"--watch looks every {MOST_OFTEN} seconds at most; a tick comes every minute")
    return on_stack(_again_and_again, args)


def _once(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.cli.status_json import as_json
    from sla_watchdog.cli.status_text import print_status

    status = look(stack, filter_of(args, stack.policy))
    if args.json:
        print(as_json(status, limit=args.limit or 0))
    else:
        print_status(status, limit=_limit(args))
    return FINDINGS if status.needs_attention else FINE


def _again_and_again(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.cli.status_live import follow

    chosen = filter_of(args, stack.policy)
    follow(lambda quietly: look(stack, chosen, quietly=quietly), every=args.watch, limit=_limit(args))
    return FINE


def _limit(args: argparse.Namespace) -> int:
    return SHOWN if args.limit is None else int(args.limit)


# ------------------------------------------------------------------ one look


def look(stack: Stack, chosen: Filter, *, quietly: bool = False) -> Status:
    """Reads and judges the whole Watch table."""
    from sla_watchdog.cli.overview import overview

    now, mode, around = stack.now(), stack.mode(), stack.watch.surroundings()
    live = mode.name == "live"
    seen = overview(
        stack, lambda case: plan(case.as_heard(live), stack.policy, now, around=around), now, quietly=quietly
    )
    judged = [each for each in seen.judged if chosen.keeps(each, stack.policy, now)]
    held = {each.case.id: _held(each, stack.policy, around.silences, now) for each in judged}
    rows = [_row(each, held[each.case.id], stack.policy, now) for each in judged if each.plan.unresolved]
    return Status(
        title=stack.title,
        now=now,
        zone=stack.policy.timezone or "UTC",
        mode=mode,
        warning=stack.other_policy(),
        heartbeat=_silent(stack, now),
        deletions=held_deletions(stack, now),
        filter=chosen,
        rows=tuple(sorted(rows, key=lambda each: each.rank)),
        silenced=frozenset(case for case, found in held.items() if any(each.entirely for each in found)),
        quiet=tuple(_quiet(held, around.silences)),
        mends=(
            *_recipients(stack, chosen, now),
            *(mend for each in judged for mend in _mends(each, now)),
            *_put_back(seen, chosen),
        ),
        pending=tuple(sorted(_pending(judged), key=lambda each: each.due_at)),
        due=seen.due,
        due_since=seen.due_since,
    )


def _silent(stack: Stack, now: int) -> Check | None:
    from sla_watchdog.cli.doctor_checks import heartbeat

    beat = stack.watch.last_beat()
    return None if beat is not None and now - beat.at < SILENT else heartbeat(beat, stack.name, now)


def held_deletions(stack: Stack, now: int) -> Deletions | None:
    known = stack.watch.deletions(now)
    return None if known.held_since is None else known


def _held(judged: Judged, policy: Policy, silences: Sequence[Silence], now: int) -> tuple[Held, ...]:
    return held_by(judged.case, judged.plan, policy, silences, now)


def _row(judged: Judged, held: Sequence[Held], policy: Policy, now: int) -> Row:
    found = row(judged.case, judged.plan, policy.shared, now)
    ahead = (*due_now(judged.plan, now), *coming(judged.plan, held))
    return evolve(found, coming=next(iter(ahead), None))


def _quiet(held: Mapping[str, Sequence[Held]], silences: Sequence[Silence]) -> Iterator[Quiet]:
    for silence in silences:
        cases = tuple(names(case, each) for case, found in held.items() for each in found if each.silence is silence)
        if cases:
            yield Quiet(silence, cases)


def _recipients(stack: Stack, chosen: Filter, now: int) -> Iterator[Mend]:
    """As the last sweep found it; no filter says anything about recipients."""
    from sla_watchdog.domain.message.absence import NOBODY_IN_OPERATIONS, why

    if chosen.said:
        return
    counted = stack.watch.topics()
    if counted is not None and not counted.get(OPERATIONS):
        yield Mend(OPERATIONS, "recipient", NOBODY_IN_OPERATIONS)
    for each in stack.watch.roster().missing(stack.policy, now):
        yield Mend(each.seat.topic, "recipient", f"{each.seat.endpoint} {why(each)}")


def _put_back(seen: Overview, chosen: Filter) -> Iterator[Mend]:
    """Of what cannot be judged nobody knows whether a filter would keep it."""
    for each in () if chosen.said else seen.put_back:
        yield Mend(each.name, "put back", _tried(each.reason, each.failures))


def _mends(judged: Judged, now: int) -> Iterator[Mend]:
    from sla_watchdog.cli.overview import findings_of

    if judged.problem:
        yield Mend(judged.case.id, "put back", _tried(judged.problem, judged.case.failures))
    yield from (Mend(each.ticket, each.kind, each.reason) for each in findings_of(judged, now))


def _tried(reason: str, failures: int) -> str:
    return reason if not failures else f"{reason} (tried {failures} time{'s' * (failures != 1)})"


def _pending(judged: Iterable[Judged]) -> Iterator[Pending]:
    for each in judged:
        for entry in each.case.outbox.values():
            yield _on_its_way(each.case.id, entry)


def _on_its_way(case: str, entry: Entry) -> Pending:
    due_at = min(alert.due_at for alert in entry.alerts)
    return Pending(case, entry.key, due_at, entry.until, entry.attempts)
