"""`silence`: nobody is notified of some cases for a while. At its end there is one notification of
what came due meanwhile.
"""

from __future__ import annotations

import argparse
import secrets
from typing import TYPE_CHECKING

from rich.text import Text

from sla_watchdog.domain.escalation.silences import LONGEST, Silence
from sla_watchdog.domain.policy.model import Condition, Policy
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.tickets.ticket_fields import STATES
from sla_watchdog.tools.cli import FINE, UsageError
from sla_watchdog.tools.cli.options import add_stack_command
from sla_watchdog.tools.cli.output import formatter
from sla_watchdog.tools.cli.recipients import check_audiences
from sla_watchdog.tools.cli.stack.silenced import held_by
from sla_watchdog.tools.cli.times import end
from sla_watchdog.tools.cli.user import who_asks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase
    from sla_watchdog.tools.cli.stack.stack import Stack

MATCHING = ("ticket", "customer", "judged_by", "audience", "where")
MOST_NAMES = 20
LONGEST_NAME, LONGEST_REASON = 250, 200


def register(parser: argparse.ArgumentParser) -> None:
    add_stack_command(
        parser,
        run,
        description="Alerts that match wait until the silence ends or is lifted; then each case "
        "comes once, at the highest level due by then. Whatever is named must match; an option "
        "given twice means either. Ceilings, findings and the news that a case is over come all "
        "the same. "
        f"Lasts {LONGEST // 86_400} days at most.",
        example="  sla-watchdog silence --customer city --for 4h --reason 'moving their mail' "
        "--dry-run\n"
        "  sla-watchdog silence --where team=facilities --audience manager --until "
        "2026-03-02T17:00+01:00 "
        "--reason drill\n"
        "  sla-watchdog silence --list\n  sla-watchdog silence --lift 1a2b3c4d",
    )
    matching = parser.add_argument_group("what is silenced")
    matching.add_argument(
        "--ticket", action="append", default=[], metavar="ID", help="a ticket; or a case, all of it"
    )
    matching.add_argument(
        "--customer", action="append", default=[], metavar="NAME", help="by id or name"
    )
    matching.add_argument(
        "--judged-by", action="append", default=[], metavar="POLICY", help="a name in `policies:`"
    )
    matching.add_argument(
        "--audience", action="append", default=[], help="alerts to this audience alone"
    )
    matching.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="or FIELD=A,B for either, or FIELD!=VALUE",
    )
    parser.add_argument("--for", dest="span", metavar="SPAN", help="how long, like 4h or 2d")
    parser.add_argument(
        "--until", metavar="TIME", help="or until when, like 2026-03-02T17:00+01:00"
    )
    parser.add_argument(
        "--reason", metavar="TEXT", help="why; it is in the audit of every alert that waits"
    )
    parser.add_argument("--by", metavar="NAME", default="", help="who asks for it; default: you")
    parser.add_argument(
        "--dry-run", action="store_true", help="show which open cases match, and change nothing"
    )
    parser.add_argument(
        "--list", action="store_true", help="show the silences, those over since a week included"
    )
    parser.add_argument(
        "--lift", metavar="ID", help="end a silence now; people are notified of what it held"
    )


def run(args: argparse.Namespace) -> int:
    from sla_watchdog.tools.cli.stack.stack import on_stack

    if args.list or args.lift:
        _refuse_others(args)
        return on_stack(_list if args.list else _lift, args)
    _refuse_incomplete(args)
    return on_stack(_silence, args)


def _refuse_others(args: argparse.Namespace) -> None:
    """`--list` and `--lift` take nothing of what a new silence takes."""
    for_a_new_one = (*_matched(args), args.span, args.until, args.reason, args.dry_run)
    if any(for_a_new_one) or (args.list and args.lift):
        raise UsageError("--list and --lift each stand alone")


def _refuse_incomplete(args: argparse.Namespace) -> None:
    if not _matched(args):
        raise UsageError(
            "say what is silenced: --ticket, --customer, --judged-by, --audience or --where"
        )
    if bool(args.span) == bool(args.until):
        raise UsageError("say how long: either --for SPAN or --until TIME")
    if not (args.reason or "").strip():
        raise UsageError("say why: --reason TEXT")


def _matched(args: argparse.Namespace) -> list[str]:
    """Everything that alerts are to match."""
    names: list[str] = []
    for option in MATCHING:
        names += getattr(args, option)
    return names


