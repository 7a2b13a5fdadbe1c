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
from sla_watchdog.domain.escalation.subscribers import Roster, Seat, State, observed
from sla_watchdog.domain.text.times import count_of
from sla_watchdog.presentation.text import absence
from sla_watchdog.presentation.text.absence import arguments
from sla_watchdog.presentation.text.wording import who
from sla_watchdog.tools.cli.doctor.checks import Check, fine, mend
from sla_watchdog.tools.cli.stack.overview import progress
from sla_watchdog.usecases.sweep.subscribers import unreachable, with_phones

if TYPE_CHECKING:
    import boto3

    from sla_watchdog.tools.cli.stack.overview import Overview
    from sla_watchdog.tools.cli.stack.stack import Stack
    from sla_watchdog.tools.cli.stack.topics import Subscription

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
    r"(?P<clock>.*?/(?P<metric>[a-z_]+(?::[^/]+)?)/\d+)/(?P<level>\d+)/\d+/(?P<recipient>.+)",
    re.DOTALL,
)


def subscriptions(stack: Stack) -> Subscriptions:
    listed = {
        topic: stack.topics.subscriptions(topic) for topic in stack.topics.names(stack.audiences)
    }
    return {topic: subscribers for topic, subscribers in listed.items() if subscribers is not None}


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
        todo = (
            f"{absence.todo(absent)} If it left on purpose: `sla-watchdog unsubscribe "
            f"{arguments(absent)}`"
        )
        yield mend(
            "recipients", f"{who(absent.whose)}: {absent.seat.endpoint} {absence.why(absent)}", todo
        )
    yield from _audiences_without_anybody(subscribed, nobody)
    if not nobody and not missing:
        people = sum(confirmed.values())
        yield fine(
            "recipients",
            f"every audience has somebody: {count_of(people, 'confirmed subscription')}",
        )


def _seen(subscribed: Subscriptions, stored: Roster) -> dict[Seat, State]:
    """As SNS lists them now; of phone numbers as the last sweep asked it."""
    listed = {
        subscription.seat(topic): subscription
        for topic, subscribers in subscribed.items()
        for subscription in subscribers
    }
    seen = {
        seat: State.CONFIRMED if subscription.confirmed else State.PENDING
        for seat, subscription in listed.items()
    }
    return with_phones(seen, None, stored)


def _audiences_without_anybody(subscribed: Subscriptions, nobody: Iterable[str]) -> Iterator[Check]:
    for name in nobody:
        waiting = [s.endpoint for s in subscribed.get(name, ()) if not s.confirmed]
        if waiting:
            text = f"{name}: {', '.join(waiting)} has not confirmed the subscription"
            confirm = absence.confirm(Recipient(name))
            todo = (
                f"copy the link that AWS sent, unopened: `{confirm}`; "
                f"`sla-watchdog subscribe {name} ADDRESS` sends a new one"
            )
            yield mend("recipients", text, todo)
        else:
            yield mend("recipients", f"{name}: nobody", f"`sla-watchdog subscribe {name} ADDRESS`")


def sms(session: boto3.Session, subscribed: Subscriptions, now: int) -> Check:
    numbers = {
        s.endpoint
        for subscribers in subscribed.values()
        for s in subscribers
        if s.protocol == "sms" and s.confirmed
    }
    if not numbers:
        return fine("SMS", "nobody is told by SMS")
    attributes = session.client("sns").get_sms_attributes()["attributes"]
    limit = float(attributes.get("MonthlySpendLimit", DEFAULT_SMS_LIMIT))
    spent = _spent(session, now)
    text = f"{count_of(len(numbers), 'number')}, at most ${limit:g} a month" + (
        f", ${spent:.2f} spent" if spent else ""
    )
    if limit <= DEFAULT_SMS_LIMIT or (spent and spent >= NEARLY_SPENT * limit):
        todo = (
            "past the limit SNS drops SMS without a word: ask AWS Support for more, then "
            "raise MonthlySpendLimit"
        )
        return mend("SMS", text, todo)
    return fine("SMS", text)


def _spent(session: boto3.Session, now: int) -> float | None:
    """Dollars of this month, as CloudWatch has it; None where it has nothing."""
    end = datetime.fromtimestamp(now, UTC)
    points = session.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SNS",
        MetricName="SMSMonthToDateSpentUSD",
        StartTime=end - timedelta(days=1),
        EndTime=end,
        Period=DAY,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((point["Maximum"] for point in points), default=None)


def dead_letters(session: boto3.Session, outputs: Mapping[str, str]) -> Iterator[Check]:
    missing = [name for name in QUEUES if name not in outputs]
    if missing:
        yield mend(
            "queues",
            f"the stack has no output {', '.join(missing)}",
            "deploy this version with `sam deploy`",
        )
    client = session.client("sqs")
    full = 0
    for name, section in QUEUES.items():
        if name not in outputs:
            continue
        url = client.get_queue_url(QueueName=outputs[name].rpartition(":")[2])["QueueUrl"]
        answer = client.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        count = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        if count:
            full += 1
            yield mend(
                "queues",
                f"{name} holds {count_of(count, 'message')}",
                f"see docs/runbook.md, {section}",
            )
    if not full and not missing:
        yield fine("queues", "all dead-letter queues are empty")


def alarms(session: boto3.Session, stack: str, operations: str) -> Check:
    """`operations` is the ARN of the topic that the stack's alarms go to."""
    mine = _alarms_to(session, stack, operations)
    if not mine:
        todo = "deploy the stack whole with `sam deploy`"
        return mend("alarms", "no alarm goes to the operations topic", todo)
    ringing = sorted(alarm.name for alarm in mine if alarm.rings)
    off = sorted(alarm.name for alarm in mine if not alarm.switched_on)
    troubles = [f"{name} rings" for name in ringing] + [f"{name} is switched off" for name in off]
    if troubles:
        return mend("alarms", ", ".join(troubles), "docs/runbook.md has a section for each")
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
        yield mend("messages", f"{name}: {count} in 24 h, {times} of them by {cause}", FEWER)
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
    policy = f" of policy {rule}" if rule else ""
    return f"{alert['metric'].replace('_', ' ')}{policy}, level {int(alert['level']) + 1}"


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
