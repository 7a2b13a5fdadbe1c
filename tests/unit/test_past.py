"""What became of a case so far, from its facts."""

from __future__ import annotations

from attrs import evolve

from building import at, policy
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.domain.tickets.merges import tickets_of
from sla_watchdog.presentation.text.case_history import past_in_words
from sla_watchdog.presentation.view.case_history import CaseHistory, past
from unit import story

DST = "2026-03-29T00:30"
"""An hour before the clocks of Berlin go forward."""

SAID = [
    Fact("T-1", "created", at(DST)),
    Fact("T-1", "status", at(DST), "New"),
    Fact("T-1", "team", at(DST), "Pages"),
    Fact("T-1", "team", at("2026-03-30T08:00"), "Legal"),
    Fact("T-1", "team", at("2026-03-31T08:00"), "Pages"),
    Fact("T-1", "assignee", at("2026-03-31T09:00"), "Kim"),
    Fact("T-1", "agent_reply", at("2026-03-31T10:00"), "Kim"),
    Fact("T-1", "agent_reply", at("2026-03-31T10:30"), "auto-reply"),
    Fact("T-1", "customer_reply", at("2026-03-31T11:00")),
    Fact("T-1", "status", at("2026-04-01T09:00"), "Resolved"),
    Fact("T-1", "status", at("2026-04-02T09:00"), "New"),
    Fact("T-2", "created", at("2026-04-03T09:00"), "agent"),
    Fact("T-2", "status", at("2026-04-03T09:00"), "New"),
    Fact("T-2", "team", at("2026-04-03T09:00"), "Social"),
    Fact("T-2", "customer_reply", at("2026-04-04T09:00")),
]


def of(*said: Fact) -> CaseHistory | None:
    facts, judged_by = Facts.of(said), policy()
    return past(tickets_of(facts, judged_by), facts, judged_by)


def test_it_is_counted_over_all_tickets_of_the_case() -> None:
    assert of(*SAID) == CaseHistory(
        opened_as="T-1",
        by_agent=False,
        teams=("Pages", "Legal", "Social"),
        handovers=2,
        reopenings=(at("2026-04-02T09:00"),),
        replies=(at("2026-03-31T10:00"),),
        asked=(at("2026-03-31T11:00"), at("2026-04-04T09:00")),
        idle_since=at("2026-04-02T09:00"),
        requests=(at(DST),),
        ended=1,
    )


def test_of_no_ticket_there_is_none() -> None:
    assert of() is None


def words(now: str, *said: Fact) -> dict[str, str]:
    notice = evolve(story.warned(), past=of(*said), zone="Europe/Berlin", opened_at=said[0].at)
    return {label: text.replace("\u00a0", " ") for label, text in past_in_words(notice, at(now))}


def test_five_lines_say_it_with_the_offset_of_each_day() -> None:
    assert words("2026-04-05T09:00", *SAID) == {
        "Opened": "Sun 2026-03-29 01:30 +01:00 by the customer, as T-1",
        "Teams": "Pages, Legal and Social; passed on twice",
        "Reopened": "once, last Thu 2026-04-02 11:00 +02:00",
        "Replies": "1 by the desk, last Tue 2026-03-31 12:00 +02:00; "
        "2 by the customer, last Sat 2026-04-04 11:00 +02:00",
        "Progress": "none for 3 d, since Thu 2026-04-02 11:00 +02:00",
    }


def test_what_is_not_known_is_not_claimed() -> None:
    assert words("2026-03-29T02:30", *SAID[:2]) == {
        "Opened": "Sun 2026-03-29 01:30 +01:00 by the customer, as T-1",
        "Teams": "none",
        "Reopened": "never",
        "Replies": "none is known, of either side",
        "Progress": "none for 2 h, since Sun 2026-03-29 01:30 +01:00",
    }
