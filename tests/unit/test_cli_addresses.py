"""Addresses: what is subscribed, and what is refused before SNS is asked."""

from __future__ import annotations

import pytest

from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.cli.stack.addresses import Address, address

GOOD = [
    ("grace@example.org", "email", "grace@example.org"),
    ("  Grace.Hopper+sla@sub.example.co.uk ", "email", "Grace.Hopper+sla@sub.example.co.uk"),
    ("mailto:grace@example.org", "email", "grace@example.org"),
    ("grace@bücher.example", "email", "grace@bücher.example"),
    ("+4915112345678", "sms", "+4915112345678"),
    ("+1 (555) 010-0199", "sms", "+15550100199"),
    ("+49 (0)151 1234-5678", "sms", "+4915112345678"),
    ("https://example.org/hook?a=b#part", "https", "https://example.org/hook?a=b"),
    ("http://127.0.0.1:8025/in", "http", "http://127.0.0.1:8025/in"),
    ("http://localhost/in", "http", "http://localhost/in"),
    ("http://[::1]:8025/in", "http", "http://[::1]:8025/in"),
    (
        "arn:aws:sqs:eu-central-1:123456789012:pager_queue-1",
        "sqs",
        "arn:aws:sqs:eu-central-1:123456789012:pager_queue-1",
    ),
    ("arn:aws-cn:sqs:cn-north-1:123456789012:q", "sqs", "arn:aws-cn:sqs:cn-north-1:123456789012:q"),
]


@pytest.mark.parametrize(
    ("text", "protocol", "endpoint"), GOOD, ids=[row[0].strip() for row in GOOD]
)
def test_an_address_is_what_sns_takes(text: str, protocol: str, endpoint: str) -> None:
    assert address(text) == Address(protocol, endpoint)


BAD = [
    ("", "is no address"),
    ("grace", "is no address"),
    ("grace@localhost", "is no e-mail address"),
    ("grace@@example.org", "is no e-mail address"),
    ("a b@example.org", "is no e-mail address"),
    ("Grace <grace@example.org>", "is no e-mail address"),
    ("a@example.org,b@example.org", "is no e-mail address"),
    ("a@example..org", "is no e-mail address"),
    (f"{'a' * 65}@example.org", "is no e-mail address"),
    (f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.org", "is no e-mail address"),
    ("0151 12345678", "has no country code"),
    ("0049 151 12345678", "begins with 00; write .* instead"),
    ("+0151 12345678", "is no phone number"),
    ("+123", "is no phone number"),
    ("+1234567890123456", "is no phone number"),
    ("http://example.org/hook", "is not encrypted"),
    ("http://localhost.example.org/hook", "is not encrypted"),
    ("ftp://example.org", "is no web hook"),
    ("https://", "is no web hook"),
    ("https://[::1", "is no URL"),
    ("arn:aws:sqs:eu-central-1:123456789012:q.fifo", "is a FIFO queue"),
    ("arn:aws:lambda:eu-central-1:123456789012:function:f", "is no queue"),
    ("arn:aws:sqs:eu-central-1:1234:q", "is no queue"),
]


@pytest.mark.parametrize(("text", "problem"), BAD, ids=[row[0] or "empty" for row in BAD])
def test_what_is_no_address_is_refused_with_what_would_be_right(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        address(text)
