"""The AWS engines that tests run on.

`engine` runs a test on moto, MiniStack and DynamoDB Local; `atomic_engine` leaves moto out,
which is not atomic and shows nothing about "only once". Each test gets an account of its own,
empty at first.
"""

import contextlib
import gc
import random
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from _pytest.nodeid import NodeId
from attrs import frozen
from moto import mock_aws

import quick_moto
from local_stack.dynamodb_local import DynamoDbLocal, why_not
from local_stack.ministack import LocalAws
from local_stack.template import create_tables

REGION = "eu-central-1"

quick_moto.install()


@frozen
class Engine:
    """One engine with an empty account; `engine("dynamodb")` is a client of it."""

    name: str
    atomic: bool
    exact_capacity: bool
    _client: Callable[[str], Any]

    def __call__(self, service: str = "dynamodb") -> Any:
        return self._client(service)

    def create_tables(self) -> dict[str, str]:
        """The template's tables; their names by `tickets`, `watch`, `audit`."""
        return create_tables(self("dynamodb"))


@pytest.fixture(scope="session")
def ministack() -> Iterator[LocalAws]:
    """MiniStack for this session (with xdist: for this worker)."""
    with LocalAws(region=REGION) as aws:
        yield aws


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDbLocal]:
    if missing := why_not():
        pytest.skip(missing)
    with DynamoDbLocal() as server:
        yield server


@pytest.fixture(params=["moto", "ministack", "dynamodb-local"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with _engine(request.param, request) as chosen:
        yield chosen


@pytest.fixture(params=["ministack", "dynamodb-local"])
def atomic_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with _engine(request.param, request) as chosen:
        yield chosen


@contextlib.contextmanager
def _engine(name: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    account = f"{random.randrange(10**11, 10**12)}"
    if name == "moto":
        with mock_aws():
            yield Engine(name, atomic=False, exact_capacity=False, client=_moto_client)
    elif name == "ministack":
        aws: LocalAws = request.getfixturevalue("ministack")
        yield Engine(
            name, atomic=True, exact_capacity=False, client=lambda s: aws.client(s, account=account)
        )
    else:
        server: DynamoDbLocal = request.getfixturevalue("dynamodb_local")
        yield Engine(
            name,
            atomic=True,
            exact_capacity=True,
            client=lambda s: server.client(s, account=account),
        )


def _moto_client(service: str) -> Any:
    return boto3.session.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION
    ).client(service)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one `xdist_group` in one process: pytest-xdist 3.8 writes the group where pytest 9.2
    reads no id.
    """
    for item in items if config.getoption("loadgroup", False) else ():
        group = item.get_closest_marker("xdist_group")
        if group and "@" not in item.nodeid:
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: to look through it again and again is a tenth of the
    whole time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test counted to prove something (`record_property("proof", …)`) is said at the end."""
    passed = terminalreporter.stats.get("passed", [])
    for said in [
        value for each in passed for name, value in each.user_properties if name == "proof"
    ]:
        terminalreporter.write_line(f"proof: {said}")
