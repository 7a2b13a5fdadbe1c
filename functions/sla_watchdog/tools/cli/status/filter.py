"""Which cases `status` looks at, and which of them it shows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from attrs import frozen

from sla_watchdog.domain.clocks.ownership import owner_of
from sla_watchdog.domain.clocks.rules_in_force import rule_at
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.tickets.ticket import Ticket
from sla_watchdog.presentation.view.case_row import Trouble
from sla_watchdog.tools.cli import UsageError

if TYPE_CHECKING:
    from sla_watchdog.tools.cli.stack.overview import EvaluatedCase

NOBODY = "nobody"
"""Named as an owner: nobody, or whoever counts as nobody."""


@frozen
class Filter:
    """What is named must match, in any case of letters; of a case of several tickets, one of them.

    Cases that do not match are not looked at; `troubles` only chooses what is shown of the others.
    """

    team: str = ""
    owner: str = ""
    priority: str = ""
    judged_by: str = ""
    troubles: frozenset[Trouble] = frozenset(Trouble)

    @property
    def said(self) -> str:
        """`team Trust, owner Kim`; '' where all cases are looked at."""
        named = (
            ("team", self.team),
            ("owner", self.owner),
            ("priority", self.priority),
            ("policy", self.judged_by),
        )
        return ", ".join(f"{kind} {name}" for kind, name in named if name)

    def keeps(self, evaluated: EvaluatedCase, policy: Policy, now: int) -> bool:
        if not self.said:
            return True
        tickets = evaluated.plan.tickets
        unresolved = tuple(ticket for ticket in tickets if ticket.unresolved)
        tickets = unresolved or tickets
        return any(self._is_of(evaluated, ticket, policy, now) for ticket in tickets)

    def _is_of(self, evaluated: EvaluatedCase, of: Ticket, policy: Policy, now: int) -> bool:
        ticket, facts = of.id, evaluated.case.facts
        team = _plain(facts.latest(ticket, "team"))
        if not _meets(self.team, team):
            return False
        owner = _plain(owner_of(ticket, facts, policy)) or NOBODY
        if not _meets(self.owner, owner):
            return False
        priority = _plain(facts.latest(ticket, "priority"))
        ours = _plain(policy.priorities.get(priority, ""))
        if not _meets(self.priority, priority, ours):
            return False
        if not self.judged_by:
            return True
        return rule_at(of, facts, policy, now).name == self.judged_by


def _meets(asked: str, *names: str) -> bool:
    return not asked or _plain(asked) in names


def _plain(text: object) -> str:
    return str(text).strip().casefold()


def add_filters(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which cases")
    group.add_argument("--team", metavar="NAME", default="", help="cases of this team alone")
    group.add_argument(
        "--owner", metavar="NAME", default="", help=f"of this assignee; `{NOBODY}`: without any"
    )
    group.add_argument(
        "--priority", metavar="NAME", default="", help="as the desk or the policy file writes it"
    )
    group.add_argument("--judged-by", metavar="POLICY", default="", help="a name in `policies:`")
    group.add_argument("--breached", action="store_true", help="show breached cases alone")
    group.add_argument(
        "--at-risk", action="store_true", help="show those due within 24 hours; both: either"
    )


def filter_of(args: argparse.Namespace, policy: Policy) -> Filter:
    """Raises UsageError for a name that the policy file does not have."""
    priority, judged_by = args.priority.strip(), args.judged_by.strip()
    _check_priority(priority, policy)
    _check_rule(judged_by, policy)
    troubles = set()
    if args.breached:
        troubles.add(Trouble.BREACHED)
    if args.at_risk:
        troubles.add(Trouble.AT_RISK)
    return Filter(
        team=args.team.strip(),
        owner=args.owner.strip(),
        priority=priority,
        judged_by=judged_by,
        troubles=frozenset(troubles or Trouble),
    )


def _check_priority(priority: str, policy: Policy) -> None:
    names = {*policy.priorities, *map(_plain, policy.priorities.values())}
    if priority and names and _plain(priority) not in names:
        has = ", ".join(policy.severity)
        raise UsageError(f"--priority: the policy file has no priority {priority!r}; it has {has}")


def _check_rule(name: str, policy: Policy) -> None:
    rules = [rule.name for rule in policy.rules]
    if name and name not in rules:
        raise UsageError(f"--judged-by: there is no policy {name!r}; there is {', '.join(rules)}")
