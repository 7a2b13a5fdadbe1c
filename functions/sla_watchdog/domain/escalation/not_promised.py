"""Why a promise cannot be made: a value for each reason. The presentation words them."""

from __future__ import annotations

from enum import Enum, auto

from attrs import frozen

from sla_watchdog.errors import SlaWatchdogError


class PromiseRefusal(Enum):
    """What is wrong, where nothing more is to be said of it."""

    NO_NAME = auto()
    NAME_TOO_LONG = auto()
    NO_TIME_CHOSEN = auto()
    TIME_IS_PAST = auto()
    NOT_LATER = auto()
    """An update is promised for that time already, or for a later one."""
    NO_SNOOZE_LEFT = auto()
    NOTHING_TO_PUT_OFF = auto()
    NO_HOURS_AHEAD = auto()


@frozen
class TooFarAway:
    """The policy allows `latest` at most; `zone` is that of the case's calendar."""

    latest: int
    zone: str


@frozen
class PromisedAlready:
    """`by` promised an update, which can only be put off."""

    by: str


@frozen
class NoSuchCase:
    """None that can be read."""

    case: str


@frozen
class CaseIsOver:
    case: str


Why = PromiseRefusal | TooFarAway | PromisedAlready | NoSuchCase | CaseIsOver


class NotPromised(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The promise cannot be made, and `why`."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why
