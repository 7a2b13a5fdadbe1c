"""Many cases in one message, and the messages that the watchdog sends about itself."""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from sla_watchdog.domain.escalation.case import Recipient, Severity
from sla_watchdog.presentation.text import (
    Message,
    Observed,
    observed_line,
    render_digest,
    render_observed,
    render_test,
)
from sla_watchdog.presentation.view.notice import Notice
from sla_watchdog.presentation.view.rulings import Ruling
from sns_limits import LARGEST
from unit import story
from unit.test_message import NOTICES, TYPED, check
from unit.test_message_text import ANYTHING, unhurried

NOW = story.BREACHED_AT
MANAGER = Recipient("manager")


def case(name: str, **changes: Any) -> Notice:
    """A notice of one breached case of that name; the changes are of its alert."""
    item = story.item(story.resolution(subject=name), NOW, to=MANAGER, **changes)
    return story.notice(
        item, case=name, tickets=(evolve(story.PAGE, id=name, subject=f"About {name}"),)
    )


def digest(*notices: Notice) -> Message:
    return render_digest(notices, MANAGER, "d-1", NOW)


def ids_in(message: Message) -> list[str]:
    alerts: Any = message.data["alerts"]
    return [alert["id"] for alert in alerts if "id" in alert]


def test_a_digest_leads_with_the_most_urgent_case() -> None:
    calm, high = case("T-1", level=1), case("T-2", level=3)
    critical = case("T-3", severity=Severity.CRITICAL)
    older = evolve(calm, case="T-4", items=(evolve(calm.lead, late=10**6),))
    message = digest(story.notice(story.finding()), calm, older, high, critical)
    order = [line.split()[-1] for line in message.email.split("\n") if line[3:5] == ". "]
    assert order == ["T-3", "T-4", "T-2", "T-1", "T-4711"]
    assert (
        message.subject
        == "[Critical L2, 4 cases and 1 finding] About T-3: resolution 6 h 10 m over (T-3)"
    )
    assert message.sms.startswith(
        "4 cases and 1 finding, first Critical L2 T-3 resolution 6 h 10 m over: About T-3."
    )
    assert message.data["ref"] in message.sms


def test_a_digest_reads_as_two_or_three_aligned_lines_a_case() -> None:
    two = evolve(
        story.breached(), link="", items=(*story.breached().items, story.item(story.age(), NOW))
    )
    message = digest(case("T-1"), two)
    assert message.email == (
        "2 cases wait for manager. Nobody owns 2 of them.\n"
        "\n"
        "What to do: see that each has one named owner, from the top down. All of\n"
        "them at any time:\n"
        "\n"
        "  sla-watchdog status\n"
        "\n"
        "  1. Breach L2    resolution 6 h 10 m over       T-1\n"
        "     About T-1\n"
        "     owner nobody\n"
        "\n"
        "  2. Breach L2    resolution 6 h 10 m over       T-4711\n"
        "     City page still online\n"
        "     owner nobody, 1 more alert\n"
        "\n"
        f"Digest {message.ref}, 3 alerts.\n"
    )


def test_a_digest_can_be_answered_case_by_case() -> None:
    linked = evolve(case("T-2"), link="https://example.org/0123456789abcdef")
    message = digest(case("T-1"), linked)
    assert "     owner nobody\n     https://example.org/0123456789abcdef\n" in message.email
    assert "The link under a case is for taking it" in " ".join(message.email.split())
    data: Any = message.data
    assert [alert["link"] for alert in data["alerts"]] == [None, linked.link]


def test_a_digest_lists_twenty_cases_and_says_how_to_see_the_rest() -> None:
    message = digest(*(case(f"T-{n}") for n in range(1_000)))
    listed = [line for line in message.email.split("\n") if line[3:5] == ". "]
    assert len(listed) == 20
    assert "The 20 worst follow; 980 more are counted below." in message.email.replace("\n", " ")
    assert "  and 980 more: sla-watchdog status\n" in message.email
    assert message.data["case_count"] == 1_000


def of_team(name: str, team: str, rule: str = "") -> Notice:
    notice = case(name)
    ruling = Ruling(NOW, rule, "office", "UTC", ()) if rule else None
    tickets = tuple(evolve(line, team=team) for line in notice.tickets)
    return evolve(notice, tickets=tickets, ruling=ruling)


def test_what_a_digest_does_not_list_is_counted_by_policy_and_team() -> None:
    listed = [case(f"A-{n:02}") for n in range(20)]
    rest = [of_team(f"B-{n}", "Trust", "standard") for n in range(3)]
    rest += [of_team("C-1", "", "standard"), of_team("C-2", "Trust"), of_team("C-3", "")]
    email = digest(*listed, *rest, story.notice(story.finding())).email
    assert (
        "  and 7 more: sla-watchdog status\n"
        "        3  standard, team Trust\n"
        "        1  findings\n"
        "        1  no team\n"
        "        1  standard, no team\n"
        "        1  team Trust\n"
    ) in email


def test_of_many_teams_a_digest_counts_the_largest() -> None:
    listed = [case(f"A-{n:02}") for n in range(20)]
    rest = [of_team(f"B-{n}-{m}", f"T{n:02}") for n in range(15) for m in range(n + 1)]
    lines = digest(*listed, *rest).email.split("\n")
    first = lines.index("       15  team T14")
    assert lines[first + 9 : first + 12] == ["        6  team T05", "       15  others", ""]


