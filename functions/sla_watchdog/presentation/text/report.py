"""The reports as e-mail: the daily digest, the week's attainment, the oldest cases of the month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sla_watchdog.domain.clocks.attainment import Attainment, Group, Kept
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import count_of, duration, instant, iso
from sla_watchdog.presentation.text.envelope import VERSION, Message, short_ref, sms_line
from sla_watchdog.presentation.text.layout import WIDTH, padded, paragraphs, wrapped
from sla_watchdog.presentation.text.wording import listed, name_of, taker, who_by_key
from sla_watchdog.presentation.view.case_row import Trouble
from sla_watchdog.presentation.view.report import Kind, Line, Report
from sla_watchdog.presentation.words import METRIC

MOST_LISTED, MOST_OLDEST, MOST_GROUPS = 10, 20, 60
"""Cases in each list of the daily digest; cases of the monthly one; lines of attainment. The page
has more.
"""

ID_COLUMNS, AGE_COLUMNS, CLOCK_COLUMNS, KEPT_COLUMNS = 20, 10, 18, 17


def render_daily(report: Report, page: Sequence[str]) -> Message:
    """`page` are lines that say where the page is."""
    numbers = _numbers(report)
    blocks = [
        wrapped(f"{_day(report.now, report.zone)}: {numbers}."),
        wrapped("What to do: see that somebody with a name ends each of these, the oldest first.")
        if report.lines
        else [],
        *_lists(report),
        _unreadable(report),
        [*page, "All open cases: sla-watchdog status"],
    ]
    return _message(
        Kind.DAILY, report.now, report.zone, f"Today: {numbers}", blocks, _cases(report)
    )


def render_monthly(report: Report, page: Sequence[str]) -> Message:
    shown = report.oldest[:MOST_OLDEST]
    age = f", the oldest for {duration(report.now - shown[0].opened_at)}" if shown else ""
    opening = "Once a month the oldest cases are named to you, whatever else happens."
    asked = (
        "What to do: ask of each what it waits for, and who ends it by when."
        if shown
        else "No case is open."
    )
    blocks = [
        wrapped(f"{opening} On {_day(report.now, report.zone)} {_are_open(report)}{age}."),
        wrapped(asked),
        *([*_entry(line, report, set()), *_promise(line, report)] for line in shown),
        _more(len(report.lines) - len(shown)),
        _unreadable(report),
        [*page, "All open cases: sla-watchdog status"],
    ]
    subject = f"Oldest cases: {_are_open(report)}{age}"
    return _message(
        Kind.MONTHLY,
        report.now,
        report.zone,
        subject,
        blocks,
        {"oldest": _listed(shown, report.zone)},
    )


def render_weekly(attainment: Attainment, now: int, zone: str, page: Sequence[str]) -> Message:
    total, last = attainment.total, week_of(attainment, zone)
    ranked = sorted(
        attainment.weeks.items(), key=lambda entry: (-entry[1][-1].breached, -entry[1][-1].decided)
    )
    shown = dict(sorted(ranked[:MOST_GROUPS]))
    hidden = len(attainment.weeks) - len(shown)
    blocks = [
        wrapped(
            f"Week of {last}: {said(total[-1])} of the targets were kept; {said(total[-2])} in the week before."
        ),
        wrapped(
            "A target is kept when its clock stopped in time. A breach counts in the week in which it happened."
        ),
        [
            f"{padded('', 2 + CLOCK_COLUMNS)}{padded('last week', KEPT_COLUMNS)}% kept, {len(total)} weeks",
            *_trends(total),
        ],
        *_groups(shown),
        wrapped(f"and {count_of(hidden, 'line')} with fewer breaches: on the page")
        if hidden
        else [],
        list(page),
    ]
    data = {
        "weeks": [iso(at, zone) for at in attainment.starts],
        "attainment": [*map(_as_json, shown.items())],
    }
    return _message(Kind.WEEKLY, now, zone, f"Week of {last}: {said(total[-1])} kept", blocks, data)


def week_of(attainment: Attainment, zone: str) -> str:
    """The Monday of the last whole week."""
    return iso(attainment.starts[-2], zone)[:10]


def said(kept: Kept) -> str:
    """`91 % (312 of 342)`."""
    return (
        "nothing decided"
        if kept.percent is None
        else f"{kept.percent} % ({kept.met:,} of {kept.decided:,})"
    )


def _message(
    kind: Kind,
    now: int,
    zone: str,
    subject: str,
    blocks: Sequence[Sequence[str]],
    data: Mapping[str, object],
) -> Message:
    ref = short_ref(f"report/{kind}/{now}")
    foot = wrapped(f"Report {ref}, written {instant(now, zone)}.")
    return Message(
        subject=f"[Report] {subject}",
        email=paragraphs([*blocks, foot]),
        sms=sms_line(f"SLA watchdog. {subject}", "", ref),
        data={
            "version": VERSION,
            "kind": "report",
            "report": kind.value,
            "ref": ref,
            "sent_at": iso(now, zone),
            **data,
        },
    )


# ------------------------------------------------------------------ cases


def _day(now: int, zone: str) -> str:
    return instant(now, zone)[: len("Mon 2026-03-02")]


def _are_open(report: Report) -> str:
    return f"{count_of(len(report.lines), 'case')} {'is' if len(report.lines) == 1 else 'are'} open"


def _numbers(report: Report) -> str:
    """`40 cases are open, 12 breached, 3 due within a day, 2 promises broken`."""
    broken = len(report.broken)
    parts = (
        _are_open(report),
        f"{report.count(Trouble.BREACHED):,} breached",
        f"{report.count(Trouble.AT_RISK):,} due within a day",
        f"{count_of(broken, 'promise')} broken" if broken else "",
    )
    return ", ".join(filter(None, parts))


def _lists(report: Report) -> Iterator[list[str]]:
    """A case that stands in several is described in the first; a promise stands in its own list."""
    described: set[str] = set()
    for title, lines in (
        ("Oldest", report.oldest),
        ("Breached", report.breached),
        ("Due within a day", report.at_risk),
    ):
        shown = lines[:MOST_LISTED]
        if shown:
            yield [
                f"{title}: {len(lines):,}",
                *(row for line in shown for row in _entry(line, report, described)),
            ]
            yield _more(len(lines) - len(shown))
    if report.broken:
        shown = report.broken[:MOST_LISTED]
        rows = (
            row
            for line in shown
            for row in (*_entry(line, report, described), *_promise(line, report))
        )
        yield [f"Promises broken, and nothing written since: {len(report.broken):,}", *rows]
        yield _more(len(report.broken) - len(shown))


def _promise(line: Line, report: Report) -> list[str]:
    return wrapped(promise(line, report.zone), indent="    ")


def _more(hidden: int) -> list[str]:
    return [f"and {count_of(hidden, 'more case')}: sla-watchdog status"] if hidden > 0 else []


def _entry(line: Line, report: Report, described: set[str]) -> Iterator[str]:
    """Described where it is not among those `described` before; then it is."""
    age = duration(report.now - line.opened_at)
    yield f"  {padded(brief(line.case, ID_COLUMNS - 1), ID_COLUMNS)}{padded(age, AGE_COLUMNS)}{line.said}"
    if line.case in described:
        return
    described.add(line.case)
    if line.subject:
        yield f"    {brief(line.subject, WIDTH - 4)}"
    yield from wrapped(about(line, report.now), indent="    ")


def about(line: Line, now: int) -> str:
    """Who has it, and who heard of it last: `Kim, Web. Told 2 h ago: manager.`"""
    has = ", ".join(
        name for name in (name_of(line.owner) or _nobody(line), name_of(line.team)) if name
    )
    if line.notified is None:
        return f"{has}. Nobody was told yet."
    names = tuple(dict.fromkeys(map(who_by_key, line.notified.recipients)))
    return f"{has}. Told {duration(now - line.notified.at)} ago: {listed(names)}."


def _nobody(line: Line) -> str:
    return (
        f"{taker(line.taken)} took it, no assignee at the desk" if line.taken else "Nobody has it"
    )


def promise(line: Line, zone: str) -> str:
    """Of a line whose promise was broken."""
    made = line.broken
    return (
        f"{name_of(made.by) or 'Somebody'} promised an update by {instant(made.until, zone)}."
        if made
        else ""
    )


def _unreadable(report: Report) -> list[str]:
    if not report.unreadable:
        return []
    return wrapped(
        f"{count_of(report.unreadable, 'case')} could not be judged: sla-watchdog status names them."
    )


def _cases(report: Report) -> dict[str, object]:
    lists = {name: getattr(report, name) for name in ("oldest", "breached", "at_risk", "broken")}
    counts = {
        "open": len(report.lines),
        **{name: len(lines) for name, lines in lists.items() if name != "oldest"},
    }
    shown = {name: _listed(lines[:MOST_LISTED], report.zone) for name, lines in lists.items()}
    return {"counts": {**counts, "unreadable": report.unreadable}, **shown}


def _listed(lines: Sequence[Line], zone: str) -> list[dict[str, object]]:
    return [
        {
            "case": line.case,
            "subject": line.subject,
            "owner": line.owner,
            "team": line.team,
            "opened_at": iso(line.opened_at, zone),
            "state": line.trouble.value,
            "said": line.said,
        }
        for line in lines
    ]


# ------------------------------------------------------------------ attainment


def _groups(weeks: Mapping[Group, Sequence[Kept]]) -> Iterator[list[str]]:
    """One block for each policy and team."""
    blocks: dict[tuple[str, str], list[str]] = {}
    for group, kept in weeks.items():
        head = f"{name_of(group.policy)}, {name_of(group.team) or 'no team'}"
        rows = blocks.setdefault((group.policy, group.team), [brief(head, WIDTH)])
        rows += _trends(kept, METRIC[group.clock])
    yield from blocks.values()


def _head(weeks: int) -> str:
    return (
        f"{padded('', 2 + CLOCK_COLUMNS)}{padded('last week', KEPT_COLUMNS)}% kept, {weeks} weeks"
    )


def _trends(weeks: Sequence[Kept], name: str = "all") -> Iterator[str]:
    last = weeks[-1]
    now = "-" if last.percent is None else f"{last.percent} % of {last.decided:,}"
    trend = "".join(f"{'-' if kept.percent is None else kept.percent:>4}" for kept in weeks)
    yield f"  {padded(name, CLOCK_COLUMNS)}{padded(now, KEPT_COLUMNS - 3)}{trend}"


def _as_json(entry: tuple[Group, Sequence[Kept]]) -> dict[str, object]:
    group, weeks = entry
    counts = {"met": [kept.met for kept in weeks], "breached": [kept.breached for kept in weeks]}
    return {"policy": group.policy, "team": group.team, "clock": group.clock.value, **counts}
