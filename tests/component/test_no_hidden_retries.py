"""Nothing that writes, publishes or queues goes through a client that repeats by itself.

A Publish whose answer was lost reached its topic up to five times through the default client.
Every call of the functions and of the operator's commands is looked at as it is made, with the
configuration of the client behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import botocore.handlers
import pytest
from attrs import define, evolve, field

from building import MON, at
from component.cli_desk import NEW, POLICY, Operator
from sla_watchdog.handlers import bootstrap
from sla_watchdog.tools.policy_file import compile_policy, read_policy

READING = ("Get", "BatchGet", "Query", "Scan", "List", "Describe", "Receive")
BY_THE_TESTS = {"SetTopicAttributes", "CreateTable", "CreateQueue", "PutItem"}


@define
class Noted:
    """(service.operation, attempts of its client) of every call made."""

    calls: set[tuple[str, int | None]] = field(factory=set)

    def __call__(self, event_name: str, context: dict[str, Any], **_: object) -> None:
        retries = context["client_config"].retries or {}
        self.calls.add((event_name.removeprefix("before-call."), retries.get("total_max_attempts")))

    @property
    def changing(self) -> dict[str, int | None]:
        return {
            call: tries
            for call, tries in self.calls
            if not call.partition(".")[2].startswith(READING)
        }


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    noted = Noted()
    handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call", noted)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    return noted


@pytest.fixture
def deployed(
    noted: Noted, operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[bootstrap.Parts]:
    """The parts as a function builds them, beside the tables of the operator's desk."""
    today = date(2026, 3, 1)
    (tmp_path / "policy.json").write_text(
        compile_policy(read_policy(POLICY.read_text(), str(POLICY), today).form, today)
    )
    here = evolve(operator.desk.parts.settings, mode="live", policy_path=tmp_path / "policy.json")
    monkeypatch.setattr("sla_watchdog.handlers.bootstrap.settings", lambda: here)
    bootstrap.parts.cache_clear()
    yield bootstrap.parts()
    bootstrap.parts.cache_clear()


def test_what_the_functions_write_is_tried_once(
    noted: Noted, operator: Operator, deployed: bootstrap.Parts
) -> None:
    desk = operator.desk
    desk.parts = deployed
    noted.calls.clear()
    desk.tick(f"{MON}T00:00")
    for number in range(12):
        desk.put(f"{MON}T00:00", f"T-{number}", **NEW | {"subject": f"page {number}"})
    desk.put(f"{MON}T00:00", "T-20", **NEW, merged_into="T-1")
    desk.tick(f"{MON}T08:01")
    desk.sweep(f"{MON}T09:00")
    changing = {
        call: tries
        for call, tries in noted.changing.items()
        if call.partition(".")[2] not in BY_THE_TESTS
    }
    assert set(changing.values()) == {1}, changing
    expected = {
        "dynamodb.UpdateItem",
        "dynamodb.TransactWriteItems",
        "sns.Publish",
        "sqs.SendMessage",
    }
    assert expected <= changing.keys()


def test_what_the_commands_write_is_tried_once(noted: Noted, operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", **NEW)
    operator.tick(f"{MON}T06:00")
    noted.calls.clear()
    for command in (
        ("subscribe", "owner", "--for", "kim", "kim@example.org"),
        ("test-alert", "--all"),
        ("silence", "--ticket", "T-9", "--for", "4h", "--reason", "r"),
        ("ack", "T-1", "--by", "kim", "--for", "4h"),
        ("go-live", "--yes", "--force"),
        ("unsubscribe", "owner", "--for", "kim", "kim@example.org"),
    ):
        assert operator(*command).code in (0, 1), command
    assert set(noted.changing.values()) == {1}, noted.changing
    expected = {
        "dynamodb.UpdateItem",
        "sns.Publish",
        "sns.Subscribe",
        "sns.CreateTopic",
        "sns.Unsubscribe",
    }
    assert expected <= noted.changing.keys()


def test_what_only_reads_may_be_tried_again(
    noted: Noted, operator: Operator, deployed: bootstrap.Parts
) -> None:
    """Else the first test would say nothing: it sees the difference."""
    noted.calls.clear()
    deployed.watch.cases.read(["T-1"])
    deployed.watch.state.set_simulated_now(at(f"{MON}T00:00"))
    assert noted.calls == {("dynamodb.BatchGetItem", 4), ("dynamodb.UpdateItem", 1)}
