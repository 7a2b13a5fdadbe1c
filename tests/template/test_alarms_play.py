"""Every alarm of the template, played as CloudWatch evaluates it: it rings when it should, ends,
and rings again.

What the functions emit comes from running them, on a clock of ours; what AWS counts by itself is
written down.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from attrs import evolve, frozen
from moto import mock_aws

from building import HOUR, MON, at, policy, resolution, rule
from desk import NEW, Desk
from local_stack.template import template
from sla_watchdog.errors import Unavailable
from sla_watchdog.handlers import sweep, watch
from sla_watchdog.handlers.observability import metrics
from template.cloudwatch import ALARM, INSUFFICIENT, OK, Evaluated, Series, rings

MINUTE, DAY = 60, 24 * HOUR
BEGIN = at(f"{MON}T00:00")
MORNING = at(f"{MON}T06:01")


def alarms() -> dict[str, dict[str, Any]]:
    resources = template()["Resources"].items()
    return {
        name: each["Properties"]
        for name, each in resources
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }


def alarm(name: str) -> Evaluated:
    found = dict(alarms()[name])
    if isinstance(found["EvaluationPeriods"], dict):
        _, found["EvaluationPeriods"], _ = found["EvaluationPeriods"][
            "Fn::If"
        ]  # hourly sweeps, the default
    return Evaluated.of(found)


# ------------------------------------------------------------------ CloudWatch's own examples

TABLE = {  # "Configuring how CloudWatch alarms treat missing data", the oldest first
    "0 - X - X": (OK, OK, OK, OK),
    "- - - - 0": (OK, OK, OK, OK),
    "- - - - -": (INSUFFICIENT, "before", ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, "before", ALARM, OK),
}
TWO_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, "before", ALARM, OK),
}


@pytest.mark.parametrize("before", [OK, ALARM])
@pytest.mark.parametrize(
    ("datapoints", "table"), [(3, TABLE), (2, TWO_OF_THREE)], ids=["3 of 3", "2 of 3"]
)
def test_the_player_does_what_the_manual_says(
    datapoints: int, table: Mapping[str, tuple[str, ...]], before: str
) -> None:
    for row, expected in table.items():
        points = [{"0": False, "X": True, "-": None}[each] for each in row.split()]
        for missing, wanted in zip(
            ("missing", "ignore", "breaching", "notBreaching"), expected, strict=True
        ):
            played = Evaluated(60, 3, datapoints, max, bool, missing)
            state = played.state(points, before)
            assert state == (before if wanted == "before" else wanted), (row, missing)


# ------------------------------------------------------------------ what the functions emit


@frozen
class Emitted:
    """What a run of the functions emitted, by metric."""

    series: Mapping[str, Series]
    start: int
    end: int

    def states(self, name: str) -> list[tuple[int, str]]:
        metric = alarms()[name]["MetricName"]
        return list(alarm(name).states(self.series.get(metric, {}), self.start, self.end))

    def rings(self, name: str) -> list[int]:
        return [ring - self.start for ring in rings(self.states(name))]


class Emitting:
    """Runs ticks and sweeps as their handlers do, each at its time, and keeps what they emit."""

    def __init__(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.desk, self.capsys = desk, capsys
        self.series: dict[str, dict[int, float]] = defaultdict(dict)
        self.took = 0.0
        for handler in (watch, sweep):
            monkeypatch.setattr(handler, "parts", lambda: self.desk.parts)
        metrics.provider.namespace, metrics.provider.service = "SlaWatchdog", "sla"
        metrics.provider.clear_metrics()

    def time_left(self) -> float:
        return 120_000 - 1000 * self.took

    def tick(self, now: int) -> dict[str, Any]:
        self.took = 0.0
        self.desk.parts.watch.state.set_simulated_now(now)
        context: Any = _Context(self.time_left)
        answer: dict[str, Any] = watch.handler({}, context)
        self._note(now + int(self.took))
        return answer

    def sweep(self, now: int) -> None:
        self.took = 0.0
        desk = self.desk
        client, url = desk.parts.queue.client, desk.parts.queue.url
        desk.parts.watch.state.set_simulated_now(now)
        context: Any = _Context(self.time_left)
        sweep.handler({}, context)
        while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                sweep.handler({"Records": [{"body": message["Body"]}]}, context)
                self._note(now)

    def _note(self, now: int) -> None:
        for line in self.capsys.readouterr().out.splitlines():
            entry = json.loads(line) if line.startswith("{") else {}
            for group in entry.get("_aws", {}).get("CloudWatchMetrics", []):
                for each in group["Metrics"]:
                    (value,) = entry[each["Name"]]
                    self.series[each["Name"]][now] = value

    def emitted(self, start: int, end: int) -> Emitted:
        return Emitted(self.series, start, end)


class _Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"

    def __init__(self, left: Callable[[], float]) -> None:
        self.get_remaining_time_in_millis = left


@pytest.fixture
def emitting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Emitting]:
    with mock_aws():
        desk = Desk(policy(rule("all", resolution(8 * HOUR)), digest_after=1000))
        run = Emitting(desk, monkeypatch, capsys)
        run.tick(BEGIN)
        run.sweep(BEGIN)
        desk.sent()
        yield run


def test_in_a_storm_left_due_rings_within_a_quarter_of_an_hour_and_ends_with_it(
    emitting: Emitting,
) -> None:
    """Requests take so long that a tick takes its two minutes; the tick that begins meanwhile is
    skipped.
    """
    desk = emitting.desk
    for number in range(90):
        desk.put(f"{MON}T00:02", f"T-{number:03}", **NEW)

    def slowly(**_: object) -> None:
        emitting.took += 2.0

    for client in (desk.dynamodb, desk.sns):
        client.meta.events.register("before-call", slowly)
    busy_until = last = 0
    for minute in range(40):
        now = MORNING + minute * MINUTE
        if now >= busy_until:
            answer = emitting.tick(now)
            busy_until = now + int(emitting.took)
            last = now if answer["left_due"] else last
    played = emitting.emitted(MORNING - 1 - (MORNING - 1) % 300, MORNING + 40 * MINUTE)
    assert last - MORNING >= 12 * MINUTE, "it lasted"
    (ring,) = played.rings("LeftDue")
    assert ring <= 16 * MINUTE
    assert played.states("LeftDue")[-1][1] == OK
    assert evolve(played, start=MORNING + 10 * MINUTE).rings("HeartbeatMissing") == [], (
        "ticks do end"
    )


def test_a_tick_that_leaves_something_now_and_then_rings_nothing(emitting: Emitting) -> None:
    left = {BEGIN + n * MINUTE: float(n % 4 == 0) for n in range(60)}
    assert Emitted({"LeftDue": left}, BEGIN, BEGIN + HOUR).rings("LeftDue") == []


def test_findings_stay_on_while_they_stand_open_and_end_with_a_sweep_that_finds_none(
    emitting: Emitting,
) -> None:
    desk = emitting.desk
    desk.put(f"{MON}T00:02", **{**NEW, "status": "Nonsense"})
    for minute in range(1, 6 * 60, 3):
        now = BEGIN + minute * MINUTE
        if minute == 200 - 1:
            desk.put(f"{MON}T03:19", **NEW)
        emitting.tick(now)
        if minute % 60 == 31:
            emitting.sweep(now)
    played = emitting.emitted(BEGIN, BEGIN + 6 * HOUR)
    states = dict(played.states("Findings"))
    on = [instant - BEGIN for instant, state in states.items() if state == ALARM]
    assert min(on) <= 10 * MINUTE
    assert max(on) in range(200 * MINUTE, 300 * MINUTE), "until the sweep after it was put right"
    assert on == list(range(min(on), max(on) + 1, 300)), "without a gap"
    assert len(played.rings("Findings")) == 1


def test_while_sns_is_out_oldest_pending_rings_and_stays_on(emitting: Emitting) -> None:
    desk = emitting.desk
    desk.put(f"{MON}T00:02", **NEW)
    out = [True]

    def refuse(**_: object) -> object:
        problem = {
            "Error": {"Code": "Throttled", "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        return (type("Answer", (), {"status_code": 400}), problem) if out[0] else None

    desk.sns.meta.events.register("before-call.sns.Publish", refuse)
    for minute in range(4 * 60):
        out[0] = minute < 2 * 60
        emitting.tick(MORNING + minute * MINUTE)
    played = emitting.emitted(MORNING, MORNING + 4 * HOUR)
    (ring,) = played.rings("OldestPending")
    assert ring <= 40 * MINUTE
    assert {
        state
        for instant, state in played.states("OldestPending")
        if ring < instant - MORNING < 2 * HOUR
    } == {ALARM}
    assert played.states("OldestPending")[-1][1] == OK
    assert evolve(played, start=MORNING + 10 * MINUTE).rings("HeartbeatMissing") == []


def test_where_one_item_is_throttled_oldest_pending_rings(
    emitting: Emitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = emitting.desk
    for name in ("T-1", "T-2"):
        desk.put(f"{MON}T00:02", name, **NEW)
    real = desk.parts.watch.outbox.claim

    def claim(case: Any, *rest: Any) -> Any:
        if case.id == "T-1":
            raise Unavailable("no way")
        return real(case, *rest)

    monkeypatch.setattr(desk.parts.watch.outbox, "claim", claim)
    for minute in range(0, 60, 2):
        emitting.tick(MORNING + minute * MINUTE)
    (ring,) = emitting.emitted(MORNING, MORNING + HOUR).rings("OldestPending")
    assert ring <= 40 * MINUTE


def test_what_a_sweep_cannot_put_right_rings_until_a_sweep_finds_nothing(
    emitting: Emitting,
) -> None:
    desk = emitting.desk
    arn = desk.parts.settings.topic_prefix + "executive"
    for hour in range(1, 8):
        if hour == 3:
            for each in desk.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
                desk.sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
        if hour == 6:
            desk.sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="boss@example.org")
        emitting.sweep(BEGIN + hour * HOUR)
    played = emitting.emitted(BEGIN, BEGIN + 8 * HOUR)
    (ring,) = played.rings("Violations")
    assert 3 * HOUR <= ring <= 3 * HOUR + 600
    last = max(instant for instant, state in played.states("Violations") if state == ALARM) - BEGIN
    assert 6 * HOUR - 300 <= last <= 6 * HOUR + 300


def test_a_dead_tick_rings_within_ten_minutes_and_a_dead_sweep_within_six_hours(
    emitting: Emitting,
) -> None:
    for minute in range(30):
        emitting.tick(BEGIN + minute * MINUTE)
    for hour in range(4):
        emitting.sweep(BEGIN + hour * HOUR)
    played = emitting.emitted(BEGIN + 5 * MINUTE, BEGIN + 12 * HOUR)
    (ring,) = played.rings("HeartbeatMissing")
    assert 30 * MINUTE < ring + 5 * MINUTE <= 40 * MINUTE
    hourly = evolve(played, start=BEGIN)
    (ring,) = hourly.rings("SweepMissing")
    assert 3 * HOUR < ring <= 3 * HOUR + 6 * HOUR


# ------------------------------------------------------------------ what AWS counts

HOURS = 36


def counted(value: Callable[[int], float | None], every: int = MINUTE) -> Series:
    """A metric of AWS, minute by minute for some days; None where it emits nothing."""
    values = {minute: value(minute) for minute in range(0, HOURS * 60, every // MINUTE)}
    return {BEGIN + minute * MINUTE: each for minute, each in values.items() if each is not None}


def letters(arrive: list[int], kept: int, *, emptied: tuple[int, ...] = ()) -> Series:
    """Messages in a queue to which letters come at these minutes; a queue that was idle reports
    nothing.
    """

    def waiting(minute: int) -> float | None:
        here = [each for each in arrive if each <= minute < each + kept // MINUTE]
        here = [each for each in here if not any(each <= empty <= minute for empty in emptied)]
        return float(len(here)) if minute >= min(arrive) else None

    return counted(waiting)


def kept(queue: str) -> int:
    seconds: int = template()["Resources"][queue]["Properties"]["MessageRetentionPeriod"]
    return seconds


def of_function(bad: range | list[int]) -> Series:
    """Errors or Throttles of a function that is called each minute."""
    return counted(lambda minute: float(minute in bad))


@frozen
class Story:
    """`begins` are the minutes at which something goes wrong; each must ring by `within` minutes."""

    series: Callable[[], Series]
    begins: tuple[int, ...]
    within: int = 15


def once_and_again() -> Series:
    return of_function([100, 700])


CALLED = Story(once_and_again, (100, 700))
FUNCTIONS = ("Track", "Watch", "Respond", "Report", "Sweep")

STORIES: dict[str, Story] = {
    **{f"{name}{metric}": CALLED for name in FUNCTIONS for metric in ("Errors", "Throttles")},
    "StreamBehind": Story(
        lambda: counted(lambda m: 700_000.0 if 100 <= m < 130 or 700 <= m < 720 else 10.0),
        (100, 700),
    ),
    "ScheduleDeadLettersWaiting": Story(
        lambda: letters([100, 300], kept("ScheduleDeadLetters")), (100, 300)
    ),
    "StreamDeadLettersWaiting": Story(
        lambda: letters([100, 700], kept("StreamDeadLetters")), (100, 700)
    ),
    "SegmentsDeadLettersWaiting": Story(
        lambda: letters([100, 700], kept("SegmentsDeadLetters"), emptied=(400, 900)), (100, 700)
    ),
    "SegmentsWaiting": Story(
        lambda: counted(lambda m: 60.0 * (m - 40) if 100 <= m < 200 else None), (100,)
    ),
    "UndeliveredMessagesWaiting": Story(
        lambda: letters([100, 700], kept("UndeliveredMessages"), emptied=(400, 900)), (100, 700)
    ),
    "UndeliveredMessagesMore": Story(lambda: of_function([300, 600]), (300, 600)),
}
"""Of the alarms on what AWS counts; the others are played above."""

PLAYED_ABOVE = {
    "LeftDue",
    "Findings",
    "OldestPending",
    "Violations",
    "HeartbeatMissing",
    "SweepMissing",
}


def test_every_alarm_is_played() -> None:
    assert set(alarms()) == STORIES.keys() | PLAYED_ABOVE


@pytest.mark.parametrize("name", STORIES)
def test_it_rings_each_time_that_something_goes_wrong_and_never_else(name: str) -> None:
    story = STORIES[name]
    states = list(alarm(name).states(story.series(), BEGIN, BEGIN + HOURS * HOUR))
    minutes = [(ring - BEGIN) // MINUTE for ring in rings(states)]
    assert len(minutes) == len(story.begins), minutes
    for begins, ring in zip(story.begins, minutes, strict=True):
        assert begins <= ring <= begins + story.within
    assert states[-1][1] == OK


@pytest.mark.parametrize("name", ["ScheduleDeadLettersWaiting", "StreamDeadLettersWaiting"])
def test_letters_that_nobody_needs_are_gone_before_the_next_failure_is_likely(name: str) -> None:
    assert kept(name.removesuffix("Waiting")) <= 6 * HOUR


def test_while_undelivered_messages_wait_one_more_rings_too() -> None:
    """The one alarm is on until somebody empties the queue; the other tells of each that comes
    meanwhile.
    """
    waiting = alarm("UndeliveredMessagesWaiting").states(
        letters([100, 700], 14 * DAY), BEGIN, BEGIN + DAY
    )
    assert len(rings(waiting)) == 1
    more = alarm("UndeliveredMessagesMore").states(of_function([100, 700]), BEGIN, BEGIN + DAY)
    assert len(rings(more)) == 2
    assert "OKActions" not in alarms()["UndeliveredMessagesMore"], (
        "that no other came is no good news"
    )
