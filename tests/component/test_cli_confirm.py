"""`confirm`: a subscription that no link in a mail can end, from the link that nobody opened."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from component.cli_desk import ARN, Operator, refusal
from sla_watchdog.domain.escalation.subscribers import Seat, SubscriptionState
from sla_watchdog.tools.cli import UsageError
from sla_watchdog.tools.cli.confirm.command import Link, link_in

TOKEN = "2336412f37fb687f5d51e6e2425c464de" * 4
PAGE = (
    f"https://sns.eu-central-1.amazonaws.com/confirmation.html?TopicArn={ARN}manager&Token={TOKEN}"
)
MAIL = f"{PAGE}&Endpoint=grace@example.org"
HOOK = (
    f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={quote(ARN, safe='')}manager"
    f"&Token={TOKEN}"
)
WRAPPED = f"https://eur01.safelinks.protection.outlook.com/?url={quote(MAIL, safe='')}&data=05%7C01"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MAIL, id="of a mail"),
        pytest.param(HOOK, id="of a web hook or a queue"),
        pytest.param(f"  <{MAIL}>\n", id="with what stood around it"),
        pytest.param(MAIL.replace("&", "&amp;"), id="out of the source of a page"),
        pytest.param(WRAPPED, id="wrapped by a mail gateway"),
        pytest.param(
            f"https://urldefense.example.org/v2?u={quote(WRAPPED, safe='')}", id="wrapped twice"
        ),
    ],
)
def test_topic_and_token_are_found_in_the_link(text: str) -> None:
    assert link_in(text) == Link(f"{ARN}manager", TOKEN)


def test_a_token_by_itself_is_enough() -> None:
    assert link_in(TOKEN) == Link("", TOKEN)


@pytest.mark.parametrize(
    "text", ["", "manager", "https://example.org/?a=b", "https://[broken?Token=", f"{PAGE[:60]}"]
)
def test_what_has_no_token_in_it_is_no_link(text: str) -> None:
    with pytest.raises(UsageError, match="no Token in it"):
        link_in(text)


@pytest.fixture
def confirmed(operator: Operator) -> list[Any]:
    """What SNS was asked to confirm; it does so for grace."""
    operator("subscribe", "manager", "grace@example.org")
    calls: list[Any] = []

    def confirm(call: Any) -> tuple[int, dict[str, Any]]:
        calls.append(
            {
                name: call["body"].get(name)
                for name in ("TopicArn", "Token", "AuthenticateOnUnsubscribe")
            }
        )
        listed = operator.desk.sns.list_subscriptions_by_topic(TopicArn=f"{ARN}manager")[
            "Subscriptions"
        ]
        (arn,) = [
            each["SubscriptionArn"] for each in listed if each["Endpoint"] == "grace@example.org"
        ]
        return 200, {"SubscriptionArn": arn}

    operator.answers["sns.ConfirmSubscription"] = confirm
    return calls


def authenticated(operator: Operator, how: str) -> None:
    attributes = {"Attributes": {"ConfirmationWasAuthenticated": how}}
    operator.answers["sns.GetSubscriptionAttributes"] = lambda _: (200, attributes)


def test_it_is_confirmed_so_that_only_the_account_can_end_it(
    operator: Operator, confirmed: list[Any]
) -> None:
    authenticated(operator, "true")
    ran = operator("confirm", "manager", MAIL)
    assert confirmed == [
        {"TopicArn": f"{ARN}manager", "Token": TOKEN, "AuthenticateOnUnsubscribe": "true"}
    ]
    assert ran.code == 0
    assert (
        "grace@example.org is confirmed for sla-manager; no link in a mail ends that." in ran.said
    )


def test_from_then_on_it_is_missed_when_it_goes(operator: Operator, confirmed: list[Any]) -> None:
    authenticated(operator, "true")
    operator("confirm", "manager", TOKEN)
    seat = Seat.of("manager", "email", "grace@example.org")
    assert (
        operator.desk.parts.watch.rosters.read().subscribers[seat].state
        is SubscriptionState.CONFIRMED
    )
    assert (operator.desk.parts.watch.topic_counts.read() or {})["manager"] == 2


def test_a_link_that_a_mail_scanner_opened_before_is_said_and_is_no_success(
    operator: Operator, confirmed: list[Any]
) -> None:
    authenticated(operator, "false")
    ran = operator("confirm", "manager", MAIL)
    assert ran.code == 1
    assert "was opened before, by somebody or by a mail scanner" in ran.said
    assert (
        operator("confirm", "manager", MAIL, "--json").json["unsubscribe_needs_credentials"]
        is False
    )


def test_json_says_what_was_confirmed(operator: Operator, confirmed: list[Any]) -> None:
    authenticated(operator, "true")
    answer = operator("confirm", "manager", MAIL, "--json").json
    assert answer.pop("subscription_arn").startswith(f"{ARN}manager:")
    assert answer == {
        "topic": "sla-manager",
        "endpoint": "grace@example.org",
        "state": "confirmed",
        "unsubscribe_needs_credentials": True,
    }


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param(
            ["executive", MAIL],
            "this link is for sla-manager, which is no topic of executive",
            id="another",
        ),
        pytest.param(
            ["manager", "--urgent", MAIL], "not for sla-manager-urgent", id="not the urgent one"
        ),
        pytest.param(
            ["manager", MAIL.replace("sla-manager", "other-manager")],
            "this link is for other-manager, which is no topic of manager",
            id="of another stack",
        ),
        pytest.param(["manger", MAIL], "did you mean manager?", id="a misspelt audience"),
    ],
)
def test_a_link_of_another_topic_confirms_nothing(
    operator: Operator, confirmed: list[Any], argv: list[str], said: str
) -> None:
    ran = operator("confirm", *argv)
    assert (ran.code, confirmed) == (2, [])
    assert said in " ".join(ran.err.split())


def test_the_link_itself_says_whose_topic_of_the_audience_it_is(
    operator: Operator, confirmed: list[Any]
) -> None:
    authenticated(operator, "true")
    operator("confirm", "manager", MAIL.replace("sla-manager", "sla-manager-urgent"))
    assert [each["TopicArn"] for each in confirmed] == [f"{ARN}manager-urgent"]


def test_a_link_that_is_too_old_says_how_to_get_a_new_one(operator: Operator) -> None:
    operator.answers["sns.ConfirmSubscription"] = lambda _: refusal(
        "InvalidParameter", "Invalid token"
    )
    ran = operator("confirm", "manager", MAIL)
    assert ran.code == 2
    assert "older than 2 days or was replaced" in " ".join(ran.err.split())


def test_somebody_without_the_right_is_told_so(operator: Operator) -> None:
    operator.answers["sns.ConfirmSubscription"] = lambda _: refusal("AuthorizationError", "no")
    assert "you may not do ConfirmSubscription" in operator("confirm", "manager", MAIL).err


def test_subscribe_says_how_to_confirm_without_opening_the_link(operator: Operator) -> None:
    operator("subscribe", "manager", "grace@example.org")
    operator.nobody_has_confirmed()
    assert (
        "sla-watchdog confirm manager 'LINK'"
        in operator("subscribe", "manager", "grace@example.org").said
    )


def test_the_confirmed_answer_needs_no_list(operator: Operator, confirmed: list[Any]) -> None:
    """SNS lists a subscription a moment later than it confirms it."""
    authenticated(operator, "true")
    operator.answers["sns.ConfirmSubscription"] = lambda _: (
        200,
        {"SubscriptionArn": f"{ARN}manager:none-yet"},
    )
    ran = operator("confirm", "manager", MAIL)
    assert (ran.code, "The address is confirmed for sla-manager" in ran.said) == (0, True)
