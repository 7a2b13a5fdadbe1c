"""The inbox page in a real browser: it shows what arrives by itself, and nothing that arrives takes
part in it.
"""

from __future__ import annotations

import json

import pytest

from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws
from scenarios.browser import Browser, needs_browser

pytestmark = [pytest.mark.e2e, needs_browser]

HOSTILE = (
    "</pre><img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
)


def test_what_arrives_appears_by_itself_as_text_and_leaves_open_what_was_open(
    browser: Browser, ministack: LocalAws
) -> None:
    sns = ministack.client("sns")
    topic = sns.create_topic(Name="browser-test-owner", Attributes={"DisplayName": HOSTILE[:100]})[
        "TopicArn"
    ]

    def publish(subject: str, text: str) -> None:
        body = json.dumps({"subject": subject, "email": text, "sms": text, "severity": "breach"})
        sns.publish(TopicArn=topic, Message=json.dumps({"default": body}), MessageStructure="json")

    with Inbox(ministack, "browser-test") as inbox:
        inbox.subscribe()
        browser.open(inbox.url)
        assert "Nothing has been sent yet." in browser.run("return document.body.innerText")
        publish("First", "Hello")
        assert browser.wait("document.querySelector('h2')?.innerText") == "First"
        browser.run("document.querySelector('details').open = true")
        publish(HOSTILE, HOSTILE)
        browser.wait("document.querySelectorAll('article').length === 2")
        assert browser.run("return document.querySelector('h2').innerText") == HOSTILE
        assert browser.run("return document.querySelector('pre').textContent") == HOSTILE
        assert browser.run("return document.querySelectorAll('img, main script').length") == 0
        assert browser.run("return document.title") == "Inbox (2)"
        assert browser.run("return [...document.querySelectorAll('details')].map(d => d.open)") == [
            False,
            True,
        ]
    browser.wait("document.querySelector('#state').innerText === 'The local stack has stopped.'")
