"""The dashboard in template.yaml: valid, on what there is, and on what the functions really emit;
so are the alarms.

As in test_template.py each check must find nothing in the real template, and the one problem of
each mutation.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from attrs import frozen
from moto import mock_aws

from desk import Desk
from local_stack.server import ROOT
from local_stack.template import template
from sla_watchdog.handlers import sweep, watch
from sla_watchdog.handlers.observability import metrics

Template = dict[str, Any]
Problems = list[str]
Series = tuple[str, str, tuple[tuple[str, str], ...]]
"""Namespace, name, and (dimension, value) in order."""

STACK = "sla"
WIDTH = 24
FREE = 50
"""Metrics on a dashboard that CloudWatch's free part covers."""

QUESTIONS = ["Is it working?", "Is it late?", "Is anything stuck?"]
FUNCTION, QUEUE = "AWS::Serverless::Function", "AWS::SQS::Queue"
TABLE, ALARM = "AWS::DynamoDB::Table", "AWS::CloudWatch::Alarm"

OF_AWS = {
    "AWS/Lambda": {"Errors", "Duration", "IteratorAge"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
    "AWS/DynamoDB": {"ReadThrottleEvents", "WriteThrottleEvents"},
}
DIMENSIONS = {
    "FunctionName": (FUNCTION, ""),
    "QueueName": (QUEUE, ".QueueName"),
    "TableName": (TABLE, ""),
}
"""Which resource a dimension names, and by what of it."""


# ----------------------------------------------------------- the body, as CloudFormation makes it


def body_of(stack: Template, *, conditions: bool = True) -> dict[str, Any]:
    """With every condition true or none, and each reference left as `<Resource.Attribute>`."""
    text, variables = stack["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    given = {name: str(_resolved(value, conditions)) for name, value in variables.items()}
    loaded: dict[str, Any] = json.loads(_substituted(text, given))
    return loaded


def _resolved(value: Any, conditions: bool) -> Any:
    match value:
        case {"Fn::If": [_, yes, no]}:
            return _resolved(yes if conditions else no, conditions)
        case {"Fn::Sub": str(text)}:
            return _substituted(text, {})
        case {"Ref": name}:
            return f"<{name}>"
    return value


def _substituted(text: str, variables: dict[str, str]) -> str:
    known = variables | {"AWS::StackName": STACK, "AWS::Region": "eu-central-1"}
    return re.sub(r"\$\{([^}]+)\}", lambda found: known.get(found[1], f"<{found[1]}>"), text)


def widgets(stack: Template, kind: str = "") -> list[dict[str, Any]]:
    return [each for each in body_of(stack)["widgets"] if kind in ("", each["type"])]


def series(stack: Template) -> Iterator[Series]:
    for widget in widgets(stack, "metric"):
        for namespace, name, *rest in widget["properties"]["metrics"]:
            said = [each for each in rest if isinstance(each, str)]
            yield namespace, name, tuple(zip(said[::2], said[1::2], strict=True))


def alarms(stack: Template) -> dict[str, Any]:
    return {
        name: each["Properties"]
        for name, each in stack["Resources"].items()
        if each["Type"] == ALARM
    }


# ------------------------------------------------------------------ what the functions emit


@frozen
class Context:
    function_name: str = "any"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn"
    aws_request_id: str = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 100_000


@pytest.fixture(scope="module")
def emitted() -> set[Series]:
    """By one tick and one whole sweep, namespace and service being what the template says."""
    said = io.StringIO()
    context: Any = Context()
    with mock_aws(), pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        desk = Desk()
        desk.parts.watch.state.set_simulated_now(1_772_438_400)
        variables = template()["Globals"]["Function"]["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
        patch.setattr(metrics.provider, "namespace", variables["POWERTOOLS_METRICS_NAMESPACE"])
        patch.setattr(metrics.provider, "service", STACK)
        for handler in (watch, sweep):
            patch.setattr(handler, "parts", lambda: desk.parts)
        watch.handler({}, context)
        sweep.handler({}, context)
        queue = desk.parts.queue
        asked = queue.client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10)["Messages"]
        sweep.handler({"Records": [{"body": each["Body"]} for each in asked]}, context)
    lines = [
        json.loads(line) for line in said.getvalue().splitlines() if line.startswith('{"_aws"')
    ]
    found = {each for line in lines for each in _of_line(line)}
    assert found, "nothing was emitted: the checks would check nothing"
    return found


def _of_line(line: dict[str, Any]) -> Iterator[Series]:
    """CloudWatch's embedded metric format: one series for each name and each set of dimensions."""
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            assert metric["Name"] in line
            for names in directive["Dimensions"]:
                yield (
                    directive["Namespace"],
                    metric["Name"],
                    tuple((name, line[name]) for name in names),
                )


# ------------------------------------------------------------------ checks


def widgets_that_overlap(stack: Template) -> Problems:
    placed = [(each, _cells(each)) for each in widgets(stack)]
    wide = [
        f"{each['type']} at {each['y']}: too wide"
        for each, _ in placed
        if each["x"] + each["width"] > WIDTH
    ]
    return wide + [
        f"{one['type']} at {one['x']}, {one['y']} and {other['type']} at {other['x']}, {other['y']}"
        for (one, cells), (other, others) in combinations(placed, 2)
        if cells & others
    ]


def _cells(widget: dict[str, Any]) -> set[tuple[int, int]]:
    across = range(widget["x"], widget["x"] + widget["width"])
    return {(x, y) for x in across for y in range(widget["y"], widget["y"] + widget["height"])}


def rows_without_their_question(stack: Template) -> Problems:
    """Every row of graphs stands under a heading, as wide as the page."""
    headings = {
        each["y"]: each["properties"]["markdown"].splitlines()[0] for each in widgets(stack, "text")
    }
    said = [headings[y].removeprefix("## ") for y in sorted(headings)]
    above = [y for y in headings if any(each["y"] > y for each in widgets(stack, "metric"))]
    return ([] if said == QUESTIONS else [f"asks {said}"]) + [
        f"nothing under {y}" for y in set(headings) - set(above)
    ]


def metrics_nobody_emits(stack: Template, emitted: set[Series]) -> Problems:
    own = {each for each in series(stack) if each[0] not in OF_AWS}
    own |= {each for each in _of_alarms(stack) if not each[0].startswith("AWS/")}
    return sorted(map(str, own - emitted))


def _of_alarms(stack: Template) -> Iterator[Series]:
    for alarm in alarms(stack).values():
        given = tuple((each["Name"], _named(each["Value"])) for each in alarm["Dimensions"])
        yield alarm["Namespace"], alarm["MetricName"], given


def _named(value: Any) -> str:
    return STACK if value == {"Ref": "AWS::StackName"} else str(value)


def metrics_that_aws_does_not_have(stack: Template) -> Problems:
    return [
        f"{each[0]} {each[1]}"
        for each in series(stack)
        if each[0] in OF_AWS and each[1] not in OF_AWS[each[0]]
    ]


def dimensions_of_no_resource(stack: Template) -> Problems:
    return [
        f"{metric}: {name} is {value}"
        for namespace, metric, dimensions in series(stack)
        if namespace in OF_AWS
        for name, value in dimensions
        if not _is_there(stack, name, value)
    ]


def _is_there(stack: Template, name: str, value: str) -> bool:
    if name == "GlobalSecondaryIndexName":
        indexes = stack["Resources"]["WatchTable"]["Properties"]["GlobalSecondaryIndexes"]
        return value in [each["IndexName"] for each in indexes]
    kind, attribute = DIMENSIONS[name]
    resource = value.strip("<>").removesuffix(attribute) if attribute else value.strip("<>")
    found = stack["Resources"].get(resource, {}).get("Type")
    return found == kind and value == f"<{resource}{attribute}>"


def alarms_that_are_not_shown(stack: Template) -> Problems:
    """All of them, and without a stream all but those of a stream."""
    there = alarms(stack)
    problems = []
    for conditions in (True, False):
        wanted = {
            f"<{name}.Arn>"
            for name in there
            if conditions or "Condition" not in stack["Resources"][name]
        }
        (widget,) = [
            each
            for each in body_of(stack, conditions=conditions)["widgets"]
            if each["type"] == "alarm"
        ]
        problems += sorted(wanted ^ set(widget["properties"]["alarms"]))
    return problems


def more_than_is_free(stack: Template) -> Problems:
    count = len(set(series(stack)))
    return [f"{count} metrics"] if count > FREE else []


CHECKS: list[Callable[[Template], Problems]] = [
    widgets_that_overlap,
    rows_without_their_question,
    metrics_that_aws_does_not_have,
    dimensions_of_no_resource,
    alarms_that_are_not_shown,
    more_than_is_free,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_dashboard_has_none_of(check: Callable[[Template], Problems]) -> None:
    assert check(template()) == []


def test_every_metric_of_ours_on_it_and_in_alarms_is_emitted(emitted: set[Series]) -> None:
    assert metrics_nobody_emits(template(), emitted) == []


def test_every_metric_that_we_pay_for_is_on_it(emitted: set[Series]) -> None:
    assert emitted <= set(series(template()))


def test_the_page_of_costs_counts_what_there_is_and_adds_up(emitted: set[Series]) -> None:
    costs = (ROOT / "docs" / "costs.md").read_text()
    table = costs.partition("What happens costs more")[0].splitlines()
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table
        if line.startswith("|")
    ]
    standing = {cells[0].strip("*"): cells for cells in lines}
    counts = (standing["metrics"][1], standing["alarms"][1], standing["the dashboard"][1])
    assert counts == (str(len(emitted)), str(len(alarms(template()))), "1")
    prices = [
        Decimal(cells[4]) for cells in standing.values() if re.fullmatch(r"\d+\.\d\d", cells[4])
    ]
    assert standing["standing still"][4].startswith(f"**{sum(prices)}**")
    assert f"up to {FREE} metrics (this one has {len(set(series(template())))})" in costs
    free = 10 * Decimal("0.30") + 10 * Decimal("0.10") + Decimal("3.00")
    assert f"standing still costs {sum(prices) - free}." in costs


# ------------------------------------------------------------------ they would notice


def said(old: str, new: str) -> Callable[[Template], None]:
    """A mutation of the body: the first `old` becomes `new`."""

    def mutate(stack: Template) -> None:
        body = stack["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        assert old in body[0]
        body[0] = body[0].replace(old, new, 1)

    return mutate


MUTATIONS = {
    "a graph on another": (widgets_that_overlap, said('"x": 8, "y": 6', '"x": 7, "y": 6')),
    "a graph beyond the page": (widgets_that_overlap, said('"x": 16, "y": 6', '"x": 17, "y": 6')),
    "another question": (rows_without_their_question, said("Is it late?", "Is it slow?")),
    "a metric of another name": (metrics_that_aws_does_not_have, said('"Errors"', '"Error"')),
    "a function that is not there": (
        dimensions_of_no_resource,
        said("${WatchFunction}", "${WatcherFunction}"),
    ),
    "a queue by its URL": (
        dimensions_of_no_resource,
        said("${StreamDeadLetters.QueueName}", "${StreamDeadLetters}"),
    ),
    "an index that is not there": (
        dimensions_of_no_resource,
        said('IndexName", "due"', 'IndexName", "late"'),
    ),
    "an alarm left out": (alarms_that_are_not_shown, said('"${LeftDue.Arn}",', "")),
    "an alarm that is not always there": (
        alarms_that_are_not_shown,
        said("${StreamBehindToo}", ', "${StreamBehind.Arn}"'),
    ),
    "one metric for each of many": (
        more_than_is_free,
        said(
            '"metrics": [',
            '"metrics": [' + "".join(f'["X", "{number}"],' for number in range(FREE)),
        ),
    ),
}


@pytest.mark.parametrize(("check", "mutate"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_it_would_notice(
    check: Callable[[Template], Problems], mutate: Callable[[Template], None]
) -> None:
    broken = copy.deepcopy(template())
    mutate(broken)
    assert check(broken) != []


def test_every_check_is_shown_to_notice_something() -> None:
    assert {check for check, _ in MUTATIONS.values()} == set(CHECKS)


def test_a_body_that_is_no_json_is_noticed() -> None:
    broken = copy.deepcopy(template())
    said('"widgets": [', '"widgets": [,')(broken)
    with pytest.raises(json.JSONDecodeError):
        body_of(broken)


@pytest.mark.parametrize(
    "mutate",
    [
        pytest.param(said('"Heartbeat"', '"Heartbeats"'), id="another name"),
        pytest.param(said('"service"', '"Service"'), id="another dimension"),
        pytest.param(said('"SlaWatchdog"', '"Watchdog"'), id="another namespace"),
        pytest.param(
            lambda stack: stack["Resources"]["LeftDue"]["Properties"].update(MetricName="LeftOver"),
            id="of an alarm",
        ),
        pytest.param(
            lambda stack: stack["Resources"]["LeftDue"]["Properties"]["Dimensions"][0].update(
                Value="sla-2"
            ),
            id="an alarm of another stack",
        ),
    ],
)
def test_a_metric_that_nobody_emits_is_noticed(
    emitted: set[Series], mutate: Callable[[Template], None]
) -> None:
    broken = copy.deepcopy(template())
    mutate(broken)
    assert len(metrics_nobody_emits(broken, emitted)) == 1
