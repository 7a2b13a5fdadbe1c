"""The cases of the Watch table, read in one scan and judged now: what the operator's commands look
at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from attrs import frozen
from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from sla_watchdog.adapters.dynamodb.attributes import typed
from sla_watchdog.adapters.dynamodb.case_item import CASE, DIGEST, case_of
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.domain.clocks.findings import Finding
from sla_watchdog.domain.escalation.case import Case, DamagedItem
from sla_watchdog.domain.escalation.plan import Plan
from sla_watchdog.presentation.view.case_row import standing_findings
from sla_watchdog.tools.cli.stack.evaluation import CaseEvaluator
from sla_watchdog.tools.cli.stack.stack import Stack

AWAKE = "begins_with(pk, :case) AND (attribute_exists(next_at) OR attribute_exists(findings))"
RETRYING = "begins_with(pk, :digest) AND attribute_exists(next_at) AND attribute_exists(problem)"


@frozen
class EvaluatedCase:
    """A case as stored and its judgement. `problem` is why it is retried since it was last to be
    judged, '' if not.
    """

    case: Case
    plan: Plan
    problem: str


@frozen
class Retrying:
    """What could not be judged or sent: `name` is a case or a digest, and it comes again at
    `next_at`.
    """

    name: str
    reason: str
    failures: int
    next_at: int | None


@frozen
class Overview:
    """`due` counts what waits to be taken; `due_since` is when the longest overdue one became
    due.
    """

    evaluated: tuple[EvaluatedCase, ...]
    retrying: tuple[Retrying, ...]
    due: int
    due_since: int | None

    def overdue_for(self, now: int) -> int:
        """Seconds for which the longest overdue one has waited; 0 where nothing waits."""
        return 0 if self.due_since is None else now - self.due_since


def overview(stack: Stack, evaluator: CaseEvaluator, *, quietly: bool = False) -> Overview:
    """Reads the whole Watch table, with a progress bar on a terminal; cases that are over are not
    judged.
    """
    evaluated: list[EvaluatedCase] = []
    retrying: list[Retrying] = []
    overdue: list[int] = []
    for item in _items(stack, quietly=quietly):
        outcome = _evaluate(stack, item, evaluator)
        if isinstance(outcome, Retrying):
            retrying.append(outcome)
        else:
            evaluated.append(outcome)
        next_at = _number(item, "next_at")
        if next_at is not None and next_at <= evaluator.now:
            overdue.append(next_at)
    return Overview(tuple(evaluated), tuple(retrying), len(overdue), min(overdue, default=None))


def findings_of(evaluated: EvaluatedCase, now: int) -> Sequence[Finding]:
    return standing_findings(evaluated.plan, now)


def progress(*, quietly: bool = False) -> Progress:
    """On standard error, and only where that is a terminal; gone when it is done."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
    )
    return Progress(
        *columns, console=console, transient=True, disable=quietly or not console.is_terminal
    )


def _items(stack: Stack, *, quietly: bool) -> Iterator[Item]:
    """Cases that anything is to come of or that need attention, and digests that could not be
    sent.
    """
    pages = stack.reads.get_paginator("scan").paginate(
        TableName=stack.outputs["WatchTable"],
        FilterExpression=f"({AWAKE}) OR ({RETRYING})",
        ExpressionAttributeValues=typed({":case": CASE, ":digest": DIGEST}),
    )
    with progress(quietly=quietly) as bar:
        task = bar.add_task("Reading the Watch table", total=_expected(stack))
        for page in pages:
            bar.update(task, advance=page["ScannedCount"])
            yield from page["Items"]


def _expected(stack: Stack) -> int | None:
    """Items in the table as DynamoDB last counted them, up to six hours ago; None where that may
    not be asked.
    """
    try:
        table = stack.reads.describe_table(TableName=stack.outputs["WatchTable"])["Table"]
    except ClientError:
        return None
    return table.get("ItemCount") or None


def _evaluate(stack: Stack, item: Item, evaluator: CaseEvaluator) -> EvaluatedCase | Retrying:
    name, problem = item["pk"]["S"], item.get("problem", {}).get("S", "")
    if name.startswith(DIGEST):
        return _retrying(f"digest {name.removeprefix(DIGEST)}", problem, item)
    case = _case(stack, item)
    if isinstance(case, DamagedItem):
        return _retrying(case.case, case.reason, item)
    try:
        return EvaluatedCase(case, evaluator.evaluate(case), problem)
    except Exception as error:  # noqa: BLE001 - one case must never hide the others
        return _retrying(case.id, problem or f"{type(error).__name__}: {error}", item)


def _case(stack: Stack, item: Item) -> Case | DamagedItem:
    """A long history is read as a whole: its older facts are in items of their own, which the scan
    passes over.
    """
    if "sealed" not in item:
        return case_of(item)
    name = item["pk"]["S"].removeprefix(CASE)
    return stack.watch.cases.read([name]).get(name) or case_of(item)


def _retrying(name: str, reason: str, item: Item) -> Retrying:
    return Retrying(name, reason, _number(item, "failures") or 0, _number(item, "next_at"))


def _number(item: Item, name: str) -> int | None:
    """None where it is absent or no number: the item may be damaged."""
    number = item.get(name, {}).get("N")
    return None if number is None else int(Decimal(number))
