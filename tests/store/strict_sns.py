"""An SNS that refuses what AWS documents that it refuses; moto and MiniStack accept most of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from attrs import define, field, frozen
from botocore.exceptions import ClientError

from sns_limits import problem_of_body, problem_of_subject


@frozen
class Published:
    topic: str
    subject: str
    bodies: dict[str, str]

    @property
    def facts(self) -> dict[str, Any]:
        """What a machine that subscribed gets."""
        found: dict[str, Any] = json.loads(self.bodies["default"])
        return found


def error(code: str, message: str = "", status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "Publish")


@define
class StrictSns:
    """Stands for the client. `faults` are raised by one call each, in order; `refuses` finds fault
    with a call.
    """

    topics: set[str]
    faults: list[Exception] = field(factory=list)
    refuses: Callable[[dict[str, str]], str] = lambda call: ""
    calls: list[dict[str, str]] = field(factory=list)
    published: list[Published] = field(factory=list)
    attempts: int = 1

    @property
    def meta(self) -> Any:
        return SimpleNamespace(
            config=SimpleNamespace(retries={"total_max_attempts": self.attempts})
        )

    def publish(self, **call: str) -> dict[str, str]:
        self.calls.append(call)
        if self.faults:
            raise self.faults.pop(0)
        assert set(call) == {"TopicArn", "Subject", "Message", "MessageStructure"}
        if call["TopicArn"] not in self.topics:
            raise error("NotFound", "Topic does not exist", 404)
        problem = (
            problem_of_subject(call["Subject"])
            or problem_of_body(call["Message"])
            or self.refuses(call)
        )
        if problem:
            raise error("InvalidParameter", f"Invalid parameter: {problem}")
        self.published.append(
            Published(call["TopicArn"], call["Subject"], json.loads(call["Message"]))
        )
        return {"MessageId": f"m-{len(self.published)}"}
