"""The page behind a link: what it shows, what it takes, and that nothing else changes anything."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import evolve
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from building import HOUR, MON, at, policy, resolution, rule
from desk import Desk
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.case import Entry, Outcome
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.policy.model import Acknowledge
from sla_watchdog.handlers.tokens import RandomTokens
from sla_watchdog.usecases.codes import CODE_LENGTH, is_code
from sla_watchdog.usecases.respond.http import answer

NEW = {
    "created_at": f"{MON}T00:00:00Z",
    "status": "New",
    "subject": "City <page> still online",
    "assignee": "Kim",
}
POLICY = policy(
    rule("all", resolution(8 * HOUR)), acknowledge=Acknowledge(longest=16 * HOUR, snoozes=2)
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(POLICY)
        desk.tick(f"{MON}T00:00")
        desk.put(f"{MON}T00:00", **NEW)
        desk.tick(f"{MON}T06:00")
        desk.sent()
        yield desk


def sent_link(desk: Desk, now: str, days: int = 14) -> str:
    """A link as it is sent with the alert of the first level."""
    case = desk.case()
    alerts = plan(evolve(case, reached={}, outbox={}), POLICY, at(now)).alerts
    code = RandomTokens().code()
    desk.parts.watch.alert_links.put(
        code, case.id, Entry("t", 0, alerts[:1]), at(now) + days * 86_400
    )
    return code


def ask(
    desk: Desk, code: str, now: str, form: dict[str, str] | None = None, **event: Any
) -> tuple[int, str]:
    request = {
        "rawPath": f"/{code}",
        "requestContext": {"http": {"method": "POST" if form is not None else "GET"}},
        "body": base64.b64encode(urlencode(form or {}).encode()).decode(),
        "isBase64Encoded": True,
        **event,
    }
    given = answer(request, desk.parts.responder(at(now)), at(now))
    return given["statusCode"], given["body"]


def take(now: str, until: str, by: str = "Kim Larsen") -> dict[str, str]:
    return {"answer": "take", "by": by, "until": str(at(until))}


def test_a_get_shows_the_case_and_changes_nothing(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    before = desk.case()
    for _ in range(3):
        status, body = ask(desk, code, f"{MON}T06:30")
        assert status == 200
        assert "City &lt;page&gt; still online" in body
        assert "I take it" in body
    assert desk.case() == before


def test_a_promise_holds_the_levels_before_it_and_its_breach_goes_one_up(desk: Desk) -> None:
    desk.tick(f"{MON}T08:01")
    desk.sent()
    code = sent_link(desk, f"{MON}T08:01")
    status, body = ask(desk, code, f"{MON}T08:30", take("", f"{MON}T10:30"))
    assert (status, "Noted: Kim Larsen takes it" in body) == (200, True)
    assert desk.tick(f"{MON}T10:29").sent == 0
    desk.tick(f"{MON}T10:30")
    assert "manager" in desk.sent_to(), "the level above the breach, before its own time at 12:00"
    assert "acknowledged" in dict(desk.outcomes()).values()


def test_a_link_answers_once(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    ask(desk, code, f"{MON}T06:30", take(f"{MON}T06:30", f"{MON}T07:30"))
    facts = desk.case().facts
    _, body = ask(
        desk, code, f"{MON}T06:40", take(f"{MON}T06:40", f"{MON}T16:30", by="Somebody else")
    )
    assert "Kim Larsen has it already" in body
    assert "Your answer was not counted" in body
    assert desk.case().facts == facts
    _, body = ask(desk, code, f"{MON}T06:41", {"answer": "not_me"})
    assert "Kim Larsen has it already" in body
    _, body = ask(desk, code, f"{MON}T06:42")
    assert "Noted: Kim Larsen takes it" in body
    assert "not counted" not in body


def test_not_me_leaves_the_link_to_the_others_who_got_the_message(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    for minute in (30, 31):
        _, body = ask(desk, code, f"{MON}T06:{minute}", {"answer": "not_me"})
        assert "Noted: not you" in body
        assert "can still take it" in body
    assert [outcome for _, outcome in desk.outcomes()].count("declined") == 1, (
        "the first time alone is recorded"
    )
    _, body = ask(desk, code, f"{MON}T06:32")
    assert "I take it" in body
    _, body = ask(desk, code, f"{MON}T06:33", take("", f"{MON}T07:30"))
    assert "Noted: Kim Larsen takes it" in body


def test_the_page_says_who_is_told_when_the_promise_that_holds_is_over(desk: Desk) -> None:
    desk.tick(f"{MON}T08:01")
    code = sent_link(desk, f"{MON}T08:01")
    other = sent_link(desk, f"{MON}T08:01")
    ask(desk, code, f"{MON}T11:59", take("", f"{MON}T12:30"))
    for time in ("11:59", "12:05"):
        _, body = ask(desk, other, f"{MON}T{time}")
        after = body.partition("Next, if nobody acts")[2][:160]
        assert ("12:30" in after, "manager" in after) == (True, True), (
            "what comes due at 12:00 waits for it"
        )


def test_not_me_is_noted_and_holds_nothing(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    _, body = ask(desk, code, f"{MON}T06:30", {"answer": "not_me"})
    assert "Noted: not you" in body
    assert ("resolution/1/0/0/owner/declined", "declined") in desk.outcomes()
    assert desk.tick(f"{MON}T08:01").sent == 4


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (take("", f"{MON}T10:00", by=" \u202e "), "say who takes it"),
        (take("", f"{MON}T10:00", by="K" * 61), "too long"),
        (take("", f"{MON}T06:00"), "is over already"),
        (take("", "2026-03-02T22:31"), "too far away: at most"),
        ({"answer": "take", "by": "Kim", "until": "soon"}, "choose when"),
        ({"answer": "take", "by": "Kim", "until": "²"}, "choose when"),
        ({}, "choose when"),
    ],
)
def test_what_cannot_be_promised_changes_nothing_and_says_why(
    desk: Desk, form: dict[str, str], said: str
) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    before = desk.case()
    status, body = ask(desk, code, f"{MON}T06:30", form)
    assert (status, said in body) == (400, True)
    assert desk.case() == before


def test_it_is_put_off_only_as_often_as_the_policy_allows(desk: Desk) -> None:
    codes = [sent_link(desk, f"{MON}T06:00") for _ in range(5)]
    ask(desk, codes[0], f"{MON}T06:30", take("", f"{MON}T07:30"))
    assert "Put it off (2 left)" in ask(desk, codes[1], f"{MON}T06:40")[1]
    ask(desk, codes[1], f"{MON}T06:40", take("", f"{MON}T08:30", by="Ade"))
    ask(desk, codes[2], f"{MON}T06:50", take("", f"{MON}T09:30", by="Bo"))
    status, body = ask(desk, codes[3], f"{MON}T06:55", take("", f"{MON}T10:30", by="Cy"))
    assert (status, "nobody can put it off again" in body) == (400, True)
    assert [name for _, name in desk.outcomes() if name in ("acknowledged", "snoozed")] == [
        "acknowledged",
        "snoozed",
        "snoozed",
    ]


def test_the_page_says_before_and_after_that_a_second_promise_holds_nothing_back(
    desk: Desk,
) -> None:
    said = "This is the second promise in a row without progress: alerts continue."
    codes = [sent_link(desk, f"{MON}T06:00") for _ in range(2)]
    assert said not in ask(desk, codes[0], f"{MON}T06:30")[1]
    _, body = ask(desk, codes[0], f"{MON}T06:30", take("", f"{MON}T07:30"))
    assert ("Reminders wait until then." in body, said in body) == (True, False)
    _, body = ask(desk, codes[1], f"{MON}T07:45")
    assert (said in body, "Reminders go on." in body) == (True, True)
    _, body = ask(desk, codes[1], f"{MON}T07:45", take("", f"{MON}T16:30"))
    assert (said in body, "Reminders wait" in body) == (True, False)
    assert said in ask(desk, codes[1], f"{MON}T07:50")[1], "whoever looks again reads it again"
    desk.tick(f"{MON}T08:01")
    assert "team-lead" in desk.sent_to()


def test_the_end_can_be_promised_and_then_a_reply_does_not_keep_it(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    body = ask(desk, code, f"{MON}T06:30")[1]
    assert 'name="for" value="update" required checked' in body
    assert 'name="for" value="end" required>' in body
    form = {**take("", f"{MON}T07:30"), "for": "end"}
    _, body = ask(desk, code, f"{MON}T06:30", form)
    assert "Resolved by <strong>" in body
    assert "A reply alone does not keep it." in body
    assert "Resolved by <strong>" in ask(desk, code, f"{MON}T06:31")[1]
    other = sent_link(desk, f"{MON}T06:00")
    body = ask(desk, other, f"{MON}T06:40")[1]
    assert "It is promised to be resolved by" in body
    assert ('value="update"' in body, '<input type="hidden" name="for" value="end">' in body) == (
        False,
        True,
    ), "who puts it off promises an end"
    desk.put(f"{MON}T07:00", **NEW, last_agent_reply_at=f"{MON}T07:00:00Z")
    desk.tick(f"{MON}T07:30")
    assert "team-lead" in desk.sent_to(), "one level up, before the breach"
    (recorded,) = [item for item in desk.audit() if item.outcome is Answer.ACKNOWLEDGED]
    assert recorded.extra["promised"] == "end"


@pytest.mark.parametrize("what", ["", "ever", "END"])
def test_a_page_of_before_and_a_strange_word_promise_an_update(desk: Desk, what: str) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    _, body = ask(desk, code, f"{MON}T06:30", {**take("", f"{MON}T07:30"), "for": what})
    assert "Next update by <strong>" in body


def test_unknown_expired_and_finished_links_have_a_clear_page(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00", days=1)
    assert ask(desk, RandomTokens().code(), f"{MON}T06:30")[0] == 404
    assert ask(desk, code, "2026-03-03T06:00")[0] == 410
    late = sent_link(desk, f"{MON}T06:00")
    desk.put(f"{MON}T07:00", **{**NEW, "status": "Resolved", "updated_at": f"{MON}T07:00:00Z"})
    status, body = ask(desk, late, f"{MON}T07:30", take("", f"{MON}T08:30"))
    assert (status, "This is over" in body) == (200, True)


def test_the_code_is_stored_nowhere(desk: Desk) -> None:
    code = sent_link(desk, f"{MON}T06:00")
    items = desk.dynamodb.scan(TableName=desk.parts.settings.watch_table)["Items"]
    assert any(item["pk"]["S"].startswith("L#") for item in items)
    assert code not in str(items)


def test_codes_are_of_eighty_random_bits() -> None:
    codes = {RandomTokens().code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(map(is_code, codes))
    assert CODE_LENGTH * 5 == 80


def test_any_request_has_a_clear_answer_and_changes_nothing_without_a_code(desk: Desk) -> None:
    before = desk.dynamodb.scan(TableName=desk.parts.settings.watch_table)["Items"]
    value = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=40)
        | st.binary(max_size=9).map(repr)
    )
    method = st.fixed_dictionaries({"method": st.sampled_from(["POST", "GET"])})
    event = st.fixed_dictionaries(
        {},
        optional={
            "rawPath": value,
            "body": value | st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode()),
            "isBase64Encoded": st.booleans(),
            "requestContext": value | st.fixed_dictionaries({"http": value | method}),
        },
    )

    @settings(
        max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(event)
    def fuzz(request: dict[str, Any]) -> None:
        given_answer = answer(request, desk.parts.responder(at(f"{MON}T06:30")), at(f"{MON}T06:30"))
        assert given_answer["statusCode"] in (404, 405)
        assert given_answer["body"].startswith("<!doctype html>")

    fuzz()
    assert desk.dynamodb.scan(TableName=desk.parts.settings.watch_table)["Items"] == before


def test_a_message_carries_a_link_that_answers_for_it(desk: Desk) -> None:
    desk.parts = evolve(
        desk.parts, settings=evolve(desk.parts.settings, link_base="https://api.example")
    )
    desk.tick(f"{MON}T08:01")
    for _, body in desk.sent():
        code = body["link"].removeprefix("https://api.example/")
        assert f"  {body['link']}\n" in body["email"]
        assert ask(desk, code, f"{MON}T08:05")[0] == 200


def test_an_alert_goes_without_a_link_where_none_can_be_stored(desk: Desk) -> None:
    desk.parts = evolve(
        desk.parts, settings=evolve(desk.parts.settings, link_base="https://api.example")
    )
    desk.dynamodb.meta.events.register("before-call.dynamodb.UpdateItem", refuse_links)
    desk.tick(f"{MON}T08:01")
    assert [body["link"] for _, body in desk.sent()] == [None] * 4


def test_good_news_and_findings_have_no_link(desk: Desk) -> None:
    desk.parts = evolve(
        desk.parts, settings=evolve(desk.parts.settings, link_base="https://api.example")
    )
    desk.put(f"{MON}T07:00", **{**NEW, "status": "Resolved", "updated_at": f"{MON}T07:00:00Z"})
    desk.tick(f"{MON}T07:30")
    ((_, body),) = desk.sent()
    assert (body["kind"], body["link"]) == ("cleared", None)


def refuse_links(params: Any, **_: object) -> None:
    if "L#" in str(params["body"]):
        raise EndpointConnectionError(endpoint_url="https://dynamodb")


def test_what_came_due_before_a_promise_and_no_tick_saw_is_on_record_all_the_same(
    desk: Desk,
) -> None:
    """A tick was late: the breach of 08:00 is held back by the promise, and the audit says so while
    it lasts.
    """
    responder, until = desk.parts.responder(at(f"{MON}T08:05")), at(f"{MON}T12:00")
    responder.promise("T-1", "Kim", until, at(f"{MON}T08:05"), Answer.ACKNOWLEDGED)
    desk.tick(f"{MON}T08:06")
    assert desk.sent() == []
    held = [item for item in desk.audit() if item.outcome is Outcome.DEFERRED]
    assert {(item.alert_id.split("/")[3], item.at) for item in held} == {
        ("1", at(f"{MON}T08:00") + 1)
    }
    assert all("Kim" in item.reason for item in held)
    assert desk.case().next_at == until
