"""What `doctor` asks AWS beside the Watch table: who is subscribed, SMS, queues, alarms, and who is
told too much.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import (
    Missing,
    Roster,
    Seat,
    SubscriptionState,
    observed,
)
from sla_watchdog.presentation.text import absence
from sla_watchdog.presentation.text.absence import arguments
from sla_watchdog.presentation.text.wording import who
from sla_watchdog.presentation.times import count_of
from sla_watchdog.tools.cli.doctor.checks import Check, InJson, fine, needs_attention
from sla_watchdog.tools.cli.stack.overview import progress
from sla_watchdog.usecases.sweep.subscribers import unreachable, with_phones

if TYPE_CHECKING:
    import boto3

    from sla_watchdog.tools.cli.stack.overview import Overview
    from sla_watchdog.tools.cli.stack.sns_topics import Subscription
    from sla_watchdog.tools.cli.stack.stack import Stack

Subscriptions = Mapping[str, list["Subscription"]]
"""By topic, without the stack's prefix; a topic that is not there is absent."""

DAY = 86_400
MOST_A_DAY = 20
NEARLY_SPENT = 0.8
DEFAULT_SMS_LIMIT = 1.0
"""Dollars a month of an account that nobody asked more for; SNS then drops messages without a
word.
"""

FEWER = (
    "raise its limit or move the level to others, lower `digest_after`, or give the audience hours"
)
"""What makes fewer messages."""

QUEUES = {
    "StreamDeadLetters": "stream-dead-letters-waiting",
    "ScheduleDeadLetters": "schedule-dead-letters-waiting",
    "SegmentsDeadLetters": "segments-dead-letters-waiting",
    "UndeliveredMessages": "undelivered-messages-waiting",
}
"""Outputs of the stack, and what the runbook calls them."""

_ALERT = re.compile(
    r"(?P<clock>.*?/(?P<metric>[a-z_]+(?::[^/]+)?)/\d+)/(?P<level>\d+)/\d+(?:\+\d+)?"
    r"/(?P<recipient>.+)",
    re.DOTALL,
)


def subscriptions(stack: Stack) -> Subscriptions:
    subscribed = {}
    for topic in stack.topics.names(stack.audiences):
        subscribers = stack.topics.subscriptions(topic)
        if subscribers is not None:
            subscribed[topic] = subscribers
    return subscribed


def recipients(stack: Stack, subscribed: Subscriptions, now: int) -> Iterator[Check]:
    """Who is there, and who should be and is not: a sweep found it, or it is so now."""
    stored = stack.watch.rosters.read()
    roster = observed(stored, _seen(subscribed, stored), (), now)
    confirmed = {
        topic: sum(s.confirmed for s in subscribers) - roster.deaf_in(topic)
        for topic, subscribers in subscribed.items()
    }
    nobody = unreachable(stack.policy, confirmed)
    missing = roster.missing(stack.policy, now)
    for absent in missing:
        yield _absent(absent)
    for name in nobody:
        yield _without_anybody(name, subscribed.get(name, ()))
    if not nobody and not missing:
        people = count_of(sum(confirmed.values()), "confirmed subscription")
        yield fine("recipients", f"every audience has somebody: {people}")


def _seen(subscribed: Subscriptions, stored: Roster) -> dict[Seat, SubscriptionState]:
    """As SNS lists them now; of phone numbers as the last sweep asked it."""
    seen = {}
    for topic, subscribers in subscribed.items():
        for subscription in subscribers:
            state = (
                SubscriptionState.CONFIRMED if subscription.confirmed else SubscriptionState.PENDING
            )
            seen[subscription.seat(topic)] = state
    return with_phones(seen, None, stored)


def _absent(absent: Missing) -> Check:
    text = f"{who(absent.whose)}: {absent.seat.endpoint} {absence.why(absent)}"
    unsubscribe = f"`sla-watchdog unsubscribe {arguments(absent)}`"
    todo = f"{absence.todo(absent)} If it left on purpose: {unsubscribe}"
    return needs_attention("recipients", text, todo)


