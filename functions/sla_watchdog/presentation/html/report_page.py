"""The page of a report: HTML that stands by itself, on a phone, on paper and without colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from zoneinfo import ZoneInfo

from sla_watchdog.domain.clocks.attainment import Attainment, Group, Kept
from sla_watchdog.domain.text.display import brief
from sla_watchdog.domain.text.times import count_of, duration, instant
from sla_watchdog.presentation.html.report_charts import small_chart, weeks_chart
from sla_watchdog.presentation.text.report import about, promise, said, week_of
from sla_watchdog.presentation.text.wording import id_of, name_of
from sla_watchdog.presentation.view.case_row import Trouble
from sla_watchdog.presentation.view.report import Line, Report
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
"""

HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>SLA watchdog: report</title>
<style>{STYLE}</style>
</head>
<body><main>
"""


def page(report: Report, attainment: Attainment | None) -> str:
    """With `attainment`, how targets were kept comes before the cases."""
    written = instant(report.now, report.zone)
    title = (
        f"Week of {week_of(attainment, report.zone)}"
        if attainment
        else written[: len("Mon 2026-03-02")]
    )
    parts = [
        f"<h1>{title}</h1>\n<p>{escape(f'SLA watchdog, written {written}, {report.zone}.')}</p>\n",
        _numbers(report),
        *([_attainment(attainment, report.zone)] if attainment else []),
        _list(
            "Oldest",
            "Open the longest by the wall clock; nothing pauses that.",
            report.oldest,
            report,
        ),
        _list("Breached", "Past a deadline; the worst first.", report.breached, report),
        _list("Due within a day", "The soonest first.", report.at_risk, report),
        _list(
            "Promises broken",
            "An update was promised, and nothing was written since.",
            report.broken,
            report,
        ),
    ]
    return f"{HEAD}{''.join(parts)}</main></body>\n</html>\n"


def notice(title: str, said_of_it: str) -> str:
    """A page that only says one thing."""
    return f"{HEAD}<h1>{escape(title)}</h1>\n<p>{escape(said_of_it)}</p>\n</main></body>\n</html>\n"


def _numbers(report: Report) -> str:
    shown = {
        "open": len(report.lines),
        "breached": report.count(Trouble.BREACHED),
        "due within a day": report.count(Trouble.AT_RISK),
        "promises broken": len(report.broken),
        **({"could not be judged": report.unreadable} if report.unreadable else {}),
    }
    cells = (f"<div><dt>{name}</dt><dd>{number:,}</dd></div>" for name, number in shown.items())
    return f"<dl>{''.join(cells)}</dl>\n"


def _section(title: str, explained: str, body: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n<p>{escape(explained)}</p>\n{body}</section>\n"


# ------------------------------------------------------------------ cases


def _list(title: str, explained: str, lines: Sequence[Line], report: Report) -> str:
    if not lines:
        return _section(title, "None.", "")
    items = "".join(_item(line, report) for line in lines[:MOST])
    hidden = len(lines) - MOST
    more = (
        f"<p>and {count_of(hidden, 'more case')}: sla-watchdog status</p>\n" if hidden > 0 else ""
    )
    return _section(f"{title}: {len(lines):,}", explained, f"<ol>\n{items}</ol>\n{more}")


def _item(line: Line, report: Report) -> str:
    rest = [brief(line.subject, 120), about(line, report.now)]
    if line.broken:
        rest.append(promise(line, report.zone))
    age = f"open {duration(report.now - line.opened_at)}"
    first = f"<strong>{escape(id_of(line.case))}</strong><span>{escape(line.said)}</span><span>{age}</span>"
    said_of = "".join(f"<p>{escape(each)}</p>" for each in rest if each)
    return f'<li><p class="first">{first}</p>{said_of}</li>\n'


# ------------------------------------------------------------------ attainment


def _attainment(attainment: Attainment, zone: str) -> str:
    total = attainment.total
    explained = (
        f"{said(total[-1])} in the last week; {said(total[-2])} in the week before. A target is kept when its clock "
        "stopped in time; a breach counts in the week in which it happened. Each exchange counts."
    )
    names = [date_of(at, zone) for at in attainment.starts[:-1]]
    tables = "".join(
        _table(policy, team, rows) for (policy, team), rows in _by_team(attainment.weeks)
    )
    legend = (
        "Height: clocks decided in the week that begins on the date. Dark: breached. Light: met. In the tables below, "
        "the share kept in each of these weeks."
    )
    return _section(
        "Targets kept", explained, f"{weeks_chart(total, names)}<p>{legend}</p>\n{tables}"
    )


def _by_team(
    weeks: Mapping[Group, Sequence[Kept]],
) -> Iterator[tuple[tuple[str, str], Iterable[tuple[Group, Sequence[Kept]]]]]:
    yield from groupby(weeks.items(), key=lambda entry: (entry[0].policy, entry[0].team))


def _table(policy: str, team: str, rows: Iterable[tuple[Group, Sequence[Kept]]]) -> str:
    body = "".join(_row(group, weeks) for group, weeks in rows)
    head = f"<h3>{escape(name_of(policy))}, {escape(name_of(team) or 'no team')}</h3>\n"
    columns = '<th scope="col">clock</th><th scope="col">last week</th><th scope="col">8 weeks</th>'
    return f"{head}<table>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _row(group: Group, weeks: Sequence[Kept]) -> str:
    last = said(weeks[-1]) if weeks[-1].decided else "none"
    return f'<tr><th scope="row">{METRIC[group.clock]}</th><td>{last}</td><td>{small_chart(weeks)}</td></tr>\n'


def date_of(at: int, zone: str) -> str:
    """`23 Nov`."""
    day = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{day.day} {_MONTHS[day.month - 1]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
