"""Bad items of every kind among sound ones: the sound are told in the same tick, what is bad is
told once.

Items are DynamoDB's own, as a help desk with a bug or a hand in the console leaves them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import define, field
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from building import at
from desk import Desk
from raw_items import ATTRIBUTES, NUMBERS, Raw, as_json
from sla_watchdog.domain.tickets.ticket_fields import ENDS, REPLIES, STATES
from sla_watchdog.handlers.track import change

DAY = "2026-03-02"
GOOD: Raw = {
    "created_at": {"S": f"{DAY}T00:00:00Z"},
    "status": {"S": "New"},
    "priority": {"S": "2 - High"},
    "assignee": {"S": "Kim"},
    "updated_at": {"S": f"{DAY}T00:00:00Z"},
}
FIELDS = sorted({"created_at", "updated_at", "created_by", *STATES, *REPLIES, *ENDS})
DUE = f"{DAY}T06:00"
LATER = [f"{DAY}T{time}" for time in ("06:01", "06:03", "06:07", "06:31", "07:59")]
SOUND = [f"good-{number}" for number in range(3)]
SLOW = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


def bad_records() -> st.SearchStrategy[list[Raw]]:
    """Sound records with some attributes missing, of another type or out of range; and some of
    nothing else.
    """
    changes = st.dictionaries(
        st.sampled_from(FIELDS), ATTRIBUTES | st.none(), min_size=1, max_size=3
    )
    changed = changes.map(
        lambda new: {name: each for name, each in {**GOOD, **new}.items() if each is not None}
    )
    nonsense = st.dictionaries(
        st.sampled_from(FIELDS) | st.text(min_size=1, max_size=5), ATTRIBUTES, max_size=5
    )
    return st.lists(changed | nonsense, min_size=1, max_size=10)


@define
class Poisoned:
    """A desk with three sound tickets, and what was told of all."""

    desk: Desk = field(factory=Desk)
    notified: Counter[tuple[str, str]] = field(factory=Counter)

    def __attrs_post_init__(self) -> None:
        self.desk.tick(f"{DAY}T00:00")

    def put(self, name: str, item: Raw, *, streamed: bool = True) -> None:
        item = {**item, "ticket_id": {"S": name}}
        try:
            self.desk.dynamodb.put_item(TableName=self.desk.parts.settings.tickets_table, Item=item)
        except self.desk.dynamodb.exceptions.ClientError as error:
            if "ValidationException" not in str(error):
                raise
            return  # the desk cannot write it either
        if streamed:
            self.stream(name, item)

    def stream(self, name: str, item: Raw) -> None:
        now = at(f"{DAY}T00:00")
        brought = {
            "Keys": {"ticket_id": {"S": name}},
            "NewImage": as_json(item),
            "ApproximateCreationDateTime": now,
            "SequenceNumber": "1",
        }
        record = {"eventName": "INSERT", "dynamodb": brought}
        self.desk.parts.tracker(now).track([change(record, None)], now)

    def put_sound(self) -> None:
        for name in SOUND:
            self.put(name, GOOD)

    def stored(self, name: str) -> Raw:
        key = {"pk": {"S": f"C#{name}"}, "sk": {"S": "W"}}
        item: Raw = self.desk.dynamodb.get_item(
            TableName=self.desk.parts.settings.watch_table, Key=key
        )["Item"]
        return item

    def store(self, item: Raw) -> None:
        self.desk.dynamodb.put_item(TableName=self.desk.parts.settings.watch_table, Item=item)

    def tick(self, now: str) -> None:
        self.desk.tick(now)
        for topic, body in self.desk.sent():
            self.notified.update((topic, alert["id"]) for alert in body["alerts"])

    def check_sound(self) -> None:
        for name in SOUND:
            assert self.notified[("owner", f"{name}/resolution/1/0/0/owner")] == 1

    def to_operations(self) -> Counter[str]:
        return Counter(
            {name: count for (topic, name), count in self.notified.items() if topic == "operations"}
        )

    def check_told_once(self) -> None:
        assert set(self.to_operations().values()) <= {1}, self.to_operations()


def poisoned() -> Iterator[Poisoned]:
    with mock_aws():
        yield Poisoned()


@SLOW
@given(bad_records(), st.booleans())
def test_bad_ticket_records(records: list[Raw], streamed: bool) -> None:
    """Of whatever a case has a finding, operations were told; once, though ticks and sweeps go
    on.
    """
    for here in poisoned():
        for number, record in enumerate(records):
            here.put(f"bad-{number}", record, streamed=streamed)
        here.put_sound()
        if not streamed:
            here.desk.sweep(f"{DAY}T00:01")
        here.tick(DUE)
        here.check_sound()
        for now in LATER:
            here.tick(now)
        here.desk.sweep(f"{DAY}T07:59")
        here.tick(f"{DAY}T07:59")
        here.check_told_once()
        found = {(each.ticket, each.kind) for each in here.desk.parts.watch.cases.findings()}
        notified = {tuple(name.split("/")[:2]) for name in here.to_operations()}
        assert {(ticket, f"finding:{kind}") for ticket, kind in found} <= notified


def places(value: Raw, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every attribute in an item, at any depth."""
    for name, attribute in value.items():
        yield (*path, name)
        for kind in ("M", "L"):
            inner = attribute.get(kind, {})
            members = inner if isinstance(inner, dict) else dict(enumerate(inner))
            yield from places(members, (*path, name, kind))


