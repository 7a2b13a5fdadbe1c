"""What only may be one matter is proposed to the leads of both teams, once; the page behind the link
takes their answer, and the last one counts (semantics D6).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve
from moto import mock_aws

from building import HOUR, MON, TUE, at, policy, resolution, rule
from component.test_respond import ask
from desk import TOPICS, Desk
from sla_watchdog.domain.clocks.seen_tickets import SEEN
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.policy.model import Audience
from sla_watchdog.domain.tickets.lookalikes import ANSWERED, answer_about

LEADS = ("team-lead--web", "team-lead--trust")
AUDIENCES = {**policy().audiences, "team-lead": Audience("team-lead", each="team")}
POLICY = policy(rule("all", resolution(100 * HOUR)), audiences=AUDIENCES)
CITY = {
    "created_at": f"{MON}T00:00:00Z",
    "status": "New",
    "customer_id": "city",
    "subject": "Order 4711008 is late",
    "team": "web",
    "assignee": "Kim",
}
AGAIN = {
    "created_at": f"{MON}T02:00:00Z",
    "status": "New",
    "customer_id": "city",
    "subject": "What about <4711008>?",
    "team": "trust",
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(POLICY, topics=(*TOPICS[:-1], *LEADS, TOPICS[-1]))
        desk.parts = evolve(
            desk.parts, settings=evolve(desk.parts.settings, link_base="https://api.example")
        )
        desk.tick(f"{MON}T00:00")
        yield desk


def two(desk: Desk, **younger: object) -> None:
    desk.put(f"{MON}T00:00", "T-1", **CITY)
    desk.put(f"{MON}T02:00", "T-2", **{**AGAIN, **younger})
    desk.tick(f"{MON}T02:01")


def codes(desk: Desk) -> dict[str, str]:
    """The code of the link that each topic got."""
    sent = desk.sent()
    return {topic: body["link"].rpartition("/")[2] for topic, body in sent}


def test_the_leads_of_both_teams_hear_of_it_once_and_operations_do_not(desk: Desk) -> None:
    two(desk)
    sent = dict(desk.sent())
    assert set(sent) == set(LEADS)
    body = sent["team-lead--web"]
    text = " ".join(body["email"].split())
    assert "Same matter?" in body["subject"]
    assert "T-2 looks like T-1" in text
    assert "same customer, same reference" in text
    assert "T-1 is nearer to its end: it has an owner, the other has none." in text
    assert "Owner: Kim" in text
    assert "Owner: nobody" in text
    assert "Order 4711008 is late" in text
    assert f"Same matter, or not: {body['link']}" in text
    for now in (f"{MON}T02:02", f"{TUE}T02:02"):
        desk.tick(now)
    assert not set(desk.sent_to()) & {*LEADS, "operations"}


def test_one_team_of_both_hears_once(desk: Desk) -> None:
    two(desk, team="web")
    assert desk.sent_to() == ["team-lead--web"]


@pytest.mark.parametrize(
    ("team", "hear"),
    [
        pytest.param("", ["operations", "team-lead--web"], id="no team"),
        pytest.param("queue", ["operations", "team-lead--web"], id="a queue"),
    ],
)
def test_where_a_ticket_has_no_team_operations_stand_in(
    desk: Desk, team: str, hear: list[str]
) -> None:
    two(desk, team=team)
    sent = desk.sent()
    assert sorted(topic for topic, _ in sent) == hear
    assert all(body["link"] for _, body in sent)


def test_where_the_policy_has_no_team_leads_operations_hear_of_it(desk: Desk) -> None:
    desk.with_policy(policy(rule("all", resolution(100 * HOUR)), hash="other"))
    two(desk)
    assert desk.sent_to() == ["operations"]


def test_where_nobody_listens_for_a_team_operations_stand_in() -> None:
    with mock_aws():
        desk = Desk(POLICY, topics=tuple(name for name in TOPICS if "team-lead" not in name))
        desk.tick(f"{MON}T00:00")
        desk.sent()
        two(desk)
        desk.tick(f"{MON}T02:02")
        assert [body["clock"] for topic, body in desk.sent() if topic == "operations"] == [
            "finding:same_matter"
        ]


def test_it_waits_for_the_hours_of_a_team_lead(desk: Desk) -> None:
    lead = Audience("team-lead", each="team", hours="office")
    desk.with_policy(evolve(POLICY, audiences={**AUDIENCES, "team-lead": lead}, hash="hours"))
    two(desk)
    assert desk.sent_to() == []
    assert desk.case("T-2").next_at == at(f"{MON}T09:00+01:00")
    desk.tick(f"{MON}T09:00+01:00")
    assert set(desk.sent_to()) == set(LEADS)


def test_the_page_shows_both_and_asks_and_a_get_changes_nothing(desk: Desk) -> None:
    two(desk)
    code = codes(desk)["team-lead--trust"]
    before = desk.case("T-2")
    status, body = ask(desk, code, f"{MON}T03:00")
    assert status == 200
    assert "<h1>Same matter?</h1>" in body
    assert "T-2 and T-1 come from the same customer and have the same reference." in body
    assert "What about &lt;4711008&gt;?" in body
    assert 'value="same_matter">Same matter</button>' in body
    assert 'value="not_same_matter">Not the same</button>' in body
    assert "I take it" not in body
    assert desk.case("T-2") == before


def test_the_page_shows_the_older_one_as_it_stands_and_else_as_it_was_seen(desk: Desk) -> None:
    two(desk)
    code = codes(desk)["team-lead--trust"]
    desk.put(f"{MON}T03:00", "T-1", **{**CITY, "assignee": "Ade", "updated_at": f"{MON}T03:00:00Z"})
    assert "<dd>Ade</dd>" in ask(desk, code, f"{MON}T03:01")[1]
    desk.dynamodb.update_item(
        TableName=desk.parts.settings.watch_table,
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="SET facts = :f",
        ExpressionAttributeValues={":f": {"S": "{"}},
    )
    status, body = ask(desk, code, f"{MON}T03:02")
    assert (status, "<dd>Kim</dd>" in body) == (200, True)


def judge(desk: Desk, code: str, answer: Answer, now: str, ticket: str = "T-2") -> str:
    status, body = ask(desk, code, now, {"answer": answer.value, "ticket": ticket})
    assert status == 200
    return body


def test_same_matter_joins_them_and_is_on_record(desk: Desk) -> None:
    two(desk)
    code = codes(desk)["team-lead--trust"]
    body = judge(desk, code, Answer.SAME_MATTER, f"{MON}T03:00")
    assert "Got it: T-2 and T-1 are one matter." in body
    case = desk.case("T-2")
    assert (case.id, set(case.facts.tickets())) == ("T-1", {"T-1", "T-2"})
    assert desk.case("T-1") == case
    said = [item for item in desk.audit("T-2") if item.outcome is Answer.SAME_MATTER]
    assert [item.reason for item in said] == ["T-2 and T-1 are one matter, said team-lead:trust"]
    desk.tick(f"{MON}T03:01")
    assert not [topic for topic in desk.sent_to() if "lead" in topic]


def test_not_the_same_keeps_them_apart_and_nobody_is_asked_again(desk: Desk) -> None:
    two(desk)
    code = codes(desk)["team-lead--web"]
    body = judge(desk, code, Answer.NOT_SAME_MATTER, f"{MON}T03:00")
    assert "Got it: T-2 and T-1 are not the same matter." in body
    assert {desk.case("T-1").id, desk.case("T-2").id} == {"T-1", "T-2"}
    assert [finding.kind for finding in desk.parts.watch.cases.findings()] == []
    desk.put(f"{MON}T04:00", "T-2", **{**AGAIN, "subject": "Again 4711008!"})
    desk.tick(f"{TUE}T03:00")
    assert not [topic for topic in desk.sent_to() if "lead--" in topic]


def test_the_last_answer_counts_whoever_gives_it(desk: Desk) -> None:
    two(desk)
    links = codes(desk)
    judge(desk, links["team-lead--web"], Answer.NOT_SAME_MATTER, f"{MON}T03:00")
    body = ask(desk, links["team-lead--trust"], f"{MON}T03:10")[1]
    assert "are not the same matter" in body, "both see what was said"
    judge(desk, links["team-lead--trust"], Answer.SAME_MATTER, f"{MON}T03:20")
    assert desk.case("T-2").id == "T-1"
    body = judge(desk, links["team-lead--web"], Answer.NOT_SAME_MATTER, f"{MON}T03:30")
    assert "are not the same matter" in body
    assert answer_about(desk.case("T-2").facts, "T-2", "T-1") is False


def test_the_same_answer_twice_is_one(desk: Desk) -> None:
    two(desk)
    code = codes(desk)["team-lead--web"]
    for minute in (1, 2):
        judge(desk, code, Answer.NOT_SAME_MATTER, f"{MON}T03:0{minute}")
    facts = desk.case("T-2").facts
    assert len(facts.of_field("T-2", ANSWERED)) == 1
    outcomes = [outcome for _, outcome in desk.outcomes("T-2")]
    assert outcomes.count("not_same_matter") == 1


@pytest.mark.parametrize(
    "form",
    [
        {"answer": "same_matter", "ticket": "T-1"},
        {"answer": "same_matter", "ticket": ""},
        {"answer": "same_matter"},
        {"answer": "not_me"},
        {"answer": "take", "by": "Kim", "until": str(at(f"{MON}T05:00"))},
    ],
    ids=["of the older", "of none", "of nothing", "not me", "a promise"],
)
def test_what_the_link_does_not_ask_is_not_noted(desk: Desk, form: dict[str, str]) -> None:
    two(desk)
    code = codes(desk)["team-lead--web"]
    before = desk.case("T-2")
    status, body = ask(desk, code, f"{MON}T03:00", form)
    assert (status, "Got it" in body) == (200, False)
    assert desk.case("T-2") == before


def test_a_link_that_expired_asks_nothing_more(desk: Desk) -> None:
    two(desk)
    code = codes(desk)["team-lead--web"]
    form = {"answer": "same_matter", "ticket": "T-2"}
    assert ask(desk, code, "2026-03-17T00:00", form)[0] == 410
    assert desk.case("T-2").id == "T-2"


def test_a_link_to_an_alert_does_not_say_of_its_ticket_that_it_is_another(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **CITY)
    desk.tick("2026-03-06T05:00")
    (code, *_) = codes(desk).values()
    _, body = ask(desk, code, "2026-03-06T05:01", {"answer": "same_matter", "ticket": "T-1"})
    assert ("I take it" in body, "Got it" in body) == (True, False)


def test_one_message_with_an_alert_asks_too_and_its_link_answers_both(desk: Desk) -> None:
    """The younger is late when it is first seen: its breach and the question come together."""
    desk.put(f"{MON}T00:00", "T-1", **CITY)
    desk.put("2026-03-07T00:00", "T-2", **AGAIN)
    desk.tick("2026-03-07T00:01")
    sent = [body for topic, body in desk.sent() if topic == "team-lead--trust"]
    ((body),) = sent
    assert body["clock"] == "resolution", "what is late leads"
    assert "The link asks whether they are one matter." in " ".join(body["email"].split())
    code = body["link"].rpartition("/")[2]
    page = ask(desk, code, "2026-03-07T00:02")[1]
    assert ("I take it" in page, "Same matter</button>" in page) == (True, True)
    form = {"answer": "take", "by": "Lee", "until": str(at("2026-03-07T02:00"))}
    page = ask(desk, code, "2026-03-07T00:03", form)[1]
    assert ("Noted: Lee takes it" in page, "Same matter</button>" in page) == (True, True)
    page = judge(desk, code, Answer.SAME_MATTER, "2026-03-07T00:04")
    assert "are one matter" in page
    assert desk.case("T-2").id == "T-1"


def test_what_was_noted_before_the_upgrade_is_proposed_to_whom_is_known(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **CITY)
    desk.put(f"{MON}T02:00", "T-2", **AGAIN)
    case = desk.case("T-2")
    without = [fact for fact in case.facts if fact.field != SEEN]
    known, evaluated = desk.parts.evaluator(at(f"{MON}T02:00"), live=True).timed(
        evolve(case, facts=type(case.facts).of(without)), at(f"{MON}T02:00")
    )
    assert desk.parts.watch.cases.keep(known, evaluated.findings)
    desk.tick(f"{MON}T02:01")
    links = codes(desk)
    assert set(links) == {"team-lead--trust", "operations"}
    assert "<dd>Kim</dd>" in ask(desk, links["team-lead--trust"], f"{MON}T02:02")[1]