def _silence(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.silence.text import as_json, print_made

    now = stack.now()
    silence = _silence_asked_for(args, stack.policy, now)
    matching = list(_matching(stack, silence, now))
    made = not args.dry_run
    if made:
        _make(stack, silence, now)
    values = {"silence": silence, "made": made, "cases": [one.case.id for one in matching]}
    formatter(args).show(
        lambda console: print_made(console, stack, silence, matching, now, made=made),
        lambda: as_json(values),
    )
    return FINE


def _make(stack: Stack, silence: Silence, now: int) -> None:
    if not stack.watch.silences.add(silence, now):
        raise UsageError(
            "there are too many silences; lift some first: sla-watchdog silence --list"
        )


def _matching(stack: Stack, silence: Silence, now: int) -> Iterator[EvaluatedCase]:
    """Unresolved cases with a ticket that matches."""
    from sla_watchdog.tools.cli.stack.evaluation import as_deployed
    from sla_watchdog.tools.cli.stack.overview import overview

    evaluator = as_deployed(stack, live=True)
    for evaluated in overview(stack, evaluator).evaluated:
        if held_by(evaluated.case, evaluated.plan, stack.policy, [silence], now):
            yield evaluated


def _list(args: argparse.Namespace, stack: Stack) -> int:
    from sla_watchdog.tools.cli.silence.text import as_json, print_list

    silences = stack.watch.silences.read()
    formatter(args).show(
        lambda console: print_list(console, stack, silences, stack.now()),
        lambda: as_json({"silences": silences}),
    )
    return FINE


def _lift(args: argparse.Namespace, stack: Stack) -> int:
    if not stack.watch.silences.lift(args.lift, stack.now(), _who(args)):
        raise UsageError(f"there is no silence {args.lift} in force: sla-watchdog silence --list")
    lifted = f"Silence {args.lift} is lifted."
    told = "People are notified of what it held within minutes, when a sweep has found it."
    formatter(args).show(
        lambda console: console.print(Text(f"{lifted} {told}")), lambda: {"lifted": args.lift}
    )
    return FINE


# ------------------------------------------------------------------ what was asked for


def _silence_asked_for(args: argparse.Namespace, policy: Policy, now: int) -> Silence:
    """Raises UsageError for what cannot be."""
    _refuse_too_many(_matched(args))
    check_audiences(args.audience, policy)
    _refuse_unknown_policies(args.judged_by, policy)
    try:
        return Silence(
            id=secrets.token_hex(4),
            made_at=now,
            until=end(args, policy.timezone, now),
            reason=brief(args.reason, LONGEST_REASON),
            by=_who(args),
            tickets=frozenset(args.ticket),
            customers=frozenset(name.strip().casefold() for name in args.customer),
            policies=frozenset(args.judged_by),
            audiences=frozenset(args.audience),
            when=tuple(_condition(text, policy) for text in args.where),
        )
    except ValueError as problem:
        raise UsageError(f"{problem}; say a shorter --for, or another --until") from problem


def _refuse_too_many(names: Sequence[str]) -> None:
    if len(names) > MOST_NAMES or max(map(len, names)) > LONGEST_NAME:
        raise UsageError(
            f"a silence names at most {MOST_NAMES} things of {LONGEST_NAME} characters: "
            "make another"
        )


def _refuse_unknown_policies(names: Sequence[str], policy: Policy) -> None:
    rules = [rule.name for rule in policy.rules]
    for name in names:
        if name not in rules:
            raise UsageError(f"there is no policy {name!r}; there is {', '.join(rules)}")


def _condition(text: str, policy: Policy) -> Condition:
    field, equals, values = text.partition("=")
    negate = field.endswith("!")
    field = field.removesuffix("!").strip()
    if not equals or not field or not values.strip():
        raise UsageError(f"--where {text}: write FIELD=VALUE, FIELD=A,B or FIELD!=VALUE")
    kept = [*STATES, *sorted(policy.fields.difference(STATES))]
    if field not in kept:
        raise UsageError(
            f"--where {text}: no field {field!r} is kept of a ticket; there is {', '.join(kept)}"
        )
    any_of = frozenset(value.strip().casefold() for value in values.split(","))
    return Condition(field, any_of, negate=negate)


def _who(args: argparse.Namespace) -> str:
    return brief(who_asks(args.by), 100)
