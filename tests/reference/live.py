"""The deployed path beside the model: each event leaves a record, the stream brings it in order,
late, or twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

from moto import mock_aws

from desk import Desk
from reference.comparing import Difference, Row, compiled, differences
from reference.histories import Trial, as_yaml, utc
from reference.model import Event, judged

MEANT = {"resolved": "Resolved", "closed": "Closed", "reopened": "Open"}
TOPICS = ("level-1", "level-2", "level-3", "level-4", "top", "limits", "operations")


def records(events: Sequence[Event]) -> list[tuple[int, dict[str, Any]]]:
    """(at, the whole record as it then stood) after each event."""
    record: dict[str, Any] = {}
    found = []
    for event in events:
        moment = int(str(event["at"]))
        if event["type"] == "created":
            record["created_at"] = moment
        if event["type"] in MEANT:
            record["status"] = MEANT[str(event["type"])]
        record |= {
            name: event[name] for name in ("status", "priority", "customer_tier") if name in event
        }
        if (
            event["type"] == "reply"
            and event["by"] in ("agent", "customer")
            and "auto-reply" not in event.values()
        ):
            record[f"last_{event['by']}_reply_at"] = moment
        record["updated_at"] = moment
        found.append((moment, {"ticket_id": event["ticket"], **record}))
    return found


def as_records(events: Iterable[Event]) -> tuple[Event, ...]:
    """Without what a record cannot say: who opened a ticket."""
    return tuple(
        {
            name: value
            for name, value in event.items()
            if (name, value) != ("by", "agent") or event["type"] == "reply"
        }
        for event in events
    )


def in_order(count: int, random: Random) -> list[int]:
    return list(range(count))


def doubled(count: int, random: Random) -> list[int]:
    """Each record once, and some a second time, right after or much later."""
    order = list(range(count))
    for number in random.sample(range(count), min(3, count)):
        order.insert(random.randrange(order.index(number) + 1, len(order) + 1), number)
    return order


STREAMS = {"in order": in_order, "doubled": doubled}


def live(trial: Trial, order: Sequence[int], delay: int, ticks: bool) -> list[Row]:
    """What the clocks of the stored case say at the end, after the stream brought the records in
    that order.
    """
    from sla_watchdog.domain.escalation.plan import plan
    from sla_watchdog.usecases.track.change import Change

    policy = compiled(as_yaml(trial.policy))
    kept = records(trial.events)
    name = str(trial.events[0]["ticket"])
    with mock_aws():
        desk = Desk(policy, topics=TOPICS)
        desk.tick(utc(kept[0][0] - 60)[:19])
        for number in order:
            moment, record = kept[number]
            latest = max(kept[seen][0] for seen in order[: order.index(number) + 1])
            now = max(moment, latest) + delay
            if moment == latest:
                desk.write(**record)
            change = Change({"ticket_id": name}, record, moment, f"{number + 1:06}")
            desk.parts.tracker(now).track([change], now)
            if ticks:
                desk.tick(utc(now + 30)[:19])
        case = desk.case(name)
        return list(_rows(plan(case, policy, trial.until, whole=True).clocks, trial.until))


def _rows(clocks: Iterable[Any], until: int) -> Iterator[Row]:
    from sla_watchdog.tools.backtest.rows import SHOWN, _paused

    for clock in clocks:
        if clock.metric in SHOWN and clock.started_at <= until:
            yield {
                "clock": clock.metric.value,
                "policy": clock.rule,
                "started_at": utc(clock.started_at),
                "due_at": "" if clock.due_at is None else utc(clock.due_at),
                "stopped_at": "" if clock.stopped_at is None else utc(clock.stopped_at),
                "verdict": clock.state(until).value,
                "business_seconds": str(clock.elapsed(until)),
                "paused_seconds": str(_paused(clock, until)),
            }


def differing(trial: Trial, order: Sequence[int], delay: int, ticks: bool) -> list[Difference]:
    mine = judged(trial.events, [(0, trial.policy)], trial.until)
    return list(differences(mine, live(trial, order, delay, ticks)))
