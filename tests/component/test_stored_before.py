"""A stack of before goes on: what an older version stored is read, and what follows from it is as
on record.

`stored/<day>.json.gz` holds a compiled policy, what the tables held at one instant as the version
of that day wrote it (claims that SNS did not take, a promise about to be broken, a silence,
digests, links, a merge, a deletion), the steps that followed, and what is sent and recorded in
them. Where a change of behaviour is meant to reach stored cases, that record is made anew and its
differences are read one by one.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from moto import mock_aws

from desk import Desk
from sla_watchdog.domain.policy.compiled import load

STORED = sorted((Path(__file__).parent / "stored").glob("*.json.gz"))
LINK = re.compile(r"https://links\.example/[A-Za-z0-9_-]+")


def restored(item: Any) -> Any:
    """JSON has no bytes."""
    if isinstance(item, dict):
        if set(item) == {"bytes"}:
            return base64.b64decode(item["bytes"])
        return {name: restored(value) for name, value in item.items()}
    if isinstance(item, list):
        return [restored(value) for value in item]
    return item


def items(desk: Desk, table: str) -> list[dict[str, Any]]:
    pages = desk.dynamodb.get_paginator("scan").paginate(TableName=name_of(desk, table))
    return [item for page in pages for item in page["Items"]]


def name_of(desk: Desk, table: str) -> str:
    return str(getattr(desk.parts.settings, f"{table}_table"))


def without_chance(body: Mapping[str, Any]) -> Any:
    """Codes of links and names of digests are chance."""
    text = LINK.sub("https://links.example/CODE", json.dumps(body, sort_keys=True))
    if "digest" in body:
        text = text.replace(body["digest"], "DIGEST").replace(body["ref"], "REF")
    return json.loads(text)


def take(desk: Desk, step: list[Any]) -> None:
    action, now, *rest = step
    match action:
        case "put":
            ticket, record = rest
            desk.put(now, ticket, **record)
        case "tick":
            desk.tick(now)
        case "sweep":
            desk.sweep(now)
        case _:
            raise AssertionError(f"no such step: {action}")


@pytest.fixture(params=STORED, ids=lambda path: path.name.removesuffix(".json.gz"))
def before(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json.loads(gzip.decompress(request.param.read_bytes()))


@pytest.fixture
def desk(before: dict[str, Any]) -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(load(json.dumps(before["policy"])), topics=tuple(before["topics"]))
        settings = evolve(desk.parts.settings, link_base="https://links.example")
        desk.parts = evolve(desk.parts, settings=settings)
        for table, stored in before["tables"].items():
            for item in stored:
                desk.dynamodb.put_item(TableName=name_of(desk, table), Item=restored(item))
        yield desk


def test_what_was_stored_before_goes_on_as_on_record(desk: Desk, before: dict[str, Any]) -> None:
    old = keys(items(desk, "audit"))
    for step in before["steps"]:
        take(desk, step)
    sent = desk.sent()
    assert [ids(*message) for message in sent] == [ids(*message) for message in before["messages"]]
    for (topic, body), (_, expected) in zip(sent, before["messages"], strict=True):
        assert without_chance(body) == without_chance(expected), topic
    new = [item for item in items(desk, "audit") if keys([item]).isdisjoint(old)]
    assert sorted(recorded(item) for item in new) == before["audit"]


def ids(topic: str, body: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Topic and alerts, so that a difference in them is read before one in the words."""
    return topic, [alert["id"] for alert in body.get("alerts", [body])]


def keys(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["pk"]["S"], item["sk"]["S"]) for item in found}


def recorded(item: Mapping[str, Any]) -> list[str]:
    names = ("pk", "sk", "outcome", "reason", "topic")
    return [item.get(name, {}).get("S", "") for name in names]
