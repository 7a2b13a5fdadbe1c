"""One case to one recipient, in words. The three golden files are the story of the design, as
people get it.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import building
from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.escalation.case import Case, Recipient, Severity
from sla_watchdog.domain.escalation.plan import plan
from sla_watchdog.domain.escalation.upcoming import UpcomingNotification
from sla_watchdog.domain.policy.model import Metric
from sla_watchdog.domain.text.display import columns
from sla_watchdog.domain.tickets.spans import Span
from sla_watchdog.presentation.text import Message, render
from sla_watchdog.presentation.text.reason import read_reason
from sla_watchdog.presentation.times import duration, instant, iso, open_time
from sla_watchdog.presentation.view.notice import Item, Notice, PastNotification, TicketLine
from sla_watchdog.presentation.view.notice import notice as as_notice
from sns_limits import (
    LARGEST,
    SEPTETS_OF_ONE_SMS,
    problem_of_body,
    problem_of_subject,
    septets,
)
from unit import story
from unit.test_message_text import ANYTHING, NASTY, unhurried

GOLDEN = Path(__file__).parent / "golden"
NOW = story.BREACHED_AT
DISPLAY_NAME = "SLA WATCHDOG> "
"""What SNS writes before the text of an SMS."""


def as_file(message: Message) -> str:
    return f"Subject: {message.subject}\nSMS: {message.sms}\n\n{message.email}"


@pytest.mark.parametrize(
    ("name", "notice", "now"),
    [
        pytest.param("warned", story.warned(), story.WARNED_AT, id="the owner, the day after"),
        pytest.param(
            "breached", story.breached(), story.BREACHED_AT, id="the team lead, two days after"
        ),
        pytest.param(
            "two_years_on", story.two_years_on(), story.YEARS_LATER, id="the top, two years after"
        ),
    ],
)
def test_the_story_reads_as_in_its_golden_file(name: str, notice: Notice, now: int) -> None:
    assert as_file(render(notice, now)) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(0, "under 1 m", id="nothing"),
        pytest.param(59, "under 1 m", id="seconds"),
        pytest.param(60, "1 m", id="a minute"),
        pytest.param(6 * 3600 + 10 * 60 + 59, "6 h 10 m", id="rounded down"),
        pytest.param(3600, "1 h", id="no zeros"),
        pytest.param(86_400 + 59 * 60, "1 d", id="no minutes beside days"),
        pytest.param(3 * 86_400 + 4 * 3600, "3 d 4 h", id="days and hours"),
        pytest.param(14 * 86_400 + 7200, "14 d", id="days alone from two weeks on"),
        pytest.param(731 * 86_400, "731 d", id="years"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: int, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(16 * 3600, "16 h", id="hours"),
        pytest.param(40 * 3600, "40 h", id="more than a day's hours stay hours"),
        pytest.param(5400, "1 h 30 m", id="minutes"),
        pytest.param(45, "45 s", id="seconds"),
    ],
)
def test_open_time_has_no_days(seconds: int, said: str) -> None:
    assert open_time(seconds) == said


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        pytest.param(
            "2024-03-06T10:30:00-05:00",
            "America/New_York",
            "Wed 2024-03-06 10:30 -05:00",
            id="winter",
        ),
        pytest.param(
            "2024-10-27T00:30:00+00:00",
            "Europe/Berlin",
            "Sun 2024-10-27 02:30 +02:00",
            id="before the fold",
        ),
        pytest.param(
            "2024-10-27T01:30:00+00:00",
            "Europe/Berlin",
            "Sun 2024-10-27 02:30 +01:00",
            id="after the fold",
        ),
        pytest.param(
            "2024-01-01T00:00:00+00:00",
            "Asia/Kathmandu",
            "Mon 2024-01-01 05:45 +05:45",
            id="odd offset",
        ),
        pytest.param(
            "1880-01-01T00:00:00+00:00",
            "America/New_York",
            "Wed 1879-12-31 19:03 -04:56",
            id="long ago",
        ),
    ],
)
def test_an_instant_is_said_in_its_zone_with_its_offset(at: str, zone: str, said: str) -> None:
    assert instant(story.at(at), zone) == said


@unhurried
@given(st.integers(-(2**70), 2**70), st.sampled_from(["UTC", "America/New_York", "Pacific/Apia"]))
def test_no_instant_is_too_far_off_to_be_said(at: int, zone: str) -> None:
    assert instant(at, zone)
    assert iso(at, zone)


# ------------------------------------------------------------------ what the first lines say


def first_response(**changes: Any) -> Clock:
    return story.resolution(metric=Metric.FIRST_RESPONSE, **changes)


def paused() -> Clock:
    since = story.at("2024-03-05T11:00:00-05:00")
    return story.resolution(
        running=(Span(story.OPENED, since, "open"),), due_at=None, breach_at=None
    )


@pytest.mark.parametrize(
    ("clock", "now", "subject", "first"),
    [
        pytest.param(
            story.resolution(),
            NOW,
            "[Breach, level 2] City page still online: resolution 6 h 10 m over (T-4711)",
            "This case is not resolved. It was due by Wed 2024-03-06 10:30 -05:00 (6 h 10 m over).",
            id="late",
        ),
        pytest.param(
            story.resolution(),
            story.at("2024-03-06T08:10:00-05:00"),
            "[Warning, level 2] City page still online: resolution 2 h 20 m left (T-4711)",
            "This case is not resolved yet. It is due by Wed 2024-03-06 10:30 -05:00 (2 h 20 m left).",
            id="not late yet: a warning says what is left",
        ),
        pytest.param(
            story.resolution(breach_at=story.at("2024-03-07T09:00:01-05:00")),
            NOW,
            "[Warning, level 2] City page still online: resolution due now (T-4711)",
            "This case is not resolved yet. It is due by Wed 2024-03-06 10:30 -05:00 (due now).",
            id="due at closing time: late only at the next opening",
        ),
        pytest.param(
            story.resolution(),
            story.at("2024-03-06T10:30:30-05:00"),
            "[Breach, level 2] City page still online: resolution just breached (T-4711)",
            "This case is not resolved. It was due by Wed 2024-03-06 10:30 -05:00 (just breached).",
            id="late by seconds",
        ),
        pytest.param(
            first_response(),
            NOW,
            "[Breach, level 2] City page still online: first response 6 h 10 m over (T-4711)",
            "Nobody has answered the customer. An answer was due by Wed 2024-03-06 10:30 -05:00 (6 h 10 m over).",
            id="no answer",
        ),
        pytest.param(
            paused(),
            NOW,
            "[Warning, level 2] City page still online: resolution paused (T-4711)",
            "This case is not resolved. Its clock is paused since Tue 2024-03-05 11:00 -05:00; no limit passes until "
            "it runs again.",
            id="paused",
        ),
        pytest.param(
            story.age(),
            story.OPENED + 731 * story.DAY,
            "[Breach, level 2] City page still online: open for 731 d (T-4711)",
            "This case is still unresolved. It is 731 d old; no reply, pause or change of priority stops this clock.",
            id="old",
        ),
    ],
)
def test_subject_and_first_lines_say_how_late_in_words(
    clock: Clock, now: int, subject: str, first: str
) -> None:
    message = render(story.notice(story.item(clock, now)), now)
    assert message.subject == subject
    assert first in message.email.replace("\n", " ")


@pytest.mark.parametrize(
    ("clock", "to", "owner", "said"),
    [
        pytest.param(
            story.resolution(),
            "team-lead",
            "",
            "Nobody owns it: name one person who takes it. Resolve it, or tell",
            id="nobody owns it",
        ),
        pytest.param(
            story.resolution(),
            "team-lead",
            "Kim",
            "Talk to Kim, who owns it. Resolve it, or",
            id="not mine",
        ),
        pytest.param(
            first_response(), "owner:Kim", "Kim", "It is yours. Answer the customer now.", id="mine"
        ),
        pytest.param(
            story.age(),
            "executive",
            "",
            "Decide how it ends, and tell the customer by when.",
            id="very old",
        ),
    ],
)
def test_what_to_do_depends_on_who_owns_it(clock: Clock, to: str, owner: str, said: str) -> None:
    recipient = Recipient(*to.split(":"))
    now = NOW + 30 * story.DAY
    notice = story.notice(
        story.item(clock, now, to=recipient), tickets=(evolve(story.PAGE, owner=owner),)
    )
    to_do = render(notice, now).email.replace("\n", " ").partition("What to do: ")[2]
    assert said in to_do.partition("OWNER")[0]


def test_a_warning_says_until_when_to_act() -> None:
    assert (
        "Resolve it by Wed 2024-03-06 10:30 -05:00."
        in render(story.warned(), story.WARNED_AT).email
    )


def test_the_reader_learns_in_whose_place_they_are_told() -> None:
    item = story.item(story.resolution(), NOW, reason=read_reason("owner cannot be reached"))
    assert "You are told because owner cannot be reached." in render(story.notice(item), NOW).email


def test_every_other_clock_of_the_message_is_named_with_its_ticket() -> None:
    reply = first_response(subject="T-9023")
    message = render(story.notice(story.item(story.resolution(), NOW), story.item(reply, NOW)), NOW)
    assert "ALSO\n  Breach, level 2: first response 6 h 10 m over (T-9023)\n" in message.email
    assert "(+1 more)" in message.sms
    assert message.refs[1] in message.email


def test_long_lists_say_how_many_more_there_are() -> None:
    tickets = tuple(evolve(story.PAGE, id=f"T-{n}") for n in range(40))
    items = [story.item(story.resolution(subject=f"T-{n}"), NOW) for n in range(40)]
    message = render(story.notice(*items, tickets=tickets), NOW)
    assert "  and 31 more alerts\n" in message.email
    tickets_named = message.email.partition("TICKETS\n")[2]
    assert all(f"T-{n}" in tickets_named for n in range(40))
    assert "and 33 more, to team-lead." in message.email.replace("\n", " ")
    assert message.data["ticket_count"] == 40


def test_a_finding_says_what_to_mend() -> None:
    message = render(
        story.notice(story.finding(), story.finding("priority", "priority 'P9' is not known")), NOW
    )
    assert message.subject == "[Finding] T-4711: status 'Parked' is in no group of the policy file"
    assert "What to do: Name this status in the policy file (statuses)" in message.email
    assert "T-4711: priority 'P9' is not known." in message.email
    assert message.data["kind"] == "finding"


def test_a_case_without_a_subject_is_named_by_its_id() -> None:
    notice = story.notice(story.item(story.resolution(), NOW), tickets=())
    assert render(notice, NOW).subject == "[Breach, level 2] T-4711: resolution 6 h 10 m over"


def test_a_long_subject_is_cut_so_that_how_late_it_is_stays() -> None:
    long = evolve(story.PAGE, subject="Seite der Stadt im Netz " * 20)
    message = render(story.notice(story.item(story.resolution(), NOW), tickets=(long,)), NOW)
    assert message.subject.endswith("…: resolution 6 h 10 m over (T-4711)")
    assert message.sms.endswith("... Ref 8D860B13")
    assert septets(message.sms) == SEPTETS_OF_ONE_SMS - len(DISPLAY_NAME)


# ------------------------------------------------------------------ links

ANSWER = "https://abcdefghij.execute-api.ap-southeast-1.amazonaws.com/0123456789abcdef"


def test_the_link_to_answer_is_whole_in_e_mail_and_sms() -> None:
    long = evolve(story.PAGE, subject="Seite der Stadt im Netz " * 20)
    notice = story.notice(story.item(story.resolution(), NOW), tickets=(long,), link=ANSWER)
    for form in (render(notice, NOW), render(notice, NOW).plain()):
        assert f"  {ANSWER}" in form.email.split("\n")
        assert form.sms.endswith(f"Ref 8D860B13 {ANSWER}")
        assert form.sms.startswith("Breach L2 T-4711 resolution 6 h 10 m over")
        assert septets(form.sms) <= SEPTETS_OF_ONE_SMS - len(DISPLAY_NAME)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://desk.example/t/4711?a=1&b=%20#c", id="query"),
        pytest.param("http://10.0.0.1:8080/t", id="address and port"),
    ],
)
def test_a_web_address_is_shown_as_it_is(url: str) -> None:
    message = render(
        story.notice(story.item(story.resolution(), NOW), tickets=(evolve(story.PAGE, url=url),)),
        NOW,
    )
    assert f"    {url}\n" in message.email


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("file://desk.example/t", id="file of a host"),
        pytest.param(
            "javascript://desk.example/%0aalert(1)", id="script that looks like an address"
        ),
        pytest.param("//desk.example/t", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://desk.example@evil.example/", id="a name before the host"),
        pytest.param("https://desk.example/a b", id="blank"),
        pytest.param("https://desk.example/\r\nBcc: x", id="line break"),
        pytest.param("https://desk.example/\u202egpj", id="direction override"),
        pytest.param("https://[::1", id="broken host"),
        pytest.param("https://desk.example/" + "a" * 500, id="too long to be whole"),
        pytest.param("https://desk.example/\ud800", id="lone surrogate"),
    ],
)
def test_anything_else_is_not_shown_as_a_link(url: str) -> None:
    message = render(
        story.notice(story.item(story.resolution(), NOW), tickets=(evolve(story.PAGE, url=url),)),
        NOW,
    )
    assert "://" not in message.email
    assert "javascript" not in message.email
    assert '"url":""' in json.loads(message.body())["default"]


def test_letters_outside_ascii_in_a_link_are_escaped() -> None:
    page = evolve(story.PAGE, url="https://desk.example/größe")
    message = render(story.notice(story.item(story.resolution(), NOW), tickets=(page,)), NOW)
    assert "https://desk.example/gr%C3%B6%C3%9Fe\n" in message.email


# ------------------------------------------------------------------ the structured body


def test_machines_get_the_facts_and_both_texts() -> None:
    message = render(story.breached(), NOW)
    bodies = json.loads(message.body())
    facts = json.loads(bodies["default"])
    assert set(bodies) == {"default", "email", "sms"}
    assert (facts["email"], facts["sms"], facts["subject"]) == (
        message.email,
        message.sms,
        message.subject,
    )
    assert facts["version"] == 1
    assert facts["case"] == "T-4711"
    assert (facts["severity"], facts["level"], facts["clock"]) == ("breach", 2, "resolution")
    assert facts["due_at"] == "2024-03-06T10:30:00-05:00"
    assert facts["breach_at"] == "2024-03-06T10:30:01-05:00"
    assert facts["audience"] == {"name": "team-lead", "of": "", "urgent": False}
    assert facts["alerts"][0]["id"] == "T-4711/resolution/1/1/0/team-lead"
    assert facts["alerts"][0]["ref"] == facts["ref"] == "8D860B13"
    assert facts["tickets"][0]["id"] == "T-4711"
    assert facts["next"]["at"] == "2024-03-08T10:30:00-05:00"
    assert story.at(facts["sent_at"]) == NOW


def test_the_ascii_form_says_the_same_in_fewer_letters() -> None:
    page = evolve(story.PAGE, subject="Straßenfest “Größe” 页面", owner="Zoë")
    full = render(story.notice(story.item(story.resolution(), NOW), tickets=(page,)), NOW)
    plain = full.plain()
    assert 'Strassenfest "Grosse" ?' in plain.subject
    assert plain.email.isascii()
    assert plain.sms.isascii()
    assert re.findall(r"Ref \w+", plain.email) == re.findall(r"Ref \w+", full.email)
    assert plain.refs == full.refs


def test_the_minimal_form_holds_nothing_that_a_customer_wrote() -> None:
    ours = render(story.breached(), NOW).minimal()
    other = evolve(story.PAGE, subject="x", owner="y", team="z", url="", status="w")
    theirs = render(evolve(story.breached(), tickets=(other,), customer="v"), NOW).minimal()
    assert ours == theirs
    assert ours.refs == ("8D860B13",)
    assert ours.data["refs"] == ["8D860B13"]
    assert "8D860B13" in ours.email
    assert ours.sms.endswith("Ref 8D860B13")


# ------------------------------------------------------------------ anything at all

TYPED = st.one_of(ANYTHING, NASTY, st.text(alphabet="Z\u0351\u0316", min_size=200, max_size=400))
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
"""DynamoDB and Alert.ref hold no half characters."""
INSTANTS = st.integers(-(10**12), 10**12)


@st.composite
def items(draw: st.DrawFn) -> Item:
    if draw(st.integers(0, 3)) == 0:
        return story.finding(draw(IDS), draw(TYPED))
    clock = draw(st.sampled_from([story.resolution(), first_response(), paused(), story.age()]))
    to = Recipient(draw(IDS), draw(IDS), draw(st.booleans()))
    named = evolve(clock, subject=draw(IDS), rule=draw(TYPED), calendar=draw(TYPED))
    severity = draw(st.sampled_from(Severity))
    return story.item(
        named,
        NOW,
        draw(st.integers(0, 1)),
        to,
        draw(st.integers(0, 9999)),
        severity=severity,
        reason=read_reason(draw(TYPED)),
    )


TICKETS = st.builds(TicketLine, IDS, TYPED, TYPED, TYPED, TYPED, TYPED, INSTANTS)
COMING = st.builds(
    UpcomingNotification,
    INSTANTS,
    st.builds(Recipient, IDS, IDS),
    TYPED,
    st.integers(0, 20),
    st.booleans(),
)
NOTICES = st.builds(
    story.notice,
    items(),
    items(),
    case=IDS,
    tickets=st.lists(TICKETS, max_size=4).map(tuple),
    customer=TYPED,
    opened_at=INSTANTS,
    notified=st.lists(
        st.builds(PastNotification, INSTANTS, IDS, st.integers(0, 9), IDS, IDS), max_size=3
    ).map(tuple),
    upcoming=st.none() | COMING,
)


def check(message: Message) -> None:
    """What must hold of every message whatever its customer typed."""
    assert problem_of_subject(message.subject) == ""
    assert problem_of_body(message.body()) == ""
    assert not set(message.subject) & set(
        "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f\u061c"
    )
    taken = septets(message.sms)
    assert taken is not None
    assert taken + len(DISPLAY_NAME) <= SEPTETS_OF_ONE_SMS
    assert message.sms.endswith(f"Ref {message.ref}")
    assert "\r" not in message.email
    assert message.ref in message.email


@unhurried
@given(NOTICES)
def test_sns_takes_every_form_of_every_notice(notice: Notice) -> None:
    message = render(notice, NOW)
    for form in (message, message.plain(), message.minimal()):
        check(form)
    assert all(columns(line) <= 72 or "://" in line for line in message.email.split("\n"))
    assert message.data["ref"] == notice.lead.alert.ref
    assert [alert["id"] for alert in message.data["alerts"]] == [
        item.alert.id for item in notice.items
    ]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "worst",
    [
        pytest.param("\U0001f468", id="emoji"),
        pytest.param("中", id="two columns"),
        pytest.param("Z\u0351\u0316\u0351\u0316\u0351\u0316", id="zalgo"),
        pytest.param('"\\', id="what JSON escapes"),
        pytest.param("\ufdfa", id="one sign that folds to eighteen"),
    ],
)
def test_the_largest_notice_stays_far_under_the_limit(worst: str) -> None:
    text = worst * 2_000
    tickets = tuple(
        TicketLine(f"{n}{text[:600]}", text, text, f"https://h/{text}", text, text, NOW)
        for n in range(200)
    )
    items = [story.item(story.resolution(subject=f"{n}{text[:600]}"), NOW) for n in range(200)]
    notice = story.notice(*items, case=text[:600], tickets=tickets, customer=text)
    message = render(notice, NOW)
    for form in (message, message.plain(), message.minimal()):
        check(form)
        assert len(form.body()) <= LARGEST - 20_000
    assert len(message.refs) == 200


# ------------------------------------------------------------------ together with the judgement


def test_what_is_due_by_the_policy_can_be_told() -> None:
    case = Case(
        "T-1",
        facts=building.facts(
            ("created", "2026-03-02T09:00"),
            ("status", "2026-03-02T09:00", "Parked"),
            ("subject", "2026-03-02T09:00", "City page still online"),
        ),
    )
    now, policy = building.at("2026-03-02T21:30"), building.policy()
    evaluated = plan(case, policy, now)
    messages = [
        render(as_notice(case, evaluated, [alert], policy, now), now) for alert in evaluated.alerts
    ]
    for message in messages:
        check(message)
    assert {message.subject for message in messages} == {
        "[Critical, level 3] City page still online: resolution 4 h 30 m over (T-1)",
        "[Finding] T-1: status 'Parked' is in no group of the policy file",
    }


def test_a_message_names_every_clock_that_is_breached() -> None:
    """E5: told of one clock today, the recipient still reads of the other."""
    lead = story.item(story.age(), story.YEARS_LATER, level=1)
    also = (story.resolution(breach_at=story.YEARS_LATER - 3600),)
    said = render(story.notice(lead, also=also), story.YEARS_LATER).email
    assert "resolution 1 h over (T-4711)" in said


def test_who_hears_of_it_for_the_first_time_is_not_sent_a_numbered_reminder() -> None:
    late = story.item(story.resolution(), story.YEARS_LATER, level=3, repetition=46, reminder=0)
    first = " ".join(render(story.notice(late), story.YEARS_LATER).email.split())
    assert "You are told for the first time" in first
    notified = (PastNotification(story.BREACHED_AT, late.alert.recipient.key, 3),)
    again = story.item(story.resolution(), story.YEARS_LATER, level=3, repetition=46, reminder=2)
    assert "This is reminder 2;" in " ".join(
        render(story.notice(again, notified=notified), story.YEARS_LATER).email.split()
    )
