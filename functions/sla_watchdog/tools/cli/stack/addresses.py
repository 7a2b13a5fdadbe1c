"""Where a subscriber can be reached: e-mail, SMS, a web hook or a queue. Checked here, since SNS
accepts much.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from sla_watchdog.handlers.settings import LOOPBACK
from sla_watchdog.tools.cli import UsageError

EXAMPLES = (
    "name@example.org, +4915112345678, https://example.org/hook, "
    "arn:aws:sqs:eu-central-1:123456789012:queue"
)

_EMAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_PHONE = re.compile(r"\+[1-9]\d{7,14}")
_BETWEEN_DIGITS = re.compile(r"\(0\)|[ ./()-]")
_QUEUE = re.compile(r"arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}")


@frozen
class Address:
    """As SNS takes it: `protocol` is `email`, `sms`, `https`, `http` or `sqs`."""

    protocol: str
    endpoint: str


def address(text: str) -> Address:
    """Raises UsageError, which says what would be right."""
    text = text.strip()
    if text.startswith("arn:"):
        return _queue(text)
    if "://" in text:
        return _web_hook(text)
    if "@" in text:
        return _email(text.removeprefix("mailto:"))
    if re.fullmatch(r"\+?[\d ()./-]+", text):
        return _phone(text)
    raise UsageError(f"{text!r} is no address; one looks like {EXAMPLES}")


def _email(text: str) -> Address:
    if not _EMAIL.fullmatch(text) or len(text) > 254 or ".." in text:
        raise UsageError(f"{text!r} is no e-mail address; one looks like name@example.org")
    return Address("email", text)


def _phone(text: str) -> Address:
    number = _BETWEEN_DIGITS.sub("", text)
    if number.startswith("00"):
        raise UsageError(f"{text!r} begins with 00; write + instead: +{number.removeprefix('00')}")
    if not number.startswith("+"):
        raise UsageError(f"{text!r} has no country code; a phone number looks like +4915112345678")
    if not _PHONE.fullmatch(number):
        raise UsageError(f"{text!r} is no phone number: + and 8 to 15 digits, country code first")
    return Address("sms", number)


def _web_hook(text: str) -> Address:
    try:
        url = urlsplit(text)
        host = url.hostname
    except ValueError as error:
        raise UsageError(f"{text!r} is no URL: {error}") from error
    if url.scheme not in ("http", "https") or not host:
        raise UsageError(f"{text!r} is no web hook; one looks like https://example.org/hook")
    if url.scheme == "http" and not _is_here(host):
        raise UsageError(
            f"{text!r} is not encrypted; http:// is for the local stack alone, say https://"
        )
    return Address(url.scheme, _without_fragment(url))


def _is_here(host: str) -> bool:
    return host in LOOPBACK or host.endswith(".localhost")


def _without_fragment(url: SplitResult) -> str:
    return url._replace(fragment="").geturl()


def _queue(text: str) -> Address:
    if text.endswith(".fifo"):
        raise UsageError(
            f"{text!r} is a FIFO queue; the topics are standard ones and need a standard queue"
        )
    if not _QUEUE.fullmatch(text):
        raise UsageError(
            f"{text!r} is no queue; of ARNs only SQS queues can be subscribed, arn:aws:sqs:…"
        )
    return Address("sqs", text)


LIMIT_OF_SMS = (
    "SMS stop without an error once the account has spent its limit of the month, 1 USD by "
    "default: `aws sns get-sms-attributes` shows MonthlySpendLimit, AWS support raises it."
)
SANDBOX_OF_SMS = (
    "New accounts are in the SMS sandbox and reach verified numbers only: `aws sns "
    "get-sms-sandbox-account-status`."
)
POLICY_OF_QUEUE = (
    "The queue's policy must let sns.amazonaws.com send to it from this topic (aws:SourceArn "
    "{arn}); "
    "a key of its own must let SNS use it too."
)

WARNINGS: Mapping[str, tuple[str, ...]] = {
    "sms": (LIMIT_OF_SMS, SANDBOX_OF_SMS),
    "sqs": (POLICY_OF_QUEUE,),
}
"""What silently keeps messages from a subscriber."""

_CONFIRM_HOOK = (
    "SNS has posted a SubscriptionConfirmation to {endpoint}: its SubscribeURL must be confirmed"
)

AFTERWARDS: Mapping[str, str] = {
    "email": (
        "AWS Notifications has sent a mail to {endpoint}: the subscription must be confirmed "
        "within 2 days, else it lapses. Until then this address gets nothing."
    ),
    "https": f"{_CONFIRM_HOOK} within 2 days.",
    "http": f"{_CONFIRM_HOOK} within 2 days.",
    "sqs": "The queue's owner must confirm: the token is in the message that SNS has put into "
    "the queue.",
    "sms": "SNS has not confirmed {endpoint} yet.",
}
"""What the subscriber must do while a subscription is pending."""
