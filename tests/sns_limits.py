"""What AWS documents that SNS refuses, and what one SMS takes.

Sources: the API reference of Publish (Subject, Message, MessageStructure, errors) as in botocore
1.44.5.
"""

from __future__ import annotations

import json
import unicodedata

LARGEST = 262_144
SEPTETS_OF_ONE_SMS = 160

_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
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
