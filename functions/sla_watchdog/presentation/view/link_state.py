"""What somebody sees who opens the link of a message."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from sla_watchdog.domain.clocks.promises import Promise
from sla_watchdog.domain.escalation.acknowledgement import Answer, Promising
from sla_watchdog.domain.escalation.proposals import Proposal
from sla_watchdog.presentation.view.notice import Notice


class LinkStatus(Enum):
    """What stands behind a link now."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    OVER = "over"
    PROPOSAL = "proposal"
    """It only asks whether two tickets are one matter."""
    UNREADABLE = "unreadable"
    OPEN = "open"


@frozen
class LinkState:
    """`taken` is the promise that was made with the link; `notice` is there once the case could be
    read; `promising` while the link is open.

    `counted` is what this very request answered; `late` says that it answered, and somebody had
    before. `proposals` are tickets that may be one matter, of which it asks.
    """

    state: LinkStatus
    taken: Promise | None = None
    notice: Notice | None = None
    promising: Promising | None = None
    counted: Answer | None = None
    late: bool = False
    proposals: tuple[Proposal, ...] = ()
