"""The pages of reports, in the bucket of the stack: `daily/2026-11-23.html`,
`weekly/2026-11-16.html`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen
from botocore.exceptions import BotoCoreError, ClientError

from sla_watchdog.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@frozen
class Reports:
    """Raises Unavailable where S3 cannot be used. `connect` is called when first needed: most
    functions never do.
    """

    connect: Callable[[], S3Client]
    bucket: str

    @cached_property
    def client(self) -> S3Client:
        return self.connect()

    def put(self, key: str, page: str) -> None:
        """A repetition writes the same place anew."""
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=page.encode(),
                ContentType="text/html; charset=utf-8",
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"{self.where(key)} cannot be written: {error}") from error

    def read(self, key: str) -> str:
        """Raises Unavailable also where there is no such page."""
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"{self.where(key)} cannot be read: {error}") from error

    def where(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"