def _without_anybody(audience: str, subscribers: Iterable[Subscription]) -> Check:
    waiting = [one.endpoint for one in subscribers if not one.confirmed]
    subscribe = f"`sla-watchdog subscribe {audience} ADDRESS`"
    if not waiting:
        return needs_attention("recipients", f"{audience}: nobody", subscribe)
    text = f"{audience}: {', '.join(waiting)} has not confirmed the subscription"
    confirm = absence.confirm(Recipient(audience))
    todo = f"copy the link that AWS sent, unopened: `{confirm}`; {subscribe} sends a new one"
    return needs_attention("recipients", text, todo)


def sms(session: boto3.Session, subscribed: Subscriptions, now: int) -> Check:
    numbers = _phone_numbers(subscribed)
    if not numbers:
        return fine("SMS", "nobody is notified by SMS", InJson(text="nobody is told by SMS"))
    attributes = session.client("sns").get_sms_attributes()["attributes"]
    limit = float(attributes.get("MonthlySpendLimit", DEFAULT_SMS_LIMIT))
    spent = _spent(session, now)
    text = f"{count_of(len(numbers), 'number')}, at most ${limit:g} a month"
    if spent:
        text += f", ${spent:.2f} spent"
    if limit > DEFAULT_SMS_LIMIT and spent < NEARLY_SPENT * limit:
        return fine("SMS", text)
    todo = (
        "past the limit SNS drops SMS without a word: ask AWS Support for more, then "
        "raise MonthlySpendLimit"
    )
    return needs_attention("SMS", text, todo)


def _phone_numbers(subscribed: Subscriptions) -> set[str]:
    """That SMS go to."""
    numbers = set()
    for subscribers in subscribed.values():
        for one in subscribers:
            if one.protocol == "sms" and one.confirmed:
                numbers.add(one.endpoint)
    return numbers


def _spent(session: boto3.Session, now: int) -> float:
    """Dollars of this month, as CloudWatch has it; 0 where it has nothing."""
    end = datetime.fromtimestamp(now, UTC)
    points = session.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SNS",
        MetricName="SMSMonthToDateSpentUSD",
        StartTime=end - timedelta(days=1),
        EndTime=end,
        Period=DAY,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((point["Maximum"] for point in points), default=0.0)


def dead_letters(session: boto3.Session, outputs: Mapping[str, str]) -> Iterator[Check]:
    missing = [name for name in QUEUES if name not in outputs]
    if missing:
        yield needs_attention(
            "queues",
            f"the stack has no output {', '.join(missing)}",
            "deploy this version with `sam deploy`",
        )
    troubled = bool(missing)
    for name, count in _dead_letters(session, outputs):
        if count:
            troubled = True
            text = f"{name} holds {count_of(count, 'message')}"
            yield needs_attention("queues", text, f"see docs/runbook.md, {QUEUES[name]}")
    if not troubled:
        yield fine("queues", "all dead-letter queues are empty")


def _dead_letters(session: boto3.Session, outputs: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """How many there are in each queue of the stack."""
    client = session.client("sqs")
    for name in QUEUES:
        if name in outputs:
            queue = outputs[name].rpartition(":")[2]
            url = client.get_queue_url(QueueName=queue)["QueueUrl"]
            answer = client.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
            )
            yield name, int(answer["Attributes"]["ApproximateNumberOfMessages"])


def alarms(session: boto3.Session, stack: str, operations: str) -> Check:
    """`operations` is the ARN of the topic that the stack's alarms go to."""
    mine = _alarms_to(session, stack, operations)
    if not mine:
        todo = "deploy the stack whole with `sam deploy`"
        return needs_attention("alarms", "no alarm goes to the operations topic", todo)
    ringing = sorted(f"{alarm.name} rings" for alarm in mine if alarm.rings)
    off = sorted(f"{alarm.name} is switched off" for alarm in mine if not alarm.switched_on)
    if ringing or off:
        text = ", ".join([*ringing, *off])
        return needs_attention("alarms", text, "docs/runbook.md has a section for each")
    return fine("alarms", f"none of {len(mine)} rings")


