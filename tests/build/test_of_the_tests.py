"""What makes the tests themselves quick or orderly does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.moto_api._internal.moto_random import MotoRandom

from local_stack.server import ROOT

CHANGED = (
    (responses, "method_names_from_class"),
    (DepthFirstTraverser, "nodes_to_be_processed"),
    (BaseJSONSerializer, "_serialize_type_structure"),
    (MotoRandom, "get_random_string"),
    (DynamoDBBackend, "transact_write_items"),
    (DynamoType, "size"),
    (DynamoType, "to_regular_json"),
    (Table, "query"),
)
ITEM: dict[str, Any] = {
    "id": {"S": "T-1"},
    "all": {
        "M": {
            "text": {"S": ""},
            "number": {"N": "1.50"},
            "flag": {"BOOL": False},
            "none": {"NULL": True},
            "bytes": {"B": b"\x00\xff"},
            "texts": {"SS": ["a", "b"]},
            "numbers": {"NS": ["1"]},
            "many": {"BS": [b"x"]},
            "list": {
                "L": [
                    {"S": "x"},
                    {"M": {}},
                    {"L": []},
                    {"M": {"S": {"S": "a name that is a type"}}},
                ]
            },
        }
    },
}
NAMES = {"#all": "all", "#text": "text", "#list": "list"}
CHANGES = (
    "SET #all.#text = :value",
    "REMOVE #all.#list[0]",
    "SET #all.#list[9] = :value",
    "ADD seen :one",
    "SET x",
)

WITHOUT_AWS = """
import sys
sys.modules.update(dict.fromkeys(("moto", "boto3", "botocore")))
import pytest
raise SystemExit(pytest.main(sys.argv[1:]))
"""
"""pytest where there is no moto, no boto3 and no botocore: to import one of them raises."""


def without_aws(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_AWS, "-p", "no:cacheprovider", "-q", *argv],
        cwd=ROOT,
        env={"PYTHONTZPATH": "", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def answers() -> list[Any]:
    """What a table says of an item, and of changes that it takes and refuses."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(
            TableName="things",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.put_item(TableName="things", Item=ITEM)
        said = [client.get_item(TableName="things", Key={"id": {"S": "T-1"}})["Item"]]
        for change in CHANGES:
            used = {name: real for name, real in NAMES.items() if name in change}
            values = {
                name: of
                for name, of in ((":value", {"S": "new"}), (":one", {"N": "1"}))
                if name in change
            }
            request: dict[str, Any] = {
                "TableName": "things",
                "Key": {"id": {"S": "T-1"}},
                "ReturnValues": "ALL_NEW",
            }
            request |= {"ExpressionAttributeNames": used} if used else {}
            request |= {"ExpressionAttributeValues": values} if values else {}
            try:
                said.append(client.update_item(**request, UpdateExpression=change)["Attributes"])
            except client.exceptions.ClientError as error:
                said.append(str(error))
        return [*said, client.scan(TableName="things")["Items"]]


QUERIES: tuple[dict[str, Any], ...] = (
    {"KeyConditionExpression": "pk = :key"},
    {"KeyConditionExpression": "pk = :key", "ScanIndexForward": False, "Limit": 2},
    {"KeyConditionExpression": "pk = :key AND sk > :from"},
    {"KeyConditionExpression": "shard = :key", "IndexName": "by-due"},
    {"KeyConditionExpression": "shard = :key AND due <= :from", "IndexName": "by-due"},
    {"KeyConditionExpression": "due = :from", "IndexName": "by-time"},
)
"""What follows a key of a table or of an index, some of it in part and some of it backwards."""


