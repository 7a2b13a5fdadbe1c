"""The page of a report: HTML that stands by itself, on a phone, on paper and without colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from zoneinfo import ZoneInfo

from sla_watchdog.domain.clocks.attainment import Attainment, Group, Kept
from sla_watchdog.domain.clocks.promise_counts import PersonPromises
from sla_watchdog.domain.text.display import brief
from sla_watchdog.presentation.html.report_charts import small_chart, weeks_chart
from sla_watchdog.presentation.html.shell import (
    document,
    figures,
    headers,
    heading,
    paragraph,
    section,
)
from sla_watchdog.presentation.text.report import (
    IN_A_ROW,
    PROMISE_COLUMNS,
    about,
    kept_in_words,
    numbers,
    promise,
    week_of,
)
from sla_watchdog.presentation.text.wording import id_of, name_of
from sla_watchdog.presentation.times import count_of, duration, instant
from sla_watchdog.presentation.view.case_row import Trouble
from sla_watchdog.presentation.view.report import Report, ReportLine
from sla_watchdog.presentation.words import METRIC

MOST = 100
"""Cases in each list."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #1d1d1f; font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 760px; margin: 0 auto; padding: 1.5rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .2rem; }
h3 { font-size: .95rem; margin: 1.2rem 0 .2rem; }
p { margin: .2rem 0 .8rem; color: #48484d; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .6rem; margin: 1rem 0; }
dl div { border-top: 2px solid #1d1d1f; padding-top: .3rem; }
dt { font-size: .8rem; color: #48484d; }
dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
ol { list-style: none; margin: .4rem 0; padding: 0; }
li { border-top: 1px solid #d9d9de; padding: .5rem 0; }
li p { margin: 0; font-size: .85rem; }
li p.first { color: inherit; font-size: inherit; display: flex; flex-wrap: wrap; gap: 0 .8rem; }
li p.first :last-child { margin-left: auto; }
svg { display: block; max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 400; padding: .3rem .6rem .3rem 0; }
thead th { border-bottom: 1px solid #1d1d1f; font-weight: 600; }
th:first-child { width: 33%; }
td, tbody th { border-bottom: 1px solid #d9d9de; }
td { padding: .3rem .6rem .3rem 0; white-space: nowrap; }
td:last-child { padding-right: 0; width: 144px; }
@page { margin: 15mm; }
@media print {
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  svg, tr, li, dl { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""  # noqa: E501 - stored pages were written with this very style, and its hash lets it in

HEADERS = headers(STYLE)
"""Of an answer that holds the page."""

_NOT_FOR_SEARCH = '<meta name="robots" content="noindex">\n'


def page(
    report: Report, attainment: Attainment | None, promises: Sequence[PersonPromises] = ()
) -> str:
    """With `attainment`, how targets and promises were kept comes before the cases."""
    return _page("".join(_parts(report, attainment, promises)))


def notice(title: str, text: str) -> str:
    """A page that only says one thing."""
    return _page(heading(title) + paragraph(text))


def _page(body: str) -> str:
    return document("SLA watchdog: report", STYLE, body, _NOT_FOR_SEARCH)


def _parts(
    report: Report, attainment: Attainment | None, promises: Sequence[PersonPromises]
) -> Iterator[str]:
    written = instant(report.now, report.zone)
    if attainment:
        yield heading(f"Week of {week_of(attainment, report.zone)}")
    else:
        yield heading(written[: len("Mon 2026-03-02")])
    yield paragraph(f"SLA watchdog, written {written}, {report.zone}.")
    yield figures(_numbers(report))
    if attainment:
        yield _attainment(attainment, report.zone)
        yield _promises(promises)
    for title, explained, lines in _lists(report):
        yield _list(title, explained, lines, report)


def _lists(report: Report) -> Iterator[tuple[str, str, Sequence[ReportLine]]]:
    yield "Oldest", "Open the longest by the wall clock; nothing pauses that.", report.oldest
    yield "Breached", "Past a deadline; the worst first.", report.breached
    yield "Due within a day", "The soonest first.", report.at_risk
    explained = "What was promised did not come, and was not made good since."
    yield "Promises broken", explained, report.broken


def _numbers(report: Report) -> dict[str, str]:
    counts = {
        "open": len(report.lines),
        "breached": report.count(Trouble.BREACHED),
        "due within a day": report.count(Trouble.AT_RISK),
        "promises broken": len(report.broken),
    }
    if report.unreadable:
        counts["could not be judged"] = report.unreadable
    return {name: f"{count:,}" for name, count in counts.items()}


# ------------------------------------------------------------------ cases


def _list(title: str, explained: str, lines: Sequence[ReportLine], report: Report) -> str:
    if not lines:
        return section(title, "None.", "")
    items = "".join(_item(line, report) for line in lines[:MOST])
    more = _more(len(lines) - MOST)
    return section(f"{title}: {len(lines):,}", explained, f"<ol>\n{items}</ol>\n{more}")


def _more(hidden: int) -> str:
    if hidden <= 0:
        return ""
    return paragraph(f"and {count_of(hidden, 'more case')}: sla-watchdog status")


def _item(line: ReportLine, report: Report) -> str:
    age = f"open {duration(report.now - line.opened_at)}"
    case = f"<strong>{escape(id_of(line.case))}</strong>"
    first = f"{case}<span>{escape(line.said)}</span><span>{age}</span>"
    details = "".join(f"<p>{escape(text)}</p>" for text in _details(line, report) if text)
    return f'<li><p class="first">{first}</p>{details}</li>\n'


def _details(line: ReportLine, report: Report) -> Iterator[str]:
    yield brief(line.subject, 120)
    yield about(line, report.now)
    yield promise(line, report.zone)


# ------------------------------------------------------------------ attainment


def _attainment(attainment: Attainment, zone: str) -> str:
    total = attainment.total
    explained = (
        f"{kept_in_words(total[-1])} in the last week; {kept_in_words(total[-2])} in the week "
        "before. A target is kept when its clock stopped in time; a breach counts in the week in "
        "which it happened. Each exchange counts."
    )
    names = [date_of(at, zone) for at in attainment.starts[:-1]]
    legend = (
        "Height: clocks decided in the week that begins on the date. Dark: breached. Light: met. "
        "In the tables below, the share kept in each of these weeks."
    )
    chart = weeks_chart(total, names) + paragraph(legend)
    tables = "".join(_tables(attainment.weeks))
    return section("Targets kept", explained, f"{chart}{tables}")


def _tables(weeks: Mapping[Group, Sequence[Kept]]) -> Iterator[str]:
    """One for each policy and team."""
    for (policy, team), rows in groupby(weeks.items(), key=_policy_and_team):
        yield heading(f"{name_of(policy)}, {name_of(team) or 'no team'}", 3)
        yield f"<table>\n{_TABLE_HEAD}<tbody>\n"
        for group, kept in rows:
            yield _row(group, kept)
        yield "</tbody>\n</table>\n"


def _policy_and_team(entry: tuple[Group, Sequence[Kept]]) -> tuple[str, str]:
    group, _ = entry
    return group.policy, group.team


_TABLE_HEAD = (
    '<thead><tr><th scope="col">clock</th><th scope="col">last week</th>'
    '<th scope="col">8 weeks</th></tr></thead>\n'
)


def _row(group: Group, weeks: Sequence[Kept]) -> str:
    last = kept_in_words(weeks[-1]) if weeks[-1].decided else "none"
    name = f'<th scope="row">{METRIC[group.clock]}</th>'
    return f"<tr>{name}<td>{last}</td><td>{small_chart(weeks)}</td></tr>\n"


def _promises(promises: Sequence[PersonPromises]) -> str:
    if not promises:
        return section("Promises", "None in the last week.", "")
    columns = "".join(f'<th scope="col">{name}</th>' for name in PROMISE_COLUMNS)
    head = f'<thead><tr><th scope="col">who</th>{columns}</tr></thead>\n'
    rows = "".join(map(_person, promises[:MOST]))
    more = len(promises) - MOST
    explained = f"Of the last week. {IN_A_ROW}"
    hidden = paragraph(f"and {count_of(more, 'more person', 'more people')}") if more > 0 else ""
    table = f"<table>\n{head}<tbody>\n{rows}</tbody>\n</table>\n{hidden}"
    return section("Promises", explained, table)


def _person(person: PersonPromises) -> str:
    cells = "".join(f"<td>{number:,}</td>" for number in numbers(person))
    return f'<tr><th scope="row">{escape(brief(name_of(person.by), 60))}</th>{cells}</tr>\n'


def date_of(at: int, zone: str) -> str:
    """`23 Nov`."""
    day = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{day.day} {_MONTHS[day.month - 1]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
