"""The AWS engines that tests run on.

`engine` runs a test on moto, MiniStack and DynamoDB Local; `atomic_engine` leaves moto out,
which is not atomic and shows nothing about "only once". Each test gets an account of its own,
empty at first.

A plugin of pytest, loaded by the conftest.py of each folder whose tests need an AWS: then moto is
quick too (see quick_moto.py). tests/unit never loads it.
"""

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
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