@frozen
class _Alarm:
    """`name` is without the stack's."""

    name: str
    rings: bool
    switched_on: bool


def _alarms_to(session: boto3.Session, stack: str, topic: str) -> list[_Alarm]:
    paginator = session.client("cloudwatch").get_paginator("describe_alarms")
    alarms = []
    for page in paginator.paginate(AlarmNamePrefix=f"{stack}-"):
        for alarm in page["MetricAlarms"]:
            if topic in alarm.get("AlarmActions", []):
                name = alarm["AlarmName"].removeprefix(f"{stack}-")
                rings = alarm["StateValue"] == "ALARM"
                alarms.append(_Alarm(name, rings, alarm.get("ActionsEnabled", True)))
    return alarms


@define
class _Received:
    """What one recipient got: its messages, and how many of them each rule and level began."""

    messages: set[str] = Factory(set)
    causes: Counter[str] = Factory(Counter)

    def add(self, message: str, cause: str) -> None:
        if message not in self.messages:
            self.messages.add(message)
            self.causes[cause] += 1


def messages(stack: Stack, seen: Overview, now: int) -> Iterator[Check]:
    """Topics that got more than `MOST_A_DAY` messages in 24 hours, with the rule and level that
    made most of them.
    """
    by_recipient = _received(stack, seen, now - DAY)
    counts = [(len(got.messages), name) for name, got in by_recipient.items()]
    too_many = sorted((pair for pair in counts if pair[0] > MOST_A_DAY), reverse=True)
    for count, name in too_many:
        [(cause, times)] = by_recipient[name].causes.most_common(1)
        yield needs_attention(
            "messages", f"{name}: {count} in 24 h, {times} of them by {cause}", FEWER
        )
    if not counts:
        yield fine("messages", "none in 24 h")
    elif not too_many:
        most, name = max(counts)
        yield fine("messages", f"at most {most} to one audience in 24 h ({name})")


def _received(stack: Stack, seen: Overview, since: int) -> Mapping[str, _Received]:
    """By recipient."""
    by_recipient: dict[str, _Received] = defaultdict(_Received)
    rules = _rules_by_clock(seen)
    for item in _told_since(stack, since):
        alert = _ALERT.fullmatch(item["alert_id"])
        if alert is not None:
            cause = _cause(alert, rules.get(alert["clock"], ""))
            by_recipient[alert["recipient"]].add(_message_of(item), cause)
    return by_recipient


def _rules_by_clock(seen: Overview) -> dict[str, str]:
    rules = {}
    for evaluated in seen.evaluated:
        for clock in evaluated.plan.clocks:
            rules[clock.key] = clock.rule
    return rules


def _message_of(item: Mapping[str, Any]) -> str:
    """Its id; of what was only observed, one for each case and instant."""
    return str(item["extra"].get("message_id") or f"{item['pk']} {item['at']}")


def _cause(alert: re.Match[str], rule: str) -> str:
    clock = alert["metric"].replace("_", " ")
    policy = f" of policy {rule}" if rule else ""
    level = int(alert["level"]) + 1
    return f"{clock}{policy}, level {level}"


def _told_since(stack: Stack, since: int) -> Iterator[dict[str, Any]]:
    """Reads the whole Audit table: it is kept by case, not by time."""
    pages = stack.reads.get_paginator("scan").paginate(
        TableName=stack.outputs["AuditTable"],
        FilterExpression="#at >= :since AND #outcome IN (:sent, :digest, :observed)",
        ExpressionAttributeNames={"#at": "at", "#outcome": "outcome"},
        ExpressionAttributeValues=typed(
            {":since": since, ":sent": "sent", ":digest": "in_digest", ":observed": "observed"}
        ),
    )
    with progress() as bar:
        task = bar.add_task("Reading the Audit table", total=None)
        for page in pages:
            bar.update(task, advance=page["ScannedCount"])
            yield from (plain(item) for item in page["Items"])