def of_many() -> list[Any]:
    """What a table of several items says when it is queried, before and after transactions of which
    the second one is refused at its last item.
    """
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(
            TableName="many",
            KeySchema=[_key("pk", "HASH"), _key("sk", "RANGE")],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in (("pk", "S"), ("sk", "N"), ("shard", "S"), ("due", "N"))
            ],
            GlobalSecondaryIndexes=[
                _index("by-due", _key("shard", "HASH"), _key("due", "RANGE")),
                _index("by-time", _key("due", "HASH")),
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        for number in (10, 9, 1, 5, 3):
            for key in ("a", "b"):
                item = {**_item(key, number), "seen": {"N": "0"}}
                due = {"shard": {"S": key}, "due": {"N": f"{number % 4}.0"}}
                client.put_item(TableName="many", Item={**item, **due} if number > 1 else item)
        said = _queried(client)
        for last in ("seen = :none", "seen = :one"):
            try:
                client.transact_write_items(TransactItems=_transaction(last))
            except client.exceptions.TransactionCanceledException as error:
                said.append(error.response["CancellationReasons"])
            said += _queried(client)
        return said


def _key(name: str, kind: str) -> dict[str, str]:
    return {"AttributeName": name, "KeyType": kind}


def _index(name: str, *keys: dict[str, str]) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": list(keys),
        "Projection": {"ProjectionType": "ALL"},
    }


def _item(key: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"N": str(number)}}


def _transaction(last: str) -> list[dict[str, Any]]:
    """Changes one item, deletes and puts others, and lastly asks something of yet another."""
    values = {":one": {"N": "1"}}
    update = {"UpdateExpression": "ADD seen :one", "ExpressionAttributeValues": values}
    asked = {":" + last.rpartition(":")[2]: {"N": "0" if last.endswith("none") else "1"}}
    check = {"ConditionExpression": last, "ExpressionAttributeValues": asked}
    return [
        {"Update": {"TableName": "many", "Key": _item("a", 9), **update}},
        {"Delete": {"TableName": "many", "Key": _item("b", 10 if "none" in last else 9)}},
        {"Put": {"TableName": "many", "Item": {**_item("c", 1), "new": {"S": last}}}},
        {"ConditionCheck": {"TableName": "many", "Key": _item("a", 5), **check}},
    ]


def _queried(client: Any) -> list[Any]:
    found: list[Any] = []
    for query in QUERIES:
        values = {
            name: value
            for name, value in ((":key", {"S": "a"}), (":from", {"N": "2"}))
            if name in query["KeyConditionExpression"]
        }
        answer = client.query(TableName="many", ExpressionAttributeValues=values, **query)
        found.append([answer["Items"], answer.get("LastEvaluatedKey")])
    return [*found, client.scan(TableName="many")["Items"]]


def test_moto_answers_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, of_queries = answers(), of_many()
    assert quick[0] == ITEM
    for owner, name in CHANGED:
        monkeypatch.setattr(owner, name, getattr(owner, name).__wrapped__)
    monkeypatch.delattr(Table, "__deepcopy__")
    assert answers() == quick
    assert of_many() == of_queries
    assert {len(found) for found, _ in of_queries[:6]} == {2, 3, 4, 5}
    assert of_queries[7:14] == of_queries[15:], "what was refused is undone"
    assert of_queries[:7] != of_queries[7:14]


def test_what_the_tests_leave_to_the_soak_is_run_there() -> None:
    left_out = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]
    assert left_out["ini_options"]["addopts"][-2:] == ["-m", "not soak"]
    target = (ROOT / "Makefile").read_text().partition("\nsoak:")[2].partition("\n\n")[0]
    assert re.search(r"-m pytest .*-m soak$", target, re.MULTILINE)


@pytest.mark.xdist_group("a group")
@pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" not in os.environ, reason="groups are for several processes"
)
def test_tests_of_a_group_stay_together(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@a group")


@pytest.mark.parametrize("folder", ["unit", "long"])
def test_the_tests_of_the_domain_need_no_aws(folder: str) -> None:
    """They are loaded; that they do not ask for it later is seen to by unit/conftest.py."""
    collected = without_aws("--collect-only", f"tests/{folder}")
    assert collected.returncode == 0, collected.stdout[-2000:]


def test_a_test_that_loads_moto_would_be_noticed() -> None:
    collected = without_aws("--collect-only", "tests/component/test_tick_after_loss.py")
    assert collected.returncode != 0
    assert "moto" in collected.stdout + collected.stderr
