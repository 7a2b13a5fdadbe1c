"""Who was subscribed and no longer is: what each look at SNS changes, and who is notified of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from building import DAY, HOUR, at, policy
from sla_watchdog.domain.escalation.absences import (
    above,
    after_notifying,
    due_absences,
    from_the_top,
)
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import (
    Roster,
    Seat,
    Subscriber,
    SubscriptionState,
    noted,
    observed,
)
from sla_watchdog.domain.policy.model import Audience, Policy
from sla_watchdog.presentation.text.absence import render_absence, todo
from sns_limits import problem_of_body, problem_of_subject

NOW = at("2026-03-02T12:00")
KIM = Seat.of("executive", "email", "kim@example.org")
PHONE = Seat.of("executive-urgent", "sms", "+15555550100")
EVERYBODY = {"owner": 1, "team-lead": 1, "manager": 1, "executive": 1, "operations": 1}
S = SubscriptionState


def roster(seat: Seat = KIM, state: SubscriptionState = S.CONFIRMED, ago: int = HOUR) -> Roster:
    return Roster({seat: Subscriber(state, NOW - ago)})


def state_after(
    before: SubscriptionState, seen: SubscriptionState | None, ago: int = HOUR, seat: Seat = KIM
) -> SubscriptionState | None:
    known = observed(roster(seat, before, ago), {} if seen is None else {seat: seen}, (), NOW)
    return known.subscribers[seat].state if seat in known.subscribers else None


@pytest.mark.parametrize(
    ("before", "seen", "after"),
    [
        pytest.param(S.CONFIRMED, S.CONFIRMED, S.CONFIRMED, id="all is well"),
        pytest.param(S.CONFIRMED, None, S.GONE, id="somebody opened the unsubscribe link"),
        pytest.param(S.CONFIRMED, S.PENDING, S.SUSPENDED, id="SNS suspended it for too many mails"),
        pytest.param(S.SUSPENDED, S.PENDING, S.SUSPENDED, id="suspended still"),
        pytest.param(S.SUSPENDED, None, S.GONE, id="suspended, then dropped by SNS"),
        pytest.param(S.SUSPENDED, S.CONFIRMED, S.CONFIRMED, id="confirmed again"),
        pytest.param(S.PENDING, S.PENDING, S.PENDING, id="not confirmed yet"),
        pytest.param(S.PENDING, S.CONFIRMED, S.CONFIRMED, id="confirmed"),
        pytest.param(S.PENDING, None, S.LAPSED, id="never confirmed, and dropped after two days"),
        pytest.param(S.GONE, S.PENDING, S.PENDING, id="subscribed again"),
        pytest.param(S.GONE, S.CONFIRMED, S.CONFIRMED, id="back"),
        pytest.param(S.GONE, None, S.GONE, id="gone still"),
        pytest.param(S.CONFIRMED, S.OPTED_OUT, S.OPTED_OUT, id="a number opted out"),
        pytest.param(S.OPTED_OUT, S.CONFIRMED, S.CONFIRMED, id="a number opted in again"),
        pytest.param(S.OPTED_OUT, None, S.GONE, id="opted out, then gone"),
        pytest.param(S.CONFIRMED, S.UNVERIFIED, S.UNVERIFIED, id="the account is in the sandbox"),
        pytest.param(S.ENDED, None, None, id="unsubscribed on purpose, and forgotten"),
        pytest.param(
            S.ENDED, S.CONFIRMED, S.ENDED, id="unsubscribed on purpose; the list lags behind"
        ),
        pytest.param(S.ENDED, S.PENDING, S.ENDED, id="unsubscribed before it was confirmed"),
    ],
)
def test_each_look_at_sns_moves_a_subscriber_on(
    before: SubscriptionState, seen: SubscriptionState | None, after: SubscriptionState | None
) -> None:
    assert state_after(before, seen) is after


def test_who_is_listed_as_confirmed_a_day_after_the_end_is_a_subscriber_again() -> None:
    assert state_after(S.ENDED, S.CONFIRMED, ago=DAY - 1) is S.ENDED
    assert state_after(S.ENDED, S.CONFIRMED, ago=DAY) is S.CONFIRMED
    assert state_after(S.ENDED, S.PENDING, ago=2 * DAY) is S.ENDED


def test_who_was_just_subscribed_is_not_missed_while_the_list_of_sns_lags() -> None:
    assert state_after(S.PENDING, None, ago=60) is S.PENDING
    assert state_after(S.CONFIRMED, None, ago=60) is S.CONFIRMED


def test_of_a_topic_that_cannot_be_listed_nothing_is_concluded() -> None:
    assert observed(roster(), {}, ["executive"], NOW) == roster()


def test_a_state_keeps_the_time_at_which_it_began() -> None:
    gone = observed(roster(), {}, (), NOW)
    assert observed(gone, {}, (), NOW + 5 * DAY).subscribers[KIM] == Subscriber(S.GONE, NOW)


@pytest.mark.parametrize(("ago", "missed"), [(DAY - 1, False), (DAY, True)])
def test_a_pending_address_is_missed_after_a_day(ago: int, missed: bool) -> None:
    assert bool(roster(state=S.PENDING, ago=ago).missing(policy(), NOW)) is missed


def test_an_audience_that_the_policy_no_longer_has_misses_nobody() -> None:
    known = roster(Seat.of("press", "email", "a@example.org"), S.GONE)
    assert known.missing(policy(), NOW) == ()


# ------------------------------------------------------------------ who is notified


def notified(
    known: Roster, reachable: Mapping[str, int] = EVERYBODY, live: bool = True, now: int = NOW
) -> list[str]:
    return [each.to.name for each in due_absences(known, reachable, policy(), now, live)]


def gone(topic: str, protocol: str = "email", endpoint: str = "kim@example.org") -> Roster:
    return roster(Seat.of(topic, protocol, endpoint), S.GONE)


@pytest.mark.parametrize(
    ("topic", "without", "hear"),
    [
        pytest.param(
            "owner",
            "",
            ["owner", "team-lead", "operations"],
            id="the members left, the next up, operations",
        ),
        pytest.param("owner", "owner", ["team-lead", "operations"], id="nobody is left in it"),
        pytest.param("owner", "owner team-lead", ["manager", "operations"], id="nor in the next"),
        pytest.param("executive", "", ["executive", "operations"], id="nobody is above the top"),
        pytest.param("executive", "executive", ["operations"], id="the top alone"),
        pytest.param(
            "owner--kim", "", ["owner", "team-lead", "operations"], id="one person's topic"
        ),
        pytest.param(
            "owner-urgent",
            "",
            ["owner", "team-lead", "operations"],
            id="the topic of urgent alerts",
        ),
        pytest.param("operations", "", ["operations"], id="one of several in operations"),
        pytest.param(
            "operations", "operations", ["executive"], id="operations have nobody: the top"
        ),
        pytest.param(
            "operations", "operations executive", ["manager"], id="nor has the top: the next below"
        ),
        pytest.param(
            "owner",
            "operations",
            ["owner", "team-lead", "executive"],
            id="the top stands in for operations",
        ),
        pytest.param(
            "owner", "owner team-lead manager executive operations", [], id="nobody anywhere"
        ),
    ],
)
def test_who_hears_that_somebody_is_missing(topic: str, without: str, hear: list[str]) -> None:
    reachable = {name: 0 if name in without.split() else count for name, count in EVERYBODY.items()}
    assert notified(gone(topic), reachable) == hear


def test_others_with_a_topic_of_their_own_hear_of_the_one_they_shared_it_with() -> None:
    assert notified(gone("owner--kim"), EVERYBODY | {"owner--kim": 1}) == [
        *("owner", "owner--kim", "team-lead", "operations")
    ]


def test_those_for_urgent_alerts_alone_hear_of_it_where_nobody_else_is_left() -> None:
    reachable = EVERYBODY | {"executive": 0, "executive-urgent": 1}
    assert notified(gone("executive-urgent", "sms", "+15555550100"), reachable) == [
        "executive-urgent",
        "operations",
    ]
    assert "executive-urgent" not in notified(
        gone("executive-urgent"), EVERYBODY | {"executive-urgent": 1}
    )


def test_in_mode_observe_operations_alone_hear_of_it() -> None:
    assert notified(gone("owner"), live=False) == ["operations"]
    assert notified(gone("owner"), EVERYBODY | {"operations": 0}, live=False) == ["executive"]


def test_who_hears_of_it_in_two_ways_reads_it_once() -> None:
    known = gone("executive")
    (absence,) = due_absences(known, EVERYBODY | {"operations": 0}, policy(), NOW, live=True)
    assert (absence.to, len(absence.missing), absence.vacant) == (Recipient("executive"), 1, True)


def test_operations_without_anybody_are_told_to_the_top_also_where_nobody_ever_was() -> None:
    (absence,) = due_absences(Roster(), EVERYBODY | {"operations": 0}, policy(), NOW, live=True)
    assert (absence.to, absence.missing, absence.vacant) == (Recipient("executive"), (), True)


def test_where_urgent_alerts_alone_reach_somebody_that_one_hears_of_the_absences_of_others() -> (
    None
):
    nobody = dict.fromkeys(EVERYBODY, 0)
    assert notified(Roster(), nobody | {"manager-urgent": 1}) == ["manager-urgent"]
    assert notified(gone("owner"), nobody | {"team-lead-urgent": 1, "operations": 1}) == [
        "team-lead-urgent",
        "operations",
    ]
    assert notified(Roster(), nobody | {"manager": 1, "manager-urgent": 1}) == ["manager"]


def times_told(known: Roster, reachable: Mapping[str, int], days: int) -> list[int]:
    """Hours after the first at which the sweep of each hour finds something to tell."""
    hours = []
    for hour in range(days * 24):
        now = NOW + hour * HOUR
        if absences := due_absences(known, reachable, policy(), now, live=True):
            known = after_notifying(known, absences, now + 60)
            hours.append(hour)
    return hours


def test_it_is_told_once_and_then_weekly_while_somebody_else_is_there() -> None:
    assert times_told(gone("executive"), EVERYBODY, 15) == [0, 7 * 24, 14 * 24]


def test_an_audience_without_anybody_is_told_of_daily() -> None:
    assert times_told(gone("manager"), EVERYBODY | {"manager": 0}, 3) == [0, 24, 48]
    assert times_told(Roster(), EVERYBODY | {"operations": 0}, 3) == [0, 24, 48]


def test_who_comes_back_and_goes_once_more_is_told_of_anew() -> None:
    known = gone("executive", endpoint=KIM.endpoint)
    known = after_notifying(known, due_absences(known, EVERYBODY, policy(), NOW, live=True), NOW)
    back = observed(known, {KIM: S.CONFIRMED}, (), NOW + HOUR)
    assert notified(back, now=NOW + HOUR) == []
    again = observed(back, {}, (), NOW + 2 * HOUR)
    assert notified(again, now=NOW + 2 * HOUR) == ["executive", "operations"]


def test_operations_emptied_anew_are_told_of_at_once() -> None:
    seat = Seat.of("operations", "email", "kim@example.org")
    empty = {**EVERYBODY, "operations": 0}
    known = after_notifying(Roster(), due_absences(Roster(), empty, policy(), NOW, live=True), NOW)
    back = observed(known, {seat: S.CONFIRMED}, (), NOW + HOUR)
    assert notified(observed(back, {}, (), NOW + 2 * HOUR), empty, now=NOW + 2 * HOUR) == [
        "executive"
    ]


def test_unsubscribe_ends_the_reminders() -> None:
    assert notified(noted(roster(state=S.GONE), KIM, S.ENDED, NOW)) == []


def test_who_subscribes_again_has_a_day_to_confirm() -> None:
    waiting = noted(roster(state=S.GONE), KIM, S.PENDING, NOW)
    assert notified(waiting, now=NOW + DAY - 1) == []
    assert notified(waiting, now=NOW + DAY) == ["executive", "operations"]


def test_the_next_audience_up_is_that_of_the_ladder_whatever_the_order_of_the_file() -> None:
    mixed: Policy = policy(
        audiences={name: Audience(name) for name in ("executive", "owner", "manager", "team-lead")}
    )
    assert [above(mixed, name) for name in ("owner", "team-lead", "manager", "executive")] == [
        *("team-lead", "manager", "executive", None)
    ]
    assert from_the_top(mixed) == ("executive", "manager", "team-lead", "owner")


# ------------------------------------------------------------------ what is told


@pytest.mark.parametrize(
    "state", [state for state in SubscriptionState if state not in (S.CONFIRMED, S.ENDED)]
)
def test_sns_takes_every_message_and_it_says_who_and_what_to_do(state: SubscriptionState) -> None:
    known = roster(PHONE if state in (S.OPTED_OUT, S.UNVERIFIED) else KIM, state, ago=2 * DAY)
    (first, *_) = due_absences(known, EVERYBODY, policy(), NOW, live=True)
    message = render_absence(first, NOW)
    assert (problem_of_subject(message.subject), problem_of_body(message.body())) == ("", "")
    (seat,) = known.subscribers
    assert seat.endpoint in message.email
    assert (
        f"sla-watchdog unsubscribe executive{' --urgent' if seat is PHONE else ''} {seat.endpoint}"
        in message.email
    )
    assert "What to do:" in message.email
    assert max(map(len, message.email.splitlines())) <= 110


@pytest.mark.parametrize("state", [S.PENDING, S.SUSPENDED])
def test_who_must_confirm_is_to_do_it_by_the_command_and_not_by_opening_the_link(
    state: SubscriptionState,
) -> None:
    (first, *_) = due_absences(roster(KIM, state, ago=2 * DAY), EVERYBODY, policy(), NOW, live=True)
    (missing, *_) = first.missing
    command = "sla-watchdog confirm executive 'LINK'"
    assert f"unopened, and confirm with it: `{command}`." in todo(missing)
    assert f"unopened, and confirm with it:\n  {command}\n" in render_absence(first, NOW).email


def test_the_path_of_a_web_hook_is_told_to_nobody() -> None:
    known = gone("executive", "https", "https://user:pass@hooks.example.org/T0/secret?key=secret")
    (first, *_) = due_absences(known, EVERYBODY, policy(), NOW, live=True)
    assert "secret" not in render_absence(first, NOW).body()
    assert "pass" not in render_absence(first, NOW).body()
    assert "https://hooks.example.org/..." in render_absence(first, NOW).email


def test_a_thousand_who_are_missing_fit_into_one_message() -> None:
    seats = [
        Seat.of("executive", "email", f"someone.with.a.long.name.{n}@example.org")
        for n in range(1000)
    ]
    known = Roster({seat: Subscriber(S.GONE, NOW) for seat in seats})
    (first, *_) = due_absences(known, EVERYBODY, policy(), NOW, live=True)
    message = render_absence(first, NOW)
    assert problem_of_body(message.body()) == ""
    assert "and 960 more addresses" in message.email
