"""Amazon's DynamoDB Local, when `make dynamodb-local` has fetched it: exact capacity and
validation.

It listens on every interface of the machine and cannot be told otherwise, so it is started for a
test run or a benchmark, holds made-up data alone, and is stopped at once. It cannot be put
behind the door of door.py either; it runs no code, and the tables of a test belong to a key that
nobody else knows.
"""

import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from local_stack.server import HOST, ROOT, LocalAwsError, Server, free_port

FOLDER = ROOT / ".cache" / "dynamodb-local"
REGION = "eu-central-1"


def why_not() -> str:
    """Why DynamoDB Local cannot be started here; empty when it can."""
    if not (FOLDER / ".ready").exists():
        return "DynamoDB Local is optional and not here; `make dynamodb-local` fetches it"
    if shutil.which("java") is None:
        return "DynamoDB Local needs Java 17 or later, which is not here"
    return ""


class DynamoDbLocal:
    """One process; its data lives in memory. Each account (access key) has tables of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: Server | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def client(self, service: str = "dynamodb", *, account: str = "testing") -> Any:
        """A client of `dynamodb` or `dynamodbstreams`; letters and digits alone name an account."""
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload] # named at run time
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="testing",  # noqa: S106 # made up
            config=Config(max_pool_connections=64, retries={"total_max_attempts": 3}),
        )

    def __enter__(self) -> Self:
        if missing := why_not():
            raise LocalAwsError(missing)
        self._server = Server("DynamoDB-Local")
        self._server.start(self._command(self._server.folder), env={}, is_ready=self._is_ready)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    def _command(self, folder: Path) -> list[str]:
        jar = next((FOLDER / "lib").glob("dynamodb_local_*/DynamoDBLocal.jar"))
        java = [
            str(shutil.which("java")),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]
        java += [
            f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}",
            f"-Djava.io.tmpdir={folder}",
        ]
        return [*java, "-jar", str(jar), "-inMemory", "-disableTelemetry", "-port", str(self.port)]

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=2):
                return True
        except OSError:
            return False
