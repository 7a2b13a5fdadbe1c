"""An SNS that refuses what AWS documents that it refuses; moto and MiniStack accept most of it.

Sources: the API reference of Publish (Subject, Message, MessageStructure, errors) as in botocore
1.44.5.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from attrs import define, field, frozen
from botocore.exceptions import ClientError

LARGEST = 262_144
SEPTETS_OF_ONE_SMS = 160

_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = "\f^{}\\[~]|€"


def problem_of_subject(subject: str) -> str:
    """Fewer than 100 characters, no line breaks or control characters, an ASCII letter, number or
    sign first.
    """
    if not subject or len(subject.encode("utf-16-le", "surrogatepass")) // 2 > 99:
        return "Subject: empty or 100 characters or more"
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in subject):
        return "Subject: a control character, a line break or half a character"
    return (
        "" if "!" <= subject[0] <= "~" else "Subject: starts with no ASCII letter, number or sign"
    )


def problem_of_body(text: str) -> str:
    """A JSON object of texts in UTF-8 with a `default`, all of them together within the limit."""
    try:
        size, bodies = len(text.encode()), json.loads(text)
    except ValueError as error:
        return f"Message: {error}"
    if not text or size > LARGEST:
        return f"Message: {size} bytes"
    if not isinstance(bodies, dict) or not isinstance(bodies.get("default"), str):
        return "Message Structure - No default entry in JSON message body"
    if not all(isinstance(body, str) and body for body in bodies.values()):
        return "Message: an empty body, or one that is no text"
    return ""


def septets(text: str) -> int | None:
    """What the text takes in GSM-7; None where one character would make the whole SMS UCS-2."""
    if not set(text) <= set(_GSM + _GSM_EXTENDED):
        return None
    return len(text) + sum(char in _GSM_EXTENDED for char in text)


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
