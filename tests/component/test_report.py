"""The reports, from tickets on a desk to what its audiences read (see desk.Desk)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from moto import mock_aws

from building import HOUR, MON, TUE, at, first_response, policy, resolution, rule
from desk import Desk
from sla_watchdog.domain.clocks.promises import PromiseKind, acknowledged
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.errors import Unavailable
from sla_watchdog.handlers.tokens import RandomTokens
from sla_watchdog.presentation.text import Message
from sla_watchdog.usecases.report.http import is_report, report_answer
from sla_watchdog.usecases.report.report import LEASE, Reported
from sla_watchdog.usecases.respond.respond import LinkStatus

NEXT_MON = "2026-03-09"
NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "subject": "City page still online"}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mock_aws():
        yield Desk()


def report(desk: Desk, now: str) -> Reported:
    reported = desk.parts.reporter(at(now)).run()
    assert reported is not None
    return reported


def mails(desk: Desk) -> dict[tuple[str, str], dict[str, Any]]:
    """The reports since the last call, by kind and topic; each was sent once."""
    found = [
        ((body["report"], topic), body) for topic, body in desk.sent() if body["kind"] == "report"
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def pages(desk: Desk) -> list[str]:
    listed = desk.parts.reports.client.list_objects_v2(Bucket="reports").get("Contents", [])
    return sorted(each["Key"] for each in listed)


def page(desk: Desk, key: str) -> str:
    return desk.parts.reports.read(key)


def test_the_lower_ceiling_reads_daily_both_weekly_and_the_top_the_oldest_of_the_month(
    desk: Desk,
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    done = report(desk, f"{TUE}T07:00")
    assert sorted(mails(desk)) == [
        ("daily", "manager"),
        ("monthly", "executive"),
        ("weekly", "executive"),
        ("weekly", "manager"),
    ]
    assert (done.cases, done.sent, done.pages, done.failed) == (1, 4, 2, 0)
    assert pages(desk) == [f"daily/{TUE}.html", f"weekly/{MON}.html"]


def test_a_schedule_that_comes_twice_tells_once(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    report(desk, f"{TUE}T07:00")
    desk.sent()
    assert report(desk, f"{TUE}T08:00") == Reported()
    assert mails(desk) == {}


def test_the_day_of_the_reports_begins_at_seven_and_only_what_is_new_is_told(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    report(desk, f"{TUE}T07:00")
    desk.sent()
    assert report(desk, "2026-03-04T06:59").sent == 0
    report(desk, "2026-03-04T07:00")
    assert sorted(mails(desk)) == [("daily", "manager")]
    report(desk, f"{NEXT_MON}T07:00")
    assert sorted(mails(desk)) == [
        ("daily", "manager"),
        ("weekly", "executive"),
        ("weekly", "manager"),
    ]
    report(desk, "2026-04-01T07:00")
    assert sorted(mails(desk)) == [
        ("daily", "manager"),
        ("monthly", "executive"),
        ("weekly", "executive"),
        ("weekly", "manager"),
    ]


def test_two_at_once_are_one(desk: Desk) -> None:
    desk.parts.watch.leases.take(
        "another", at(f"{TUE}T07:00"), at(f"{TUE}T07:00") + LEASE, run="report-lease"
    )
    assert desk.parts.reporter(at(f"{TUE}T07:00")).run() is None
    assert mails(desk) == {}
    assert report(desk, f"{TUE}T08:00").sent == 4  # the other died


def test_a_crash_before_a_message_is_told_by_the_next_run_and_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    publish = type(desk.parts.channels).publish

    def dies(publisher: Any, to: Recipient, message: Message) -> Any:
        if to.audience == "executive":
            raise MemoryError
        return publish(publisher, to, message)

    monkeypatch.setattr(type(desk.parts.channels), "publish", dies)
    with pytest.raises(MemoryError):
        report(desk, f"{TUE}T07:00")
    monkeypatch.setattr(type(desk.parts.channels), "publish", publish)
    report(desk, f"{TUE}T08:00")
    assert sorted(mails(desk)) == [
        ("daily", "manager"),
        ("monthly", "executive"),
        ("weekly", "executive"),
        ("weekly", "manager"),
    ]


def test_while_sns_is_out_the_next_hour_tries_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out(*_: object) -> Any:
        raise Unavailable("SNS did not answer")

    publish = type(desk.parts.channels).publish
    monkeypatch.setattr(type(desk.parts.channels), "publish", out)
    done = report(desk, f"{TUE}T07:00")
    assert (done.pages, done.sent, done.failed, done.problem) == (2, 0, 4, "SNS did not answer")
    monkeypatch.setattr(type(desk.parts.channels), "publish", publish)
    assert report(desk, f"{TUE}T08:00").sent == 4


def test_without_the_bucket_the_mails_go_all_the_same(desk: Desk) -> None:
    desk.parts = evolve(desk.parts, reports=evolve(desk.parts.reports, bucket="no-such-bucket"))
    done = report(desk, f"{TUE}T07:00")
    assert (done.pages, done.sent, done.failed) == (0, 4, 2)
    assert "s3://no-such-bucket" in done.problem


def test_in_mode_observe_nobody_is_told_and_the_pages_are_there() -> None:
    with mock_aws():
        desk = Desk(mode="observe")
        desk.put(f"{MON}T00:00", **NEW)
        desk.tick(f"{MON}T09:00")
        done = report(desk, f"{TUE}T07:00")
        assert (done.sent, done.pages) == (0, 2)
        assert desk.sent_to() == []
        assert "Nobody was told yet." in page(desk, f"daily/{TUE}.html")
        desk.parts.watch.state.set_mode("live", at(f"{TUE}T09:00"))
        report(desk, f"{TUE}T10:00")
        assert len(mails(desk)) == 4


def test_an_audience_nobody_hears_is_told_through_operations(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **NEW)
    desk.parts.watch.topic_counts.keep({"manager": 0, "executive": 1}, at(f"{MON}T00:00"))
    report(desk, f"{TUE}T07:00")
    assert sorted(topic for kind, topic in mails(desk) if kind == "daily") == ["operations"]


def test_an_audience_without_a_topic_is_told_through_operations() -> None:
    with mock_aws():
        desk = Desk(topics=("manager", "operations"))
        report(desk, f"{TUE}T07:00")
        assert ("monthly", "operations") in mails(desk)


def test_the_oldest_cases_reach_the_top_also_when_nothing_is_breached(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", **{**NEW, "created_at": f"{MON}T00:00:00Z"})
    report(desk, f"{MON}T07:00")
    body = mails(desk)["monthly", "executive"]
    assert body["subject"] == "[Report] Oldest cases: 1 case is open, the oldest for 7 h"
    assert "T-1" in body["email"]


def test_a_month_without_open_cases_says_so(desk: Desk) -> None:
    report(desk, f"{MON}T07:00")
    body = mails(desk)["monthly", "executive"]
    assert body["subject"] == "[Report] Oldest cases: 0 cases are open"
    assert "No case is open." in body["email"]


def test_the_digest_names_what_is_old_breached_at_risk_and_broken(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.tick(f"{MON}T09:00")
    desk.put(
        f"{MON}T23:30",
        "T-2",
        created_at=f"{MON}T23:30:00Z",
        status="New",
        assignee="Kim",
        team="Web",
    )
    desk.put(f"{MON}T23:30", "T-3", created_at=f"{MON}T23:30:00Z", status="Resolved")
    promise(desk, "T-1", f"{MON}T10:00", f"{MON}T12:00", "Ade")
    report(desk, f"{TUE}T07:00")
    body = mails(desk)["daily", "manager"]
    assert body["counts"] == {"open": 2, "breached": 1, "at_risk": 1, "broken": 1, "unreadable": 0}
    assert (
        body["subject"]
        == "[Report] Today: 2 cases are open, 1 breached, 1 due within a day, 1 promise broken"
    )
    assert [line["case"] for line in body["oldest"]] == ["T-1", "T-2"]
    assert [line["case"] for line in body["breached"]] == ["T-1"]
    assert [line["case"] for line in body["at_risk"]] == ["T-2"]
    assert "Ade promised an update by Mon 2026-03-02 12:00 +00:00." in body["email"]
    assert "    Kim, Web. Nobody was told yet." in body["email"].splitlines()
    assert max(map(len, body["email"].splitlines())) <= 72


def promise(
    desk: Desk,
    ticket: str,
    made: str,
    until: str,
    by: str,
    kind: PromiseKind = PromiseKind.UPDATE,
) -> None:
    case = desk.case(ticket)
    fact = acknowledged(ticket, at(made), at(until), by, kind)
    known, evaluated = desk.parts.evaluator(at(made), live=True).timed(
        evolve(case, facts=case.facts | [fact]), at(made)
    )
    assert desk.parts.watch.cases.keep(known, evaluated.findings)


def test_the_week_says_of_each_person_what_became_of_their_promises(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    desk.put(f"{MON}T00:00", "T-2", **NEW)
    promise(desk, "T-1", f"{MON}T10:00", f"{MON}T12:00", "Ade")
    promise(desk, "T-1", f"{MON}T13:00", f"{MON}T14:00", "ade")
    promise(desk, "T-1", f"{MON}T13:30", f"{MON}T20:00", "Kim <b>")
    desk.put(f"{MON}T15:00", "T-1", **NEW, last_agent_reply_at=f"{MON}T15:00:00Z")
    promise(desk, "T-2", f"{MON}T10:00", f"{MON}T12:00", "Kim <b>")
    desk.put(f"{MON}T11:00", "T-2", **{**NEW, "status": "Resolved"})
    promise(desk, "T-1", "2026-03-08T23:00", f"{NEXT_MON}T04:00", "Bo")
    promise(desk, "T-1", f"{NEXT_MON}T05:00", f"{NEXT_MON}T06:00", "of next week")
    report(desk, f"{NEXT_MON}T07:00")
    body = mails(desk)["weekly", "manager"]
    assert body["promises"] == [
        {"by": "Ade", "made": 2, "renewed": 1, "kept": 0, "broken": 1},
        {"by": "Kim <b>", "made": 2, "renewed": 1, "kept": 2, "broken": 0},
        {"by": "Bo", "made": 1, "renewed": 1, "kept": 0, "broken": 0},
    ]
    lines = [line.split() for line in body["email"].splitlines()]
    assert ["Ade", "2", "1", "0", "1"] in lines
    weekly = page(desk, f"weekly/{NEXT_MON}.html")
    row = '<th scope="row">Kim &lt;b&gt;</th><td>2</td><td>1</td><td>2</td><td>0</td>'
    assert row in weekly
    assert max(map(len, body["email"].splitlines())) <= 72


def test_a_promise_is_not_broken_any_more_once_somebody_wrote(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    promise(desk, "T-1", f"{MON}T10:00", f"{MON}T12:00", "Ade")
    desk.put(f"{MON}T15:00", "T-1", **NEW, last_agent_reply_at=f"{MON}T15:00:00Z")
    report(desk, f"{TUE}T07:00")
    assert mails(desk)["daily", "manager"]["counts"]["broken"] == 0


def test_a_promise_of_an_end_stays_broken_though_somebody_wrote(desk: Desk) -> None:
    desk.put(f"{MON}T00:00", "T-1", **NEW)
    promise(desk, "T-1", f"{MON}T10:00", f"{MON}T12:00", "Ade", PromiseKind.END)
    desk.put(f"{MON}T15:00", "T-1", **NEW, last_agent_reply_at=f"{MON}T15:00:00Z")
    report(desk, f"{TUE}T07:00")
    body = mails(desk)["daily", "manager"]
    assert body["counts"]["broken"] == 1
    assert "Ade promised to resolve it by Mon 2026-03-02 12:00 +00:00." in body["email"]


def test_a_case_that_cannot_be_judged_is_counted_and_keeps_no_other_out(desk: Desk) -> None:
    for name in ("T-1", "T-2"):
        desk.put(f"{MON}T00:00", name, **NEW)
    desk.dynamodb.update_item(
        TableName=desk.parts.settings.watch_table,
        Key={"pk": {"S": "C#T-1"}, "sk": {"S": "W"}},
        UpdateExpression="SET facts = :f",
        ExpressionAttributeValues={":f": {"S": "{"}},
    )
    report(desk, f"{TUE}T07:00")
    body = mails(desk)["daily", "manager"]
    assert (body["counts"]["open"], body["counts"]["unreadable"]) == (1, 1)
    assert "1 case could not be judged" in body["email"]


def test_attainment_is_of_the_last_whole_week_by_policy_team_and_clock() -> None:
    rules = policy(rule("everything", first_response(HOUR), resolution(8 * HOUR)))
    with mock_aws():
        desk = Desk(rules)
        quick = {
            "created_at": f"{TUE}T00:00:00Z",
            "team": "Web",
            "first_response_at": f"{TUE}T00:30:00Z",
        }
        desk.put(f"{TUE}T00:30", "T-1", **quick, status="New")
        desk.put(f"{TUE}T02:00", "T-1", **quick, status="Resolved", resolved_at=f"{TUE}T02:00:00Z")
        desk.put(f"{TUE}T00:00", "T-2", created_at=f"{TUE}T00:00:00Z", status="New", team="Web")
        report(desk, f"{NEXT_MON}T07:00")
        body = mails(desk)["weekly", "manager"]
    assert body["subject"] == "[Report] Week of 2026-03-02: 50 % (2 of 4) kept"
    assert [
        (each["clock"], each["met"][-1], each["breached"][-1]) for each in body["attainment"]
    ] == [
        ("first_response", 1, 1),
        ("resolution", 1, 1),
    ]
    assert {(each["policy"], each["team"]) for each in body["attainment"]} == {
        ("everything", "Web")
    }
    assert (
        "  resolution        50 % of 2        -   -   -   -   -   -   -  50"
        in body["email"].splitlines()
    )
    assert max(map(len, body["email"].splitlines())) <= 72


def test_a_case_closed_long_ago_is_not_counted_and_a_breach_of_a_later_week_neither() -> None:
    with mock_aws():
        desk = Desk()
        desk.put("2025-01-01T00:00", "T-1", created_at="2025-01-01T00:00:00Z", status="New")
        desk.put("2025-01-01T01:00", "T-1", created_at="2025-01-01T00:00:00Z", status="Closed")
        desk.put(f"{NEXT_MON}T00:00", "T-2", created_at=f"{NEXT_MON}T00:00:00Z", status="New")
        report(desk, f"{NEXT_MON}T09:00")
        assert mails(desk)["weekly", "manager"]["attainment"] == []


def test_the_page_says_in_words_what_its_charts_show_and_takes_no_text_for_html() -> None:
    with mock_aws():
        desk = Desk()
        bad = {**NEW, "subject": "<script>alert(1)</script>", "team": "<b>&"}
        desk.put(f"{MON}T00:00", "T-1", **bad)
        report(desk, f"{NEXT_MON}T07:00")
        weekly = page(desk, f"weekly/{NEXT_MON}.html")
    assert "<script" not in weekly
    assert "&lt;script&gt;" in weekly
    assert "&lt;b&gt;&amp;" in weekly
    assert (
        'role="img" aria-label="Percent kept, the oldest week first: none, none, none, none, none, none, none, 0.'
        in (weekly)
    )
    assert "http" not in weekly


def test_the_link_in_a_mail_opens_its_page_for_two_weeks(desk: Desk) -> None:
    desk.parts = evolve(
        desk.parts, settings=evolve(desk.parts.settings, link_base="https://links.example")
    )
    desk.put(f"{MON}T00:00", **NEW)
    report(desk, f"{TUE}T07:00")
    sent = mails(desk)
    opened = {}
    for (kind, topic), body in sent.items():
        [link] = [
            line
            for line in body["email"].splitlines()
            if line.startswith("https://links.example/report/")
        ]
        opened[kind, topic] = link
        assert ask(desk, link, "2026-03-10T00:00")[:2] == (200, page(desk, PAGE_OF[kind]))
    assert len(set(opened.values())) == 4
    status, said, headers = ask(desk, opened["daily", "manager"], "2026-03-17T07:00")
    assert (status, "This link has expired" in said) == (410, True)
    assert "script" not in headers["Content-Security-Policy"]


PAGE_OF = {
    "daily": f"daily/{TUE}.html",
    "monthly": f"daily/{TUE}.html",
    "weekly": f"weekly/{MON}.html",
}


def ask(desk: Desk, path: str, now: str) -> tuple[int, str, dict[str, str]]:
    event = {"rawPath": path.removeprefix("https://links.example")}
    assert is_report(event)
    given = report_answer(event, desk.parts.watch.report_marks, desk.parts.reports, at(now))
    return given["statusCode"], given["body"], given["headers"]


@pytest.mark.parametrize(
    "path",
    ["/report/", "/report/short", f"/report/{'0' * 16}", f"/report/{'%' * 16}", "//report/é"],
)
def test_an_unknown_link_shows_nothing(desk: Desk, path: str) -> None:
    status, said, _ = ask(desk, path, f"{TUE}T07:00")
    assert (status, "This link is not known" in said) == (404, True)


def test_the_link_of_an_alert_opens_no_report_and_that_of_a_report_no_case(desk: Desk) -> None:
    code = RandomTokens().code()
    desk.parts.watch.report_marks.put_link(code, "daily/x.html", at(NEXT_MON))
    assert desk.parts.responder(at(TUE)).look(code, at(TUE)).state is LinkStatus.UNKNOWN
    assert not is_report({"rawPath": f"/{code}"})
    assert ask(desk, f"/report/{code}", TUE)[0] == 503  # its page is not there


def test_the_lease_outlives_the_function() -> None:
    from local_stack.template import template

    assert template()["Resources"]["ReportFunction"]["Properties"]["Timeout"] < LEASE


def test_ten_days_of_runs_every_hour_tells_each_day_week_and_month_once(desk: Desk) -> None:
    """Hourly over the change to summer time, in a zone that has one."""
    calendars = {
        name: evolve(each, timezone="Europe/Berlin")
        for name, each in desk.parts.policy.calendars.items()
    }
    desk.with_policy(evolve(desk.parts.policy, calendars=calendars))
    for hour in range(10 * 24):
        report(desk, _hours_after("2026-03-24T00:00", hour))
    notified = [(body["report"], topic) for topic, body in desk.sent()]
    assert (
        notified.count(("daily", "manager")) == 11
    )  # that of the day before came at the first run
    assert notified.count(("weekly", "executive")) == 2
    assert notified.count(("monthly", "executive")) == 2


def _hours_after(start: str, hours: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at(start) + hours * HOUR, UTC).isoformat()
