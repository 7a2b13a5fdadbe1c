"""The Watch table lost, or back at an old state: what a sweep of the tickets brings back, and what
it cannot.
"""

from __future__ import annotations

from building import MON
from desk import NEW, Desk


def items(desk: Desk) -> list[dict[str, object]]:
    return list(desk.dynamodb.scan(TableName="watch", ConsistentRead=True)["Items"])


def lose(desk: Desk) -> None:
    for item in items(desk):
        desk.dynamodb.delete_item(TableName="watch", Key={"pk": item["pk"], "sk": item["sk"]})


def alerts(desk: Desk) -> tuple[list[str], set[tuple[str, str]]]:
    """The topics of the messages sent since, and topic and id of each alert in them."""
    sent = desk.sent()
    return [topic for topic, _ in sent], {
        (topic, each["id"]) for topic, body in sent for each in body["alerts"]
    }


def test_a_lost_table_is_made_anew_by_one_sweep_and_each_audience_gets_one_digest(
    desk: Desk,
) -> None:
    for ticket in ("T-1", "T-2", "T-3"):
        desk.put(f"{MON}T00:00", ticket, **NEW)
    desk.tick(f"{MON}T12:00")
    topics, notified = alerts(desk)
    assert max(topics.count(topic) for topic in topics) == 3
    lose(desk)
    desk.tick(f"{MON}T12:05")
    assert desk.asked_for_sweeps() > 0
    desk.sweep(f"{MON}T12:06")
    desk.tick(f"{MON}T12:07")
    again, same = alerts(desk)
    assert same == notified
    assert len(again) == len(set(again))


def test_a_table_put_back_to_an_old_state_learns_the_rest_from_the_tickets(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    old = items(desk)
    desk.tick(f"{MON}T12:00")
    desk.sent()
    desk.put(f"{MON}T13:00", "T-1", **{**NEW, "status": "Resolved"})
    lose(desk)
    for item in old:
        desk.dynamodb.put_item(TableName="watch", Item=item)
    desk.sweep(f"{MON}T13:05")
    desk.tick(f"{MON}T13:06")
    assert desk.sent() == []
    assert desk.case("T-1").facts.latest("T-1", "status") == "Resolved"
