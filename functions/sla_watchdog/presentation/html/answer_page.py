"""The page behind a link, as HTML that stands by itself: no script, no picture, nothing loaded from
elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from sla_watchdog.domain.escalation.acknowledgement import LONGEST_NAME, Answer, Promising
from sla_watchdog.domain.text.times import duration, instant, open_time
from sla_watchdog.presentation.text.case_history import past_in_words
from sla_watchdog.presentation.text.situation import situation
from sla_watchdog.presentation.text.wording import (
    clock_name,
    heading,
    id_of,
    lines_about,
    listed,
    name_of,
    notification_line,
    owned,
    subject_of,
    who,
    who_by_key,
)
from sla_watchdog.presentation.view.notice import Notice
from sla_watchdog.usecases.respond.respond import LinkState, State

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #1d1d1f; font: 17px/1.45 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 1.2rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .8rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
dl { margin: 1rem 0; border-top: 1px solid #d2d2d7; }
dl div { padding: .5rem 0; border-bottom: 1px solid #d2d2d7; }
dt { color: #55555b; font-size: .85rem; }
dd { margin: 0; }
.level { color: #8f2d22; font-weight: 600; margin: 0 0 .2rem; }
.problem { border-left: 4px solid #8f2d22; padding: .4rem .8rem; font-weight: 600; }
fieldset { border: 0; margin: 1rem 0; padding: 0; }
legend, label.name { font-weight: 600; padding: 0; }
label.choice { display: flex; gap: .7rem; align-items: baseline; padding: .7rem 0; border-bottom: 1px solid #d2d2d7; }
input[type=radio] { width: 1.2rem; height: 1.2rem; margin: 0; flex: none; align-self: center; }
input[type=text] { display: block; width: 100%; font: inherit; padding: .6rem; margin-top: .3rem;
  border: 1px solid #6e6e73; border-radius: .4rem; }
button { width: 100%; font: inherit; font-weight: 600; padding: .8rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid #1d1d1f; background: #1d1d1f; color: #fff; }
button.other { background: #fff; color: #1d1d1f; }
:focus-visible { outline: 3px solid #0a58ca; outline-offset: 2px; }
small { color: #55555b; font-size: .85rem; }
"""

STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Of every answer: the page is nobody's but the reader's, and nothing on it may come from
elsewhere.
"""

MOST_TOLD = 5


def page(standing: LinkState, now: int, problem: str = "") -> str:
    """`problem` says why what was just sent was not taken."""
    match standing.state:
        case State.OPEN if standing.counted is Answer.DECLINED:
            return _whole("Noted", _not_you(standing.notice))
        case State.OPEN:
            return _whole(_title(standing.notice), "".join(_open(standing, now, problem)))
        case State.USED:
            return _whole("Noted", _noted(standing))
        case State.OVER:
            return _whole("This is over", _over(standing.notice))
        case state:
            title, said = _CLOSED[state]
            return _whole(title, f"<h1>{title}</h1>\n<p>{said} Nothing was changed.</p>\n")


_CLOSED = {
    State.UNKNOWN: (
        "This link is not known",
        "It may be cut off: open it again, whole.",
    ),
    State.EXPIRED: (
        "This link has expired",
        "A later message about the case has a new one.",
    ),
    State.UNREADABLE: (
        "This case cannot be shown now",
        "Please try again in a few minutes. Reminders go on as before.",
    ),
}


def refused() -> str:
    """For a request of a kind that no page sends."""
    title = "This cannot be asked for"
    return _whole(
        title,
        f"<h1>{title}</h1>\n<p>Open the link of the message in a browser. Nothing was changed.</p>\n",
    )


def busy() -> str:
    return page(LinkState(State.UNREADABLE), 0)


def _whole(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _title(notice: Notice | None) -> str:
    return (subject_of(notice) or id_of(notice.about)) if notice else "A case"


# ------------------------------------------------------------------ what it is about


def _open(standing: LinkState, now: int, problem: str) -> Iterator[str]:
    notified, may = standing.notice, standing.promising
    if notified is None or may is None:
        return
    yield f'<p class="level">{escape(heading(notified.lead))}</p>\n<h1>{escape(_title(notified))}</h1>\n'
    if problem:
        yield f'<p class="problem" role="alert">Nothing was changed: {escape(problem)}.</p>\n'
    yield "".join(f"<p>{escape(said)}</p>\n" for said in map(_plain, situation(notified, now)))
    yield _rows(_now(notified, now))
    yield from _form(notified, may, now)
    yield "<h2>So far</h2>\n" + _rows(_so_far(notified, now))


def _rows(rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    shown = (
        f"<div><dt>{escape(name)}</dt><dd>{'<br>'.join(map(escape, said))}</dd></div>\n"
        for name, said in rows
    )
    return f"<dl>\n{''.join(shown)}</dl>\n"


def _plain(said: str) -> str:
    return said.replace("\u00a0", " ")


def _now(notified: Notice, now: int) -> Iterator[tuple[str, Iterable[str]]]:
    """What somebody needs to know who decides whether to take it."""
    customer = f", for {name_of(notified.customer)}" if name_of(notified.customer) else ""
    yield "Case", [f"{id_of(notified.about)}{customer}"]
    teams = tuple(
        dict.fromkeys(
            team for line in lines_about(notified, notified.lead) if (team := name_of(line.team))
        )
    )
    team = f", team {listed(teams)}" if teams else ""
    yield "Owner", [owned(notified, notified.lead, now) + team]
    if notified.upcoming:
        level = f"{clock_name(notified.upcoming.clock)}, level {notified.upcoming.level + 1}"
        yield (
            "Next, if nobody acts",
            [
                instant(notified.upcoming.at, notified.zone),
                f"{who(notified.upcoming.recipient)}: {level}",
            ],
        )


def _so_far(notified: Notice, now: int) -> Iterator[tuple[str, Iterable[str]]]:
    yield from ((label, [_plain(said)]) for label, said in past_in_words(notified, now))
    yield "You were told as", [who(notified.recipient)]
    before = dict.fromkeys(
        (each.at, who_by_key(each.to), notification_line(notified, each))
        for each in notified.notified
    )
    if before:
        yield (
            "Told before",
            [
                f"{instant(at, notified.zone)} {to}: {what}"
                for at, to, what in [*before][-MOST_TOLD:]
            ],
        )


# ------------------------------------------------------------------ what to answer


def _form(notified: Notice, may: Promising, now: int) -> Iterator[str]:
    if may.held:
        until = instant(may.held.until, notified.zone)
        yield f"<h2>{escape(name_of(may.held.by))} has taken it</h2>\n"
        yield f"<p>An update is promised by {escape(until)}.</p>\n"
    if may.held and not may.snoozes_left:
        yield "<p>It was put off as often as the policy allows. Nobody can put it off again.</p>\n"
    elif choices := [at for at in may.offers if may.held is None or at > may.held.until]:
        yield _taking(notified, may, choices, now)
    yield (
        '<h2>Not yours?</h2>\n<form method="post">\n<input type="hidden" name="answer" value="not_me">\n'
        '<button class="other">Not me</button>\n</form>\n'
        "<p><small>It is noted, and nothing is held back. Others who got this message can still take it.</small></p>\n"
    )


def _taking(notified: Notice, may: Promising, choices: list[int], now: int) -> str:
    left = f" ({may.snoozes_left} left)" if may.held else ""
    title = "Put it off" if may.held else "I take it"
    rows = "".join(
        f'<label class="choice"><input type="radio" name="until" value="{at}" required{" checked" if not i else ""}>'
        f"<span>{escape(instant(at, notified.zone))}<br><small>in {escape(_ahead(may, at, now))}</small></span></label>\n"
        for i, at in enumerate(choices)
    )
    return (
        f'<h2>{title}{left}</h2>\n<form method="post">\n<input type="hidden" name="answer" value="take">\n'
        f"<fieldset>\n<legend>Next update by</legend>\n{rows}</fieldset>\n"
        f'<p><label class="name">Your name<input type="text" name="by" maxlength="{LONGEST_NAME}" required '
        'autocomplete="name"></label></p>\n'
        f"<p><button>{title}</button></p>\n</form>\n"
        "<p><small>Reminders wait until then. The promise is kept by a public message of a person to the customer; "
        "without one by then the case escalates. No clock stops, and the age of the case goes on being watched."
        "</small></p>\n"
    )


def _ahead(may: Promising, at: int, now: int) -> str:
    """`2 h`; where the hours are not round the clock, `17 h 30 m (2 h of working time)`."""
    working = open_time(may.calendar.between(now, at))
    return (
        working
        if may.calendar.between(now, at) == at - now
        else f"{duration(at - now)} ({working} of working time)"
    )


# ------------------------------------------------------------------ what was answered


def _not_you(notified: Notice | None) -> str:
    return (
        f"<h1>Noted: not you</h1>\n{_about(notified)}<p>Nothing is held back: whoever comes next is told in time.</p>\n"
        "<p>Others who got the same message can still take it with this link.</p>\n"
    )


def _noted(standing: LinkState) -> str:
    """What was answered; where this very request came too late, that first."""
    used, notified = standing.link.used if standing.link else None, standing.notice
    if used is None or used.until is None:
        return _not_you(notified)
    by, until = (
        escape(name_of(used.by)),
        escape(instant(used.until, notified.zone if notified else "UTC")),
    )
    title = f"{by} has it already" if standing.late else f"Noted: {by} takes it"
    late = '<p class="problem" role="alert">Your answer was not counted: somebody was first.</p>\n'
    own = "<p>Tell the customer, or resolve it, in your help desk: a public message of a person keeps the promise.</p>\n"
    return (
        f"<h1>{title}</h1>\n{late if standing.late else ''}{_about(notified)}"
        f"<p>Next update by <strong>{until}</strong>. "
        "Reminders wait until then; without an update the case escalates.</p>\n"
        f"{own if standing.counted else ''}"
        "<p><small>This link has been answered. If the case goes on, the next message about it has a new one; whoever "
        "runs the watchdog can put the promise off.</small></p>\n"
    )


def _about(notified: Notice | None) -> str:
    return (
        f"<p>{escape(_title(notified))}<br><small>Case {escape(id_of(notified.about))}</small></p>\n"
        if notified
        else ""
    )


def _over(notified: Notice | None) -> str:
    return f"<h1>This is over</h1>\n{_about(notified)}<p>The case is resolved or closed: there is nothing to take.</p>\n"
