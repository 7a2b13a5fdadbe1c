"""A recipient is reached by one channel; which one, its registration says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from sla_watchdog.adapters.channels.channels import Channels
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.domain.escalation.subscribers import Seat, SubscriptionState
from sla_watchdog.presentation.text import Message, NoTopic, Sent, render_test
from sla_watchdog.usecases.sweep.ports import Listed

OWNER, LEAD = Recipient("owner"), Recipient("team-lead")
MESSAGE = render_test("owner", 1_764_000_000, "somebody")


@frozen
class Rooms:
    """A channel to the recipients that have a room; `silent` are those of which it cannot tell."""

    rooms: Mapping[str, str]
    silent: Mapping[str, str] = field(factory=dict)
    posted: list[str] = field(factory=list)

    def carries(self, recipient: Recipient) -> bool:
        return recipient.name in self.rooms

    def publish(self, recipient: Recipient, _message: Message) -> Sent:
        self.posted.append(self.rooms[recipient.name])
        return Sent(f"m-{len(self.posted)}", recipient.name)

    def listed(self, names: Iterable[str]) -> tuple[Mapping[str, list[Listed]], Mapping[str, str]]:
        there = {name: self.rooms[name] for name in names if name in self.rooms}
        listed = {name: [Listed(seat(name, room), True)] for name, room in there.items()}
        return listed, self.silent

    def phone_states(self, _numbers: Iterable[str]) -> Mapping[str, SubscriptionState]:
        return {}


def seat(recipient: str, room: str) -> Seat:
    return Seat(recipient, "room", room)


def test_the_first_channel_that_carries_a_recipient_gets_its_messages() -> None:
    first, second = Rooms({"owner": "#desk"}), Rooms({"owner": "#all", "team-lead": "#all"})
    channels = Channels((first, second))
    assert channels.publish(OWNER, MESSAGE) == Sent("m-1", "owner")
    assert channels.publish(LEAD, MESSAGE) == Sent("m-1", "team-lead")
    assert (first.posted, second.posted) == (["#desk"], ["#all"])


def test_a_recipient_that_no_channel_carries_has_nobody() -> None:
    assert Channels((Rooms({}),)).publish(OWNER, MESSAGE) == NoTopic("owner")


def test_who_listens_is_known_of_all_channels_together() -> None:
    channels = Channels((Rooms({"owner": "#desk"}), Rooms({"owner": "#all", "team-lead": "#all"})))
    listed, unlisted = channels.listed(["owner", "team-lead", "manager"])
    assert {name: [each.seat.endpoint for each in seats] for name, seats in listed.items()} == {
        "owner": ["#desk", "#all"],
        "team-lead": ["#all"],
    }
    assert unlisted == {}


def test_of_a_recipient_that_one_channel_cannot_tell_of_nothing_is_known() -> None:
    channels = Channels((Rooms({"owner": "#desk"}), Rooms({}, silent={"owner": "out of order"})))
    assert channels.listed(["owner"]) == ({}, {"owner": "out of order"})
