"""Every reason in words, as the audit, JSON and stored items have it; and read again from them.

Stored alerts hold these words and no more, so a sentence that changes here keeps its old form as a
row of its own below the new one: what was stored before is still read as what it was.
"""

from __future__ import annotations

from sla_watchdog.domain.clocks import data_problems as problem
from sla_watchdog.domain.clocks.data_problems import AsWritten
from sla_watchdog.domain.escalation import reasons
from sla_watchdog.domain.escalation.reasons import Reason
from sla_watchdog.presentation.text.reason_template import sentence

SENTENCES = (
    sentence(reasons.LevelDue, "due"),
    sentence(reasons.Reminder, "reminder: still unresolved", before=None, only_waits=False),
    sentence(reasons.Reminder, "reminder {before:d}: still unresolved", only_waits=False),
    sentence(reasons.Reminder, "reminder: still unanswered", before=None, only_waits=True),
    sentence(reasons.Reminder, "reminder {before:d}: still unanswered", only_waits=True),
    sentence(reasons.Reopened, "it was reopened (once)", times=1),
    sentence(reasons.Reopened, "it was reopened ({times:d} times)"),
    sentence(reasons.NoOwner, "it has no owner"),
    sentence(reasons.Unreachable, "{recipient} cannot be reached"),
    sentence(reasons.Silenced, "silenced by somebody: {why}", by=""),
    sentence(reasons.Silenced, "silenced by {by}: {why}"),
    sentence(
        reasons.Promised, "acknowledged by somebody, who promised an update", by="", end=False
    ),
    sentence(reasons.Promised, "acknowledged by {by}, who promised an update", end=False),
    sentence(
        reasons.Promised, "acknowledged by somebody, who promised to resolve it", by="", end=True
    ),
    sentence(reasons.Promised, "acknowledged by {by}, who promised to resolve it", end=True),
    sentence(reasons.OutsideHours, "outside the hours of {audience}"),
    sentence(reasons.Passed, "passed: level {higher:d} was due"),
    sentence(reasons.Ended, "resolved", group="resolved"),
    sentence(reasons.Ended, "closed", group="closed"),
    sentence(reasons.RecordDeleted, "its record was deleted"),
    sentence(reasons.Paused, "it is paused"),
    sentence(reasons.PolicyChanged, "the policy was changed"),
    sentence(reasons.FieldChanged, "its customer tier was changed", field="customer_tier"),
    sentence(reasons.FieldChanged, "its due at was changed", field="due_at"),
    sentence(reasons.FieldChanged, "its {field} was changed"),
    sentence(reasons.HistoryCorrected, "its history was put right"),
    sentence(problem.DeletedUnresolved, "the record was deleted while the ticket was unresolved"),
    sentence(problem.UnknownStatus, "status {status!r} is in no group of the policy file"),
    sentence(problem.UnknownPriority, "priority {priority!r} is not in the policy file"),
    sentence(
        problem.TooManyTickets,
        "{link} {name!r} names a case of {most:d} tickets already; this one is judged by itself",
    ),
    sentence(
        problem.NoDeadline,
        "{name}: missing, so the one before counts on",
        value=None,
        without=None,
    ),
    sentence(problem.NoDeadline, "{name}: missing, so {without} has none", value=None),
    sentence(
        problem.NoDeadline,
        "{name}: {value!r} is no deadline, so the one before counts on",
        without=None,
    ),
    sentence(problem.NoDeadline, "{name}: {value!r} is no deadline, so {without} has none"),
    sentence(
        problem.LooksAlike,
        "{ticket} of another customer quotes the id of {other}, less than a day old",
        days=0,
        what="id quoted by another customer",
    ),
    sentence(
        problem.LooksAlike,
        "{ticket} of another customer quotes the id of {other}, 1 day old",
        days=1,
        what="id quoted by another customer",
    ),
    sentence(
        problem.LooksAlike,
        "{ticket} of another customer quotes the id of {other}, {days:d} days old",
        what="id quoted by another customer",
    ),
    sentence(
        problem.LooksAlike,
        "{ticket} looks like {other}, less than a day old: same customer, same {what}",
        days=0,
    ),
    sentence(
        problem.LooksAlike,
        "{ticket} looks like {other}, 1 day old: same customer, same {what}",
        days=1,
    ),
    sentence(
        problem.LooksAlike,
        "{ticket} looks like {other}, {days:d} days old: same customer, same {what}",
    ),
    sentence(
        problem.Downgraded, "{metric}: moved to the policy {rule!r} shortly before its deadline"
    ),
    sentence(
        problem.MergedIntoEnded,
        "merged into {survivor}, which is over or deleted; it counts as open",
    ),
    sentence(
        problem.MergedIntoUnseen,
        "merged into {survivor}, which was never seen; it counts as open",
    ),
    sentence(problem.MergedInCircle, "merged in a circle (into {survivor})"),
    sentence(problem.MergedIntoItself, "merged into itself"),
    sentence(reasons.MergedInto, "merged into {ticket}"),
    sentence(
        problem.BeyondHolidays,
        "due after {year:d}-12-31, up to which the holidays of the calendar {calendar!r} are "
        "known; deploy again, or list later ones in the policy file",
    ),
    sentence(AsWritten, "{text}"),
    sentence(reasons.Ended, "{group}"),
)
"""Of those of one kind the first that fits is said. Of those that could be read from a text the
first counts: the longer sentence stands before the shorter that begins or ends alike.
"""


def worded(reason: Reason) -> str:
    for known in SENTENCES:
        if known.fits(reason):
            return known.say(reason)
    raise ValueError(f"{reason} has no words")


def read_reason(text: str) -> Reason:
    """The reason that is worded so; as it was written, where none is."""
    for known in SENTENCES:
        reason = known.read(text)
        if reason is not None and worded(reason) == text:
            return reason
    return AsWritten(text)
