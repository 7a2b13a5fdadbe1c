"""Business time under the name that users of the package were promised; the calendar itself is in
`sla_watchdog.domain.time`.
"""

from sla_watchdog.domain.time.calendar import Calendar

__all__ = ["Calendar"]
