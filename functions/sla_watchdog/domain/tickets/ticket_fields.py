"""The fields of a ticket. A new one is added here, and nowhere else.

What a record may say, what a policy file may map, what a condition may ask for and which columns
an import may have: all of it follows from this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import frozen


class Holds(Enum):
    ID = "read from the key of the record"
    STATE = "its changes are kept"
    LINK = "as a state; it names what the ticket belongs to"
    TIME = "an instant that one part or another asks for"
    REPLY = "when the event last happened"
    END = "when the event last happened, which counts while the ticket is over"
    COUNT = "of events; kept where a policy asks for it"

    @property
    def is_state(self) -> bool:
        return self in (Holds.STATE, Holds.LINK)

    @property
    def is_time(self) -> bool:
        return self in (Holds.TIME, Holds.REPLY, Holds.END)


@frozen
class TicketField:
    """`event` is the fact that a time tells. `moves_deadlines`: a change of it may choose another
    rule, or is a deadline.
    """

    name: str
    holds: Holds
    event: str = ""
    moves_deadlines: bool = False


FIELDS = (
    TicketField("ticket_id", Holds.ID),
    TicketField("created_at", Holds.TIME),
    TicketField("status", Holds.STATE),
    TicketField("priority", Holds.STATE, moves_deadlines=True),
    TicketField("team", Holds.STATE, moves_deadlines=True),
    TicketField("assignee", Holds.STATE),
    TicketField("subject", Holds.STATE),
    TicketField("url", Holds.STATE),
    TicketField("channel", Holds.STATE),
    TicketField("category", Holds.STATE, moves_deadlines=True),
    TicketField("tags", Holds.STATE, moves_deadlines=True),
    TicketField("customer_id", Holds.STATE),
    TicketField("customer_name", Holds.STATE),
    TicketField("customer_tier", Holds.STATE, moves_deadlines=True),
    TicketField("case_id", Holds.LINK),
    TicketField("merged_into", Holds.LINK),
    TicketField("follow_up_of", Holds.LINK),
    TicketField("split_from", Holds.LINK),
    TicketField("due_at", Holds.TIME, moves_deadlines=True),
    TicketField("updated_at", Holds.TIME),
    TicketField("first_response_at", Holds.REPLY, "agent_reply"),
    TicketField("last_agent_reply_at", Holds.REPLY, "agent_reply"),
    TicketField("last_customer_reply_at", Holds.REPLY, "customer_reply"),
    TicketField("resolved_at", Holds.END, "resolved"),
    TicketField("closed_at", Holds.END, "closed"),
    TicketField("reopened_count", Holds.COUNT),
    TicketField("reassigned_count", Holds.COUNT),
)


def _events(holds: Holds) -> Mapping[str, str]:
    return {field.name: field.event for field in FIELDS if field.holds is holds}


TICKET_FIELDS = tuple(field.name for field in FIELDS)
STATES = tuple(field.name for field in FIELDS if field.holds.is_state)
"""Fields whose changes are kept of every ticket; a condition may read any other."""
LINKS = tuple(field.name for field in FIELDS if field.holds is Holds.LINK)
"""Fields that name what a ticket belongs to: a case of the desk's own, or another ticket."""
TIMES = frozenset(field.name for field in FIELDS if field.holds.is_time)
REPLIES = _events(Holds.REPLY)
ENDS = _events(Holds.END)
MOVE_DEADLINES = frozenset(field.name for field in FIELDS if field.moves_deadlines)