def test_a_digest_says_what_is_new_in_it() -> None:
    known = case("T-2", repetition=3, reminder=2)
    message = digest(case("T-1"), known, case("T-3", repetition=1, reminder=None))
    said = " ".join(message.email.split())
    assert "1 is new since the last message, 2 are reminders." in said
    assert message.email.count("     owner nobody, reminder\n") == 2
    assert "None of them is new since the last message." in digest(known).email.replace("\n", " ")
    assert "reminder" not in digest(case("T-1")).email


def test_a_case_of_which_anything_is_new_is_no_reminder() -> None:
    both = case("T-1", repetition=3, reminder=2)
    item = story.item(story.age(), NOW, to=MANAGER)
    assert "reminder" not in digest(evolve(both, items=(*both.items, item))).email


def test_a_digest_of_a_thousand_names_every_alert_to_machines() -> None:
    notices = [case(f"INC{n:07}") for n in range(1_000)]
    message = digest(*notices)
    assert ids_in(message) == [notice.lead.alert.id for notice in notices]
    assert len(message.refs) == 1_001
    assert len(message.body()) <= LARGEST
    assert "ids_omitted" not in message.data
    said = [alert["severity"] for alert in message.data["alerts"]]
    assert said == [notice.lead.alert.severity.value for notice in notices]


def test_ids_that_do_not_fit_are_counted_and_their_refs_stay() -> None:
    notices = [case(f"{n}{'x' * 900}") for n in range(1_000)]
    message = digest(*notices)
    assert ids_in(message) == []
    assert message.data["ids_omitted"] == 1_000
    assert message.data["alerts_omitted"] == 0
    assert set(message.refs) >= {notice.lead.alert.ref for notice in notices}
    assert len(message.body()) <= LARGEST


def test_refs_that_do_not_fit_are_counted_the_least_urgent_first() -> None:
    many = [story.item(story.resolution(subject=f"T-{n}"), NOW, to=MANAGER) for n in range(20_000)]
    message = digest(story.notice(*many), case("T-urgent", severity=Severity.CRITICAL))
    omitted: Any = message.data["alerts_omitted"]
    assert len(message.refs) - 1 + omitted == 20_001
    assert 0 < omitted < 15_000
    assert message.refs[1] == case("T-urgent", severity=Severity.CRITICAL).lead.alert.ref
    for form in (message, message.plain(), message.minimal()):
        check(form)


@unhurried
@given(
    st.lists(NOTICES, min_size=1, max_size=4),
    ANYTHING.map(lambda name: name.encode("utf-8", "replace").decode()),
)
def test_sns_takes_every_form_of_every_digest(notices: list[Notice], name: str) -> None:
    message = render_digest(notices, MANAGER, name, NOW)
    for form in (message, message.plain(), message.minimal()):
        check(form)


# ------------------------------------------------------------------ mode observe, test alerts


def test_the_daily_digest_of_mode_observe_says_who_would_have_been_told_of_what() -> None:
    lines = [observed_line(notice) for notice in (story.breached(), story.warned(), case("T-9"))]
    message = render_observed(Observed("2024-03-06", lines, 3), NOW)
    assert message.subject == "[Observe] SLA watchdog would have sent 3 messages on 2024-03-06"
    assert "  sla-watchdog go-live\n" in message.email
    assert (
        "To owner (Kim): 1\n"
        "  Warning L1   resolution 19 h 59 m left      T-4711\n"
        "    City page still online\n"
        "\n"
        "To team-lead: 1\n"
        "  Breach L2    resolution 6 h 10 m over       T-4711\n"
        "    City page still online\n"
    ) in message.email
    check(message)


def test_messages_without_a_line_are_counted() -> None:
    message = render_observed(Observed("2024-03-06", [observed_line(case("T-9"))], 4_711), NOW)
    assert "would have sent 4,711 messages" in message.email
    assert "and 4,710 more messages: sla-watchdog status\n" in message.email
    assert message.data["total"] == 4_711


def test_a_line_stays_small_and_survives_the_way_through_json() -> None:
    page = evolve(story.PAGE, subject="中\u0301" * 1_000)
    line = observed_line(story.notice(story.item(story.resolution(), NOW), tickets=(page,)))
    assert len(json.dumps(line, ensure_ascii=False).encode()) < 1_000
    assert json.loads(json.dumps(line)) == line


@unhurried
@given(st.lists(NOTICES, max_size=5))
def test_sns_takes_every_daily_digest(notices: list[Notice]) -> None:
    message = render_observed(
        Observed("2024-03-06", [observed_line(n) for n in notices], len(notices)), NOW
    )
    for form in (message, message.plain(), message.minimal()):
        check(form)


@unhurried
@given(TYPED, TYPED)
def test_sns_takes_every_test_alert(audience: str, by: str) -> None:
    message = render_test(audience, NOW, by)
    for form in (message, message.plain(), message.minimal()):
        check(form)


def test_a_test_alert_says_that_nothing_is_to_be_done() -> None:
    message = render_test("team-lead", NOW, "Kim")
    assert message.subject == "[Test] SLA watchdog: this reaches team-lead"
    assert "What to do: nothing." in message.email
    assert "Sent by Kim on Wed 2024-03-06 21:40 +00:00." in message.email
    assert message.data["kind"] == "test"


@pytest.mark.parametrize(
    "kind", [pytest.param("", id="empty"), pytest.param("\u202e\x00", id="nothing to see")]
)
def test_a_nameless_operator_is_an_operator(kind: str) -> None:
    assert "Sent by an operator" in render_test("team-lead", NOW, kind).email