def changed(item: Raw, path: tuple[Any, ...], to: Raw | None) -> None:
    *way, last = path
    place: Any = item
    for step in way:
        place = place[step]
    if to is None:
        del place[last]
    else:
        place[last] = to


def half_told(here: Poisoned, name: str) -> Raw:
    """The item of a case that has been told of one level and is about to be told of the next, with
    a lapsed claim.
    """
    here.put(name, {**GOOD, "created_at": {"S": "2026-03-01T20:00:00Z"}})
    here.desk.tick(f"{DAY}T02:00")
    item = here.stored(name)
    entry = {
        "token": {"S": "t"},
        "until": {"N": str(at(f"{DAY}T04:10"))},
        "attempts": {"N": "1"},
        "digest": {"S": ""},
        "audience": {"S": "team-lead"},
        "of": {"S": ""},
        "urgent": {"BOOL": False},
        "alerts": {
            "L": [
                {
                    "M": {
                        "subject": {"S": name},
                        "clock": {"S": "resolution"},
                        "cycle": {"N": "1"},
                        "level": {"N": "1"},
                        "repetition": {"N": "0"},
                        "severity": {"S": "critical"},
                        "due_at": {"N": str(at(f"{DAY}T04:00"))},
                        "reason": {"S": "due"},
                    }
                }
            ]
        },
    }
    return {**item, "outbox": {"M": {"team-lead": {"M": entry}}}}


@SLOW
@given(st.data())
def test_damaged_items_of_the_watch_table(data: st.DataObject) -> None:
    """What stands in the index is always of the index's types; DynamoDB sees to that."""
    for here in poisoned():
        items = [half_told(here, f"bad-{number}") for number in range(6)]
        here.put_sound()
        here.desk.sent()
        for item in items:
            item["next_at"] = {"N": str(at(DUE))}
            kept = ("pk", "sk", "due_shard")
            path = data.draw(
                st.sampled_from([path for path in places(item) if path[0] not in kept])
            )
            of_index = path == ("next_at",)
            new = data.draw(
                NUMBERS.map(lambda number: {"N": number}) if of_index else ATTRIBUTES | st.none()
            )
            changed(item, path, new)
            here.store(item)
        here.tick(DUE)
        here.check_sound()
        for now in LATER:
            here.tick(now)
        here.desk.sweep(f"{DAY}T07:59")  # finds what damage put far ahead in the index
        here.tick(f"{DAY}T07:59")
        here.check_told_once()
        for item in items:
            name = item["pk"]["S"].removeprefix("C#")
            assert name in str(sorted(here.notified)), f"nobody was told of {name}"
