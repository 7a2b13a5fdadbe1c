"""A desk, its watchdog and the recipients, on a deployed local stack in simulated time.

Scenarios share one stack and one line of time, which only goes forward: each starts on a Monday of
its own, and ends by resolving its tickets. A message that nobody expected fails the scenario.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import define, field

from building import HOUR
from local_stack.drive import Drive
from local_stack.inbox import Delivery, Inbox
from local_stack.ministack import LocalAws
from sla_watchdog.tools.imports.events import Event, EventKind
from sla_watchdog.tools.simulation.help_desk import iso
from sla_watchdog.usecases.judging import NAMELESS
from sla_watchdog.usecases.track.change import REPLIER


@define
class World:
    """Times are hours after the scenario's Monday, 09:00 in New York; tickets are named with its
    prefix.
    """

    drive: Drive
    inbox: Inbox
    aws: LocalAws
    outputs: Mapping[str, str]
    monday: int
    _tickets: list[str] = field(factory=list)
    _looked_at: int = 0

    def __attrs_post_init__(self) -> None:
        self._looked_at = len(self.inbox.deliveries())

    # what happens

    def ticket(self, name: str, at: float = 0, **attributes: Any) -> None:
        """A ticket by phone, urgent, of Kim in team Web: 8 hours at any time of day to be resolved
        in.
        """
        usual = {
            "priority": "P1",
            "channel": "phone",
            "assignee": "Kim",
            "team": "Web",
            "subject": f"About {name}",
        }
        self._tickets.append(name)
        self.happens(name, EventKind.CREATED, at, **{**usual, **attributes})

    def happens(
        self, name: str, kind: EventKind, at: float, by: str = "", **attributes: Any
    ) -> None:
        self.drive.play([Event(name, self.at(at), kind, by, attributes)], self.at(at))

    def pass_to(self, hours: float, seconds: int = 0) -> None:
        self.drive.play([], self.at(hours) + seconds)

    def put(self, *records: Mapping[str, Any], seen: bool = True) -> None:
        """Records as they are, good or bad, all at this moment."""
        self._tickets += [str(record["ticket_id"]) for record in records]
        self.drive.put(*records, seen=seen)

    def resolve(self, *names: str) -> None:
        now = iso(self.drive.now)
        ended = {"status": "Resolved", "resolved_at": now, "updated_at": now}
        self.drive.put(*({"ticket_id": name, "created_at": self.iso(0), **ended} for name in names))

    def delete(self, name: str) -> None:
        """Takes the record away; returns once `track` has seen what was put after that."""
        self.aws.client("dynamodb").delete_item(
            TableName=self.outputs["TicketsTable"], Key={"ticket_id": {"S": name}}
        )
        self.put({"ticket_id": f"after-{name}", "created_at": self.iso(0), "status": "Resolved"})

    def nameless(self) -> str:
        """The case of the one record without a readable id."""
        (case,) = (
            case.id
            for case, plan in self.drive.cases()
            if case.id.startswith(NAMELESS) and plan.unresolved
        )
        return case

    def tick(self) -> None:
        self.drive.tick()

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """The stream is not read, as while its mapping is disabled on AWS."""
        client = self.aws.client("lambda")
        (mapping,) = client.list_event_source_mappings(FunctionName=self.outputs["TrackFunction"])[
            "EventSourceMappings"
        ]
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def sweep(self) -> None:
        self.drive.sweep()

    @contextmanager
    def observing(self) -> Iterator[None]:
        self.drive.watch.state.set_mode("observe", self.drive.now)
        try:
            yield
        finally:
            self.drive.watch.state.set_mode("live", self.drive.now)

    def at(self, hours: float) -> int:
        return self.monday + round(hours * HOUR)

    def iso(self, hours: float) -> str:
        return iso(self.at(hours))

    # what was told

    def expect(self, *expected: str) -> None:
        """Since the last look exactly these messages came, as `topic: case clock level`, in any
        order.
        """
        self.inbox.wait_for(self.drive.sums.by_name["sent"])
        new = self.inbox.deliveries()[self._looked_at :]
        self._looked_at += len(new)
        notified = Counter(
            text for text in map(said, new) if REPLIER not in text
        )  # once, whichever test comes first
        unexpected, missing = notified - Counter(expected), Counter(expected) - notified
        if unexpected or missing:
            pytest.fail(
                f"at {iso(self.drive.now)}\nunexpected: {_lines(unexpected)}\nmissing: {_lines(missing)}"
            )

    def forget(self) -> None:
        """What came until now is of no matter."""
        self.inbox.wait_for(self.drive.sums.by_name["sent"])
        self._looked_at = len(self.inbox.deliveries())

    def finish(self) -> None:
        """Nothing of this scenario is left open, or on its way."""
        nameless = [name for name in self._tickets if not name.strip()]
        for name in nameless:
            self.delete(name)
        self.resolve(*(name for name in self._tickets if name not in nameless))
        for case in [case.id for case, _ in self.drive.cases() if case.id.startswith(NAMELESS)]:
            key = {"pk": {"S": f"C#{case}"}, "sk": {"S": "W"}}
            self.aws.client("dynamodb").delete_item(TableName=self.outputs["WatchTable"], Key=key)
        self.pass_to((self.drive.now - self.monday) / HOUR + 1)
        self.pass_to(
            (self.drive.now - self.monday) / HOUR + 72
        )  # the good news waits for somebody's hours
        self.forget()


def _lines(messages: Counter[str]) -> str:
    return (
        "".join(f"\n    {count} × {text}" for text, count in sorted(messages.items())) or "nothing"
    )


def said(each: Delivery) -> str:
    """`owner: T-1 resolution 2`, `executive: 30 cases`, `operations: finding T-2 created_at`."""
    kind, facts = each.facts.get("kind"), each.facts
    if kind == "digest":
        return f"{each.topic}: {facts['case_count']} cases"
    alerts = [_alert(alert) for alert in facts.get("alerts", ())]
    return f"{each.topic}: " + (", ".join(alerts) if alerts else f"{kind}")


def _alert(alert: Mapping[str, Any]) -> str:
    if alert["clock"].startswith("finding:"):
        return f"finding {alert['case']} {alert['clock'].removeprefix('finding:')}"
    reminder = f" reminder {alert['repetition']}" if alert["repetition"] else ""
    return f"{alert['case']} {alert['clock']} {alert['level']}{reminder}"
