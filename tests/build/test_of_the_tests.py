"""What makes the tests themselves quick or orderly does what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser

from local_stack.server import ROOT

CHANGED = (
    (responses, "method_names_from_class"),
    (DepthFirstTraverser, "nodes_to_be_processed"),
    (BaseJSONSerializer, "_serialize_type_structure"),
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


def test_moto_answers_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = answers()
    assert quick[0] == ITEM
    for owner, name in CHANGED:
        monkeypatch.setattr(owner, name, getattr(owner, name).__wrapped__)
    assert answers() == quick


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
