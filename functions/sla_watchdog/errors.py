"""The one base of every error this program raises on purpose, and whose fault an error is."""

from __future__ import annotations

from typing import NamedTuple

LONGEST_PROBLEM = 500
"""Characters kept of why something failed."""


class SlaWatchdogError(Exception):
    """Carries its subject in its message; is matched by type, never by text."""


class Unavailable(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """A service cannot be used now: throttled, out of reach, or forbidden to us. What was to be
    done is still to do.
    """


class Unstorable(SlaWatchdogError):  # noqa: N818 - its name is what is wrong
    """The store refuses an item for what is in it, and would every time; it is one item's fault,
    not the store's.
    """


class Fault(NamedTuple):
    """What an exception says about its cause. `of_the_service`: a service, or the way to it, is at
    fault, not the program nor what it was given. `description` is for logs: it quotes no ticket.
    """

    of_the_service: bool
    description: str
