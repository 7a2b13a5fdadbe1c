"""The reports as e-mail: the daily digest, the week's attainment, the oldest cases of the month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from sla_watchdog.domain.clocks.attainment import Attainment, Group, Kept
from sla_watchdog.domain.clocks.promise_counts import PersonPromises
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.text.envelope import VERSION, Message, short_ref, sms_line
from sla_watchdog.presentation.text.layout import WIDTH, commas, padded, paragraphs, wrapped
from sla_watchdog.presentation.text.promised import WHAT
from sla_watchdog.presentation.text.wording import listed, name_of, taker, who_by_key
from sla_watchdog.presentation.times import count_of, duration, instant, iso
from sla_watchdog.presentation.view.case_row import Trouble
from sla_watchdog.presentation.view.report import Report, ReportKind, ReportLine
from sla_watchdog.presentation.words import METRIC

MOST_LISTED, MOST_OLDEST, MOST_GROUPS = 10, 20, 60
"""Cases in each list of the daily digest; cases of the monthly one; lines of attainment. The page
has more.
"""

ID_COLUMNS, AGE_COLUMNS, CLOCK_COLUMNS, KEPT_COLUMNS = 20, 10, 18, 17


Data = Mapping[str, object]
Blocks = Iterator[Sequence[str]]


@frozen
class _Report:
    """What every message of a report begins with; `at` is when it was written."""

    kind: ReportKind
    at: int
    zone: str


def render_daily(report: Report, page: Sequence[str]) -> Message:
    """`page` are lines that say where the page is."""
    return _message(
        _Report(ReportKind.DAILY, report.now, report.zone),
        f"Today: {_numbers(report)}",
        _daily(report, page),
        _cases(report),
    )


def _daily(report: Report, page: Sequence[str]) -> Blocks:
    yield wrapped(f"{_day(report.now, report.zone)}: {_numbers(report)}.")
    if report.lines:
        yield wrapped(
            "What to do: see that somebody with a name ends each of these, the oldest first."
        )
    yield from _lists(report)
    yield _unreadable(report)
    yield [*page, "All open cases: sla-watchdog status"]


def render_monthly(report: Report, page: Sequence[str]) -> Message:
    return _message(
        _Report(ReportKind.MONTHLY, report.now, report.zone),
        f"Oldest cases: {_are_open(report)}{_oldest_age(report)}",
        _monthly(report, page),
        {"oldest": _listed(report.oldest[:MOST_OLDEST], report.zone)},
    )


def _monthly(report: Report, page: Sequence[str]) -> Blocks:
    shown = report.oldest[:MOST_OLDEST]
    yield wrapped(
        "Once a month the oldest cases are named to you, whatever else happens. "
        f"On {_day(report.now, report.zone)} {_are_open(report)}{_oldest_age(report)}."
    )
    if shown:
        yield wrapped("What to do: ask of each what it waits for, and who ends it by when.")
    else:
        yield wrapped("No case is open.")
    for line in shown:
        yield [*_entry(line, report), *_promise(line, report)]
    yield _more(len(report.lines) - len(shown))
    yield _unreadable(report)
    yield [*page, "All open cases: sla-watchdog status"]


def _oldest_age(report: Report) -> str:
    if not report.oldest:
        return ""
    return f", the oldest for {duration(report.now - report.oldest[0].opened_at)}"


def render_weekly(
    attainment: Attainment,
    promises: Sequence[PersonPromises],
    now: int,
    zone: str,
    page: Sequence[str],
) -> Message:
    last_week = kept_in_words(attainment.total[-1])
    return _message(
        _Report(ReportKind.WEEKLY, now, zone),
        f"Week of {week_of(attainment, zone)}: {last_week} kept",
        _weekly(attainment, promises, zone, page),
        {**_weeks(attainment, zone), "promises": _people(promises)},
    )


def _weekly(
    attainment: Attainment, promises: Sequence[PersonPromises], zone: str, page: Sequence[str]
) -> Blocks:
    total, shown = attainment.total, _worst_groups(attainment)
    yield wrapped(
        f"Week of {week_of(attainment, zone)}: {kept_in_words(total[-1])} of the targets were "
        f"kept; {kept_in_words(total[-2])} in the week before."
    )
    yield wrapped(
        "A target is kept when its clock stopped in time. A breach counts in the week in which it "
        "happened."
    )
    yield [_trends_head(len(total)), _trend(total, "all")]
    yield from _groups(shown)
    hidden = len(attainment.weeks) - len(shown)
    if hidden:
        yield wrapped(f"and {count_of(hidden, 'line')} with fewer breaches: on the page")
    yield from _promises(promises)
    yield page


PROMISE_COLUMNS = ("made", "in a row", "kept", "broken")
"""Of each person, in the order of `numbers`."""

IN_A_ROW = "In a row: made after another one, with no progress between."
NAME_COLUMNS = 30


def numbers(person: PersonPromises) -> tuple[int, int, int, int]:
    return person.made, person.renewed, person.kept, person.broken


def _promises(promises: Sequence[PersonPromises]) -> Blocks:
    if not promises:
        return
    head = "".join(f"{name:>10}" for name in PROMISE_COLUMNS)
    block = [f"{padded('Promises', NAME_COLUMNS)}{head}"]
    for person in promises[:MOST_LISTED]:
        name = padded(brief(name_of(person.by), NAME_COLUMNS - 4), NAME_COLUMNS - 2)
        counts = "".join(f"{number:>10,}" for number in numbers(person))
        block.append(f"  {name}{counts}")
    hidden = len(promises) - MOST_LISTED
    if hidden > 0:
        block.append(f"and {count_of(hidden, 'more person', 'more people')}: on the page")
    yield block
    yield wrapped(IN_A_ROW)


def _people(promises: Sequence[PersonPromises]) -> list[Data]:
    return [
        {
            "by": person.by,
            "made": person.made,
            "renewed": person.renewed,
            "kept": person.kept,
            "broken": person.broken,
        }
        for person in promises[:MOST_GROUPS]
    ]


def _message(report: _Report, subject: str, blocks: Blocks, data: Data) -> Message:
    ref = short_ref(f"report/{report.kind}/{report.at}")
    foot = wrapped(f"Report {ref}, written {instant(report.at, report.zone)}.")
    return Message(
        subject=f"[Report] {subject}",
        email=paragraphs([*blocks, foot]),
        sms=sms_line(f"SLA watchdog. {subject}", "", ref),
        data={
            "version": VERSION,
            "kind": "report",
            "report": report.kind.value,
            "ref": ref,
            "sent_at": iso(report.at, report.zone),
            **data,
        },
    )


# ------------------------------------------------------------------ cases


def _day(now: int, zone: str) -> str:
    return instant(now, zone)[: len("Mon 2026-03-02")]


def _are_open(report: Report) -> str:
    verb = "is" if len(report.lines) == 1 else "are"
    return f"{count_of(len(report.lines), 'case')} {verb} open"


def _numbers(report: Report) -> str:
    """`40 cases are open, 12 breached, 3 due within a day, 2 promises broken`."""
    broken = len(report.broken)
    return commas(
        _are_open(report),
        f"{report.count(Trouble.BREACHED):,} breached",
        f"{report.count(Trouble.AT_RISK):,} due within a day",
        f"{count_of(broken, 'promise')} broken" if broken else "",
    )


def _lists(report: Report) -> Blocks:
    """A case that stands in several is described in the first; a promise stands in its own list."""
    described: set[str] = set()
    yield from _list("Oldest", report.oldest, report, described)
    yield from _list("Breached", report.breached, report, described)
    yield from _list("Due within a day", report.at_risk, report, described)
    yield from _broken(report, described)


def _list(title: str, lines: Sequence[ReportLine], report: Report, described: set[str]) -> Blocks:
    if not lines:
        return
    block = [f"{title}: {len(lines):,}"]
    for line in lines[:MOST_LISTED]:
        block += _entry_once(line, report, described)
    yield block
    yield _more(len(lines) - MOST_LISTED)


def _broken(report: Report, described: set[str]) -> Blocks:
    lines = report.broken
    if not lines:
        return
    block = [f"Promises broken, and not made good since: {len(lines):,}"]
    for line in lines[:MOST_LISTED]:
        block += _entry_once(line, report, described)
        block += _promise(line, report)
    yield block
    yield _more(len(lines) - MOST_LISTED)


def _promise(line: ReportLine, report: Report) -> list[str]:
    return wrapped(promise(line, report.zone), indent="    ")


def _more(hidden: int) -> list[str]:
    if hidden <= 0:
        return []
    return [f"and {count_of(hidden, 'more case')}: sla-watchdog status"]


def _entry_once(line: ReportLine, report: Report, described: set[str]) -> list[str]:
    """Only its first line where it is among those `described` before; then it is."""
    if line.case in described:
        return [_first_line(line, report)]
    described.add(line.case)
    return _entry(line, report)


def _entry(line: ReportLine, report: Report) -> list[str]:
    subject = brief(line.subject, WIDTH - 4)
    details = wrapped(about(line, report.now), indent="    ")
    if not line.subject:
        return [_first_line(line, report), *details]
    return [_first_line(line, report), f"    {subject}", *details]


def _first_line(line: ReportLine, report: Report) -> str:
    case = padded(brief(line.case, ID_COLUMNS - 1), ID_COLUMNS)
    age = padded(duration(report.now - line.opened_at), AGE_COLUMNS)
    return f"  {case}{age}{line.said}"


def about(line: ReportLine, now: int) -> str:
    """Who has it, and who heard of it last: `Kim, Web. Told 2 h ago: manager.`"""
    holder = commas(name_of(line.owner) or _nobody(line), name_of(line.team))
    if line.notified is None:
        return f"{holder}. Nobody was told yet."
    names = tuple(dict.fromkeys(map(who_by_key, line.notified.recipients)))
    return f"{holder}. Told {duration(now - line.notified.at)} ago: {listed(names)}."


def _nobody(line: ReportLine) -> str:
    if line.taken is None:
        return "Nobody has it"
    return f"{taker(line.taken)} took it, no assignee at the desk"


def promise(line: ReportLine, zone: str) -> str:
    """Of a line whose promise was broken."""
    if line.broken is None:
        return ""
    until = instant(line.broken.until, zone)
    return f"{taker(line.broken)} promised {WHAT[line.broken.kind]} {until}."


def _unreadable(report: Report) -> list[str]:
    if not report.unreadable:
        return []
    cases = count_of(report.unreadable, "case")
    return wrapped(f"{cases} could not be judged: sla-watchdog status names them.")


def _cases(report: Report) -> Data:
    return {
        "counts": {
            "open": len(report.lines),
            "breached": len(report.breached),
            "at_risk": len(report.at_risk),
            "broken": len(report.broken),
            "unreadable": report.unreadable,
        },
        "oldest": _listed(report.oldest[:MOST_LISTED], report.zone),
        "breached": _listed(report.breached[:MOST_LISTED], report.zone),
        "at_risk": _listed(report.at_risk[:MOST_LISTED], report.zone),
        "broken": _listed(report.broken[:MOST_LISTED], report.zone),
    }


def _listed(lines: Sequence[ReportLine], zone: str) -> list[Data]:
    return [_line(line, zone) for line in lines]


def _line(line: ReportLine, zone: str) -> Data:
    return {
        "case": line.case,
        "subject": line.subject,
        "owner": line.owner,
        "team": line.team,
        "opened_at": iso(line.opened_at, zone),
        "state": line.trouble.value,
        "said": line.said,
    }


# ------------------------------------------------------------------ attainment


def week_of(attainment: Attainment, zone: str) -> str:
    """The Monday of the last whole week."""
    return iso(attainment.starts[-2], zone)[:10]


def kept_in_words(kept: Kept) -> str:
    """`91 % (312 of 342)`."""
    if kept.percent is None:
        return "nothing decided"
    return f"{kept.percent} % ({kept.met:,} of {kept.decided:,})"


def _worst_groups(attainment: Attainment) -> dict[Group, Sequence[Kept]]:
    """Those with the most breaches of the last week, in their usual order."""
    ranked = sorted(attainment.weeks.items(), key=_by_breaches)
    return dict(sorted(ranked[:MOST_GROUPS]))


def _by_breaches(entry: tuple[Group, Sequence[Kept]]) -> tuple[int, int]:
    _, weeks = entry
    return -weeks[-1].breached, -weeks[-1].decided


def _groups(weeks: Mapping[Group, Sequence[Kept]]) -> Blocks:
    """One block for each policy and team."""
    blocks: dict[tuple[str, str], list[str]] = {}
    for group, kept in weeks.items():
        head = f"{name_of(group.policy)}, {name_of(group.team) or 'no team'}"
        block = blocks.setdefault((group.policy, group.team), [brief(head, WIDTH)])
        block.append(_trend(kept, METRIC[group.clock]))
    yield from blocks.values()


def _trends_head(weeks: int) -> str:
    last_week = padded("last week", KEPT_COLUMNS)
    return f"{padded('', 2 + CLOCK_COLUMNS)}{last_week}% kept, {weeks} weeks"


def _trend(weeks: Sequence[Kept], name: str) -> str:
    """The last week in full, and the share kept in each."""
    last_week = padded(_last_week(weeks[-1]), KEPT_COLUMNS - 3)
    shares = "".join(f"{_share(kept):>4}" for kept in weeks)
    return f"  {padded(name, CLOCK_COLUMNS)}{last_week}{shares}"


def _last_week(kept: Kept) -> str:
    if kept.percent is None:
        return "-"
    return f"{kept.percent} % of {kept.decided:,}"


def _share(kept: Kept) -> str:
    return "-" if kept.percent is None else str(kept.percent)


def _weeks(attainment: Attainment, zone: str) -> Data:
    shown = _worst_groups(attainment).items()
    return {
        "weeks": [iso(at, zone) for at in attainment.starts],
        "attainment": [_as_json(group, kept) for group, kept in shown],
    }


def _as_json(group: Group, weeks: Sequence[Kept]) -> Data:
    return {
        "policy": group.policy,
        "team": group.team,
        "clock": group.clock.value,
        "met": [kept.met for kept in weeks],
        "breached": [kept.breached for kept in weeks],
    }
