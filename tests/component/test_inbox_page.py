"""The inbox page: what was sent is shown as text, newest first, and filtered."""

import json
import re
from html.parser import HTMLParser

import pytest
from attrs import evolve

from local_stack.inbox import Delivery, Topic, delivery
from local_stack.inbox_page import PER_PAGE, POLICY, page

MAIL = Delivery(
    number=1,
    topic="team-lead",
    at=1772442000,
    sender="SLA watchdog",
    subject="[Breach, level 2] Page still online",
    email="Line one\nLine two",
    sms="Breach L2 T-1 Ref 0A1B2C3D",
    facts={"severity": "breach"},
)
SMS = evolve(MAIL, number=2, topic="owner-urgent", at=MAIL.at + 60, facts={"severity": "critical"})

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)> &lt; \"' {style} {0} \x00\x07 \u202e \ud800"


class Elements(HTMLParser):
    """Every element that a browser would make of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    @property
    def outline(self) -> list[str]:
        return [tag for tag, _ in self.found]


def numbers(html: str) -> list[int]:
    """The messages shown, in the order of the page."""
    return [int(number) for number in re.findall(r'<article id="m(\d+)"', html)]


def test_an_empty_inbox_says_so() -> None:
    assert "Nothing has been sent yet." in page([], {})


def test_the_newest_comes_first() -> None:
    assert numbers(page([MAIL, SMS], {})) == [2, 1]


def test_an_e_mail_has_a_mails_frame() -> None:
    html = page([MAIL], {})
    assert "<h2>[Breach, level 2] Page still online</h2>" in html
    assert "<dd>SLA watchdog &lt;no-reply@sns.amazonaws.com&gt;</dd>" in html
    assert "<dd>everyone who subscribed to team-lead by e-mail</dd>" in html
    assert "<dd>Mon 02 Mar 2026 09:00 UTC</dd>" in html
    assert "<pre>Line one\nLine two</pre>" in html


def test_an_urgent_topic_shows_the_sms_as_sns_sends_it() -> None:
    html = page([SMS], {})
    bubble = '<p class="bubble">SLA watchd&gt; Breach L2 T-1 Ref 0A1B2C3D</p>'
    assert html.index(bubble) < html.index("the same as e-mail")


@pytest.mark.parametrize("field", ["subject", "email", "sms", "sender", "topic"])
@pytest.mark.parametrize("message", [MAIL, SMS], ids=["e-mail", "SMS"])
def test_hostile_text_adds_nothing_but_text(message: Delivery, field: str) -> None:
    harmless = Elements(page([evolve(message, **{field: "plain"})], {}))
    hostile = Elements(page([evolve(message, **{field: HOSTILE})], {}))
    assert hostile.outline == harmless.outline


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        pytest.param({"severity": "critical"}, "critical", id="an alert"),
        pytest.param(
            {"alerts": [{"severity": "warning"}]},
            "warning",
            id="a digest, which its first alert leads",
        ),
        pytest.param({"severity": '"><script>'}, "other", id="hostile text"),
        pytest.param({"severity": ["breach"]}, "other", id="no text"),
        pytest.param({"alerts": ["breach"]}, "other", id="a list of something else"),
        pytest.param({}, "other", id="none"),
    ],
)
def test_only_a_severity_that_we_know_colours_a_message(
    facts: dict[str, object], shown: str
) -> None:
    assert f'<article id="m1" class="{shown}">' in page([evolve(MAIL, facts=facts)], {})


@pytest.mark.parametrize("name", ["audience", "form", "skip"])
def test_a_hostile_query_adds_nothing_but_text(name: str) -> None:
    asked = {name: '"><script>alert(1)</script>'}
    assert Elements(page([MAIL, SMS], asked)).outline.count("script") == 1


def test_the_page_runs_and_loads_nothing_but_its_own() -> None:
    directives = dict(part.strip().split(" ", 1) for part in POLICY.split(";"))
    assert directives["default-src"] == "'none'"
    assert re.fullmatch(r"'sha256-[\w+/=]+'", directives["script-src"])
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        pytest.param({}, [2, 1], id="all"),
        pytest.param({"audience": "owner"}, [2], id="one audience with its urgent topic"),
        pytest.param({"form": "email"}, [1], id="e-mail"),
        pytest.param({"form": "sms"}, [2], id="SMS"),
        pytest.param({"audience": "team-lead", "form": "sms"}, [], id="both filters"),
        pytest.param({"audience": "nobody"}, [], id="an audience without messages"),
    ],
)
def test_the_page_is_filtered(asked: dict[str, str], shown: list[int]) -> None:
    html = page([MAIL, SMS], asked)
    assert numbers(html) == shown
    assert ("None of them is of this kind." in html) is not bool(shown)


def test_a_filter_counts_what_it_would_show() -> None:
    html = page([MAIL, SMS, evolve(SMS, number=3)], {"form": "sms"})
    assert '<a href="/?form=sms&amp;audience=owner">owner <b>2</b></a>' in html
    assert "team-lead" not in html


def test_many_messages_come_in_pages() -> None:
    many = [evolve(MAIL, number=n, at=n) for n in range(1, 2 * PER_PAGE + 6)]
    assert numbers(page(many, {})) == list(range(65, 35, -1))
    assert numbers(page(many, {"skip": "30"})) == list(range(35, 5, -1))
    assert "5 older" in page(many, {"skip": "30"})
    assert numbers(page(many, {"skip": "60"})) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("skip", ["-1", "x", "", "1e9", "²"])
def test_a_skip_that_is_no_number_is_none(skip: str) -> None:
    assert numbers(page([MAIL], {"skip": skip})) == [1]


def test_the_structured_body_gives_every_text_and_the_time() -> None:
    body = '{"subject": "S", "email": "E", "sms": "M", "sent_at": "2026-03-02T04:00:00-05:00", "severity": "breach"}'
    read = delivery(7, Topic("owner", "SLA"), {"Subject": "?", "Message": body}, now=1)
    assert (read.subject, read.email, read.sms, read.at) == ("S", "E", "M", MAIL.at)
    assert read.facts["severity"] == "breach"


@pytest.mark.parametrize(
    "message", ["ALARM: heartbeat missing", '{"AlarmName": "x"}', "[1]", "[" * 9000, ""]
)
def test_a_message_of_another_kind_is_its_own_text(message: str) -> None:
    read = delivery(7, Topic("operations", "SLA"), {"Subject": "ALARM", "Message": message}, now=5)
    assert (read.subject, read.email, read.sms, read.at, read.facts) == (
        "ALARM",
        message,
        "",
        5,
        {},
    )


@pytest.mark.parametrize("sent_at", ["yesterday", None, "9999-12-31T23:59:59-23:59"])
def test_a_time_that_cannot_be_read_is_the_time_of_arrival(sent_at: str | None) -> None:
    body = json.dumps({"email": "E", "sent_at": sent_at})
    assert delivery(1, Topic("owner", "SLA"), {"Message": body}, now=5).at == 5
