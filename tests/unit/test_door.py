"""Who may speak to the servers of the local stack."""

from __future__ import annotations

import pytest

from local_stack.door import refusal

PORT = 40123
HOST = ("Host", f"127.0.0.1:{PORT}")

LET_IN = [
    ("boto3", [HOST]),
    ("a program that says localhost", [("host", f"localhost:{PORT}")]),
    ("a program that goes through another one, at its port", [("Host", "127.0.0.1:9")]),
    ("an address typed by a person", [HOST, ("Sec-Fetch-Site", "none")]),
    ("what our own page asks for", [HOST, ("Sec-Fetch-Site", "same-origin")]),
    (
        "a form of our own page",
        [HOST, ("Origin", f"http://127.0.0.1:{PORT}"), ("Sec-Fetch-Site", "same-origin")],
    ),
    (
        "a form of our own page, which tells no referrer",
        [HOST, ("Origin", "null"), ("Sec-Fetch-Site", "same-origin")],
    ),
    ("a form of our own page in an old browser", [HOST, ("Origin", f"http://127.0.0.1:{PORT}")]),
]
KEPT_OUT = [
    ("another site", 403, [HOST, ("Origin", "https://evil.example")]),
    ("a page that hides its origin", 403, [HOST, ("Origin", "null")]),
    (
        "a page that hides its origin, elsewhere",
        403,
        [HOST, ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
    ),
    ("an image on another site", 403, [HOST, ("Sec-Fetch-Site", "cross-site")]),
    ("a page at another port of this machine", 403, [HOST, ("Sec-Fetch-Site", "same-site")]),
    ("a page at another port, by its origin", 403, [HOST, ("Origin", "http://127.0.0.1:3000")]),
    ("a page under our other name", 403, [HOST, ("Origin", f"http://localhost:{PORT}")]),
    ("a page served over TLS", 403, [HOST, ("Origin", f"https://127.0.0.1:{PORT}")]),
    ("a word that browsers may send one day", 403, [HOST, ("Sec-Fetch-Site", "same-planet")]),
    (
        "two origins",
        403,
        [HOST, ("Origin", f"http://127.0.0.1:{PORT}"), ("Origin", "https://evil.example")],
    ),
    ("an empty origin", 403, [HOST, ("Origin", "")]),
    ("capitals", 403, [HOST, ("ORIGIN", "HTTPS://EVIL.EXAMPLE")]),
    ("a name that points at loopback", 421, [("Host", f"evil.example:{PORT}")]),
    ("a name that begins as ours", 421, [("Host", f"127.0.0.1.evil.example:{PORT}")]),
    ("a name that ends as ours", 421, [("Host", f"evil.localhost:{PORT}")]),
    ("a name with ours before a colon", 421, [("Host", "127.0.0.1:1@evil.example")]),
    ("another address of this machine", 421, [("Host", f"192.168.1.7:{PORT}")]),
    ("our address in another spelling", 421, [("Host", f"2130706433:{PORT}")]),
    ("no name", 421, []),
    ("two names", 421, [HOST, ("Host", f"evil.example:{PORT}")]),
    (
        "a rebound page, to itself of its own origin",
        421,
        [
            ("Host", f"evil.example:{PORT}"),
            ("Origin", f"http://evil.example:{PORT}"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    ),
]


@pytest.mark.parametrize("headers", [row[1] for row in LET_IN], ids=[row[0] for row in LET_IN])
def test_is_let_in(headers: list[tuple[str, str]]) -> None:
    assert refusal(headers) is None


@pytest.mark.parametrize(
    ("status", "headers"), [row[1:] for row in KEPT_OUT], ids=[row[0] for row in KEPT_OUT]
)
def test_is_kept_out(status: int, headers: list[tuple[str, str]]) -> None:
    assert refusal(headers) == status
