"""What a digest counts: what is new in it, and what it does not list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.text.layout import WIDTH
from sla_watchdog.presentation.text.wording import lines_about, name_of
from sla_watchdog.presentation.view.notice import Kind, Notice

MOST_GROUPS = 10
"""Of cases that are only counted, so many lines at most."""


def is_new(notice: Notice) -> bool:
    """Whether anything in it is no reminder."""
    return any(item.alert.reminder == 0 for item in notice.items)


def news(waiting: Sequence[Notice]) -> str:
    """`3 are new since the last message, 5 are reminders.`; '' where nothing is a reminder."""
    new = sum(map(is_new, waiting))
    reminders = len(waiting) - new
    if not reminders:
        return ""
    if not new:
        return "None of them is new since the last message."
    return f"{_are(new)} new since the last message, {_is_or_are(reminders)}."


def _are(count: int) -> str:
    return "1 is" if count == 1 else f"{count:,} are"


def _is_or_are(count: int) -> str:
    return "1 is a reminder" if count == 1 else f"{count:,} are reminders"


def counted(hidden: Iterable[Notice]) -> Iterator[str]:
    """`910  standard, team Trust` of the cases that are not listed, by policy and team, the most
    first.
    """
    groups = Counter(map(_group, hidden))
    ordered = sorted(groups, key=lambda group: (-groups[group], group))
    for group in ordered[:MOST_GROUPS]:
        yield _line(groups[group], group)
    others = sum(groups[group] for group in ordered[MOST_GROUPS:])
    if others:
        yield _line(others, "others")


def _line(count: int, group: str) -> str:
    start = f"  {count:>7,}  "
    return start + brief(group, WIDTH - len(start))


def _group(notice: Notice) -> str:
    if notice.lead.kind is Kind.FINDING:
        return "findings"
    teams = (name_of(line.team) for line in lines_about(notice, notice.lead))
    team = next(filter(None, teams), "")
    policy = name_of(notice.ruling.rule) if notice.ruling is not None else ""
    named = f"team {team}" if team else "no team"
    return f"{policy}, {named}" if policy else named
