"""The page behind a link: what the case is about, and a form to take it or to decline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from sla_watchdog.domain.clocks.promises import Promise, PromiseKind
from sla_watchdog.domain.escalation.acknowledgement import LONGEST_NAME, Answer, Promising
from sla_watchdog.domain.escalation.proposals import Proposal
from sla_watchdog.presentation.html.shell import (
    definitions,
    document,
    headers,
    heading,
    paragraph,
)
from sla_watchdog.presentation.text import proposal
from sla_watchdog.presentation.text.case_history import asked, past_in_words
from sla_watchdog.presentation.text.layout import capitalised
from sla_watchdog.presentation.text.promised import HOW_KEPT, continues, holds_nothing
from sla_watchdog.presentation.text.situation import situation
from sla_watchdog.presentation.text.wording import (
    OF_A_PROPOSAL,
    clock_name,
    id_of,
    name_of,
    notification_line,
    owned,
    subject_of,
    teams,
    who,
    who_by_key,
)
from sla_watchdog.presentation.text.wording import heading as heading_of
from sla_watchdog.presentation.times import duration, instant, open_time
from sla_watchdog.presentation.view.link_state import LinkState, LinkStatus
from sla_watchdog.presentation.view.notice import Notice

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
label.choice { display: flex; gap: .7rem; align-items: baseline; padding: .7rem 0;
  border-bottom: 1px solid #d2d2d7; }
input[type=radio] { width: 1.2rem; height: 1.2rem; margin: 0; flex: none; align-self: center; }
input[type=text] { display: block; width: 100%; font: inherit; padding: .6rem; margin-top: .3rem;
  border: 1px solid #6e6e73; border-radius: .4rem; }
button { width: 100%; font: inherit; font-weight: 600; padding: .8rem; border-radius: .4rem;
  cursor: pointer;
  border: 1px solid #1d1d1f; background: #1d1d1f; color: #fff; }
button.other { background: #fff; color: #1d1d1f; }
:focus-visible { outline: 3px solid #0a58ca; outline-offset: 2px; }
small { color: #55555b; font-size: .85rem; }
"""

HEADERS = headers(STYLE, "form-action 'self'")
"""Of every answer: nothing on the page may come from elsewhere."""

MOST_TOLD = 5

Row = tuple[str, Sequence[str]]
"""A name and the lines beside it."""


def page(state: LinkState, now: int, problem: str = "") -> str:
    """`problem` says why what was just sent was not taken."""
    match state.state:
        case LinkStatus.OPEN if state.counted is Answer.DECLINED:
            return document("Noted", STYLE, _declined(state.notice))
        case LinkStatus.OPEN:
            return document(_title(state.notice), STYLE, "".join(_open(state, now, problem)))
        case LinkStatus.USED:
            return document("Noted", STYLE, _used(state) + _asked_too(state, now))
        case LinkStatus.OVER:
            body = _over(state.notice) + _asked_too(state, now)
            return document("This is over", STYLE, body)
        case LinkStatus.PROPOSAL:
            return document(OF_A_PROPOSAL, STYLE, "".join(_proposals(state, now)))
        case LinkStatus.UNKNOWN | LinkStatus.EXPIRED | LinkStatus.UNREADABLE:
            title, advice = _CLOSED[state.state]
            return _only(title, advice)


_CLOSED = {
    LinkStatus.UNKNOWN: (
        "This link is not known",
        "It may be cut off: open it again, whole.",
    ),
    LinkStatus.EXPIRED: (
        "This link has expired",
        "A later message about the case has a new one.",
    ),
    LinkStatus.UNREADABLE: (
        "This case cannot be shown now",
        "Please try again in a few minutes. Reminders go on as before.",
    ),
}


def refused() -> str:
    """For a request of a kind that no page sends."""
    return _only("This cannot be asked for", "Open the link of the message in a browser.")


def busy() -> str:
    return page(LinkState(LinkStatus.UNREADABLE), 0)


def _only(title: str, advice: str) -> str:
    """A page that says one thing."""
    text = f"{advice} Nothing was changed."
    return document(title, STYLE, heading(title) + paragraph(text))


def _title(notice: Notice | None) -> str:
    if notice is None:
        return "A case"
    return subject_of(notice) or id_of(notice.about)


# ------------------------------------------------------------------ what it is about


def _open(state: LinkState, now: int, problem: str) -> Iterator[str]:
    notice, promising = state.notice, state.promising
    if notice is None or promising is None:
        return
    yield f'<p class="level">{escape(heading_of(notice.lead))}</p>\n'
    yield heading(_title(notice))
    yield from _asked(notice)
    if problem:
        yield _problem(f"Nothing was changed: {problem}.")
    for sentences in situation(notice, now):
        yield paragraph(_plain(sentences))
    yield definitions(_now(notice, now))
    yield from _held(notice, promising)
    yield from _taking(notice, promising, now)
    yield _NOT_YOURS
    yield _asked_too(state, now)
    yield heading("So far", 2)
    yield definitions(_so_far(notice, now))


def _asked(notice: Notice) -> Iterator[str]:
    """How often the customer asked, where that was more than once."""
    past = notice.past
    if past is None:
        return
    said = asked(past.requests, past.ended, notice.zone)
    if said:
        yield paragraph(_plain(f"{capitalised(said)}."))


def _problem(text: str) -> str:
    return f'<p class="problem" role="alert">{escape(text)}</p>\n'


def _plain(text: str) -> str:
    """Without the glue that keeps a time on one line of an e-mail."""
    return text.replace("\u00a0", " ")


def _now(notice: Notice, now: int) -> Iterator[Row]:
    """What somebody needs to know who decides whether to take it."""
    yield "Case", [_case(notice)]
    yield "Owner", [owned(notice, notice.lead, now) + _of_team(notice)]
    upcoming = notice.upcoming
    if upcoming:
        level = f"{clock_name(upcoming.clock)}, level {upcoming.level + 1}"
        at = instant(upcoming.at, notice.zone)
        yield "Next, if nobody acts", [at, f"{who(upcoming.recipient)}: {level}"]


def _case(notice: Notice) -> str:
    customer = name_of(notice.customer)
    if not customer:
        return id_of(notice.about)
    return f"{id_of(notice.about)}, for {customer}"


def _of_team(notice: Notice) -> str:
    names = teams(notice, notice.lead)
    return f", {names}" if names else ""


def _so_far(notice: Notice, now: int) -> Iterator[Row]:
    for label, text in past_in_words(notice, now):
        yield label, [_plain(text)]
    yield "You were told as", [who(notice.recipient)]
    before = _notified(notice)
    if before:
        yield "Told before", before[-MOST_TOLD:]


def _notified(notice: Notice) -> list[str]:
    """A line for each notification; an audience and its urgent topic are one."""
    distinct = dict.fromkeys(
        (past.at, who_by_key(past.to), notification_line(notice, past)) for past in notice.notified
    )
    return [f"{instant(at, notice.zone)} {to}: {what}" for at, to, what in distinct]


# ------------------------------------------------------------------ what to answer


def _held(notice: Notice, promising: Promising) -> Iterator[str]:
    """Who has it already, and whether that can still be put off."""
    if promising.held is None:
        return
    until = instant(promising.held.until, notice.zone)
    yield heading(f"{name_of(promising.held.by)} has taken it", 2)
    yield paragraph(f"{_PROMISED[promising.held.kind]} {until}.")
    if not promising.snoozes_left:
        yield paragraph(
            "It was put off as often as the policy allows. Nobody can put it off again."
        )


_PROMISED = {
    PromiseKind.UPDATE: "An update is promised by",
    PromiseKind.END: "It is promised to be resolved by",
}


def _taking(notice: Notice, promising: Promising, now: int) -> Iterator[str]:
    choices = _choices(promising)
    if not choices:
        return
    title = _taking_title(promising)
    yield heading(title + _snoozes_left(promising), 2)
    if not promising.holds_back:
        yield _problem(continues(promising.in_a_row))
    yield '<form method="post">\n<input type="hidden" name="answer" value="take">\n'
    yield from _kinds(promising.kinds)
    yield "<fieldset>\n<legend>By</legend>\n"
    for place, at in enumerate(choices):
        text = escape(instant(at, notice.zone))
        ahead = f"in {escape(_ahead(promising, at, now))}"
        yield _choice("until", str(at), text, ahead, place)
    yield "</fieldset>\n"
    yield _YOUR_NAME
    yield f"<p><button>{title}</button></p>\n</form>\n"
    yield paragraph(_what_it_does(promising), small=True)


def _kinds(kinds: Sequence[PromiseKind]) -> Iterator[str]:
    """What can be promised; nothing to choose where it is one thing."""
    if len(kinds) == 1:
        yield f'<input type="hidden" name="for" value="{kinds[0].value}">\n'
        return
    yield "<fieldset>\n<legend>What you promise</legend>\n"
    for place, kind in enumerate(kinds):
        title, kept_by = _KINDS[kind]
        yield _choice("for", kind.value, title, kept_by, place)
    yield "</fieldset>\n"


_KINDS = {
    PromiseKind.UPDATE: ("The next update", "a public reply to the customer keeps it"),
    PromiseKind.END: ("That it is resolved", "a reply alone does not keep it"),
}


def _choice(name: str, value: str, text: str, small: str, place: int) -> str:
    """One of several; the first is chosen until another is."""
    checked = " checked" if place == 0 else ""
    button = f'<input type="radio" name="{name}" value="{value}" required{checked}>'
    shown = f"<span>{text}<br><small>{small}</small></span>"
    return f'<label class="choice">{button}{shown}</label>\n'


def _what_it_does(promising: Promising) -> str:
    waits = "Reminders wait until then." if promising.holds_back else "Reminders go on."
    return (
        f"{waits} If the promise is not kept by then, the case escalates. SLA clocks keep running, "
        "and the age of the case goes on being watched."
    )


_YOUR_NAME = (
    f'<p><label class="name">Your name<input type="text" name="by" maxlength="{LONGEST_NAME}" '
    'required autocomplete="name"></label></p>\n'
)

_NOT_YOURS = """\
<h2>Not yours?</h2>
<form method="post">
<input type="hidden" name="answer" value="not_me">
<button class="other">Not me</button>
</form>
<p><small>It is noted, and nothing is held back.
Others who got this message can still take it.</small></p>
"""


def _choices(promising: Promising) -> list[int]:
    """The instants that can be promised; of a case that is held, only what puts it off."""
    held = promising.held
    if held is None:
        return list(promising.offers)
    if not promising.snoozes_left:
        return []
    return [at for at in promising.offers if at > held.until]


def _taking_title(promising: Promising) -> str:
    return "Put it off" if promising.held else "I take it"


def _snoozes_left(promising: Promising) -> str:
    return f" ({promising.snoozes_left} left)" if promising.held else ""


def _ahead(promising: Promising, at: int, now: int) -> str:
    """`2 h`; where the hours are not round the clock, `17 h 30 m (2 h of working time)`."""
    seconds = promising.calendar.between(now, at)
    if seconds == at - now:
        return open_time(seconds)
    return f"{duration(at - now)} ({open_time(seconds)} of working time)"


# ------------------------------------------------------------------ are two tickets one matter


def _asked_too(state: LinkState, now: int) -> str:
    """Below what else the page is about."""
    if not state.proposals:
        return ""
    return heading(OF_A_PROPOSAL, 2) + "".join(_questions(state, now))


def _proposals(state: LinkState, now: int) -> Iterator[str]:
    yield heading(OF_A_PROPOSAL)
    yield from _questions(state, now)


def _questions(state: LinkState, now: int) -> Iterator[str]:
    zone = state.notice.zone if state.notice else "UTC"
    for proposed in state.proposals:
        yield from _question(proposed, zone, now)


def _question(asked: Proposal, zone: str, now: int) -> Iterator[str]:
    said = proposal.answered(asked)
    if said:
        yield f'<p class="level" role="status">{escape(said)}</p>\n'
    yield paragraph(f"{proposal.looks_alike(asked)}.")
    verdict = proposal.which_is_nearer(asked)
    if verdict:
        yield f"<p><strong>{escape(verdict)}</strong></p>\n"
    for ticket in proposal.tickets(asked):
        yield heading(id_of(ticket.id), 2)
        rows = proposal.details(ticket, zone, now)
        yield definitions((label, [text]) for label, text in rows if text)
    if asked.older is None:
        yield paragraph(f"{id_of(asked.name_of_older)} cannot be shown now.")
    yield _buttons(asked)
    yield paragraph(
        "One matter has one age and one ladder: the time of the older ticket counts for both. You "
        "can change your answer here; the last one counts. Nothing changes at the help desk.",
        small=True,
    )


def _buttons(asked: Proposal) -> str:
    ticket = escape(asked.younger.id)
    same, not_same = Answer.SAME_MATTER.value, Answer.NOT_SAME_MATTER.value
    return (
        f'<form method="post">\n<input type="hidden" name="ticket" value="{ticket}">\n'
        f'<p><button name="answer" value="{same}">{proposal.SAME}</button></p>\n'
        f'<p><button class="other" name="answer" value="{not_same}">{proposal.NOT_SAME}</button>'
        "</p>\n</form>\n"
    )


# ------------------------------------------------------------------ what was answered


def _declined(notice: Notice | None) -> str:
    parts = (
        heading("Noted: not you"),
        _about(notice),
        paragraph("Nothing is held back: whoever comes next is told in time."),
        paragraph("Others who got the same message can still take it with this link."),
    )
    return "".join(parts)


def _used(state: LinkState) -> str:
    if state.taken is None:
        return _declined(state.notice)
    return "".join(_taken(state, state.taken))


def _taken(state: LinkState, promise: Promise) -> Iterator[str]:
    """What was answered; where this very request came too late, that first."""
    by = name_of(promise.by)
    if state.late:
        yield heading(f"{by} has it already")
        yield _problem("Your answer was not counted: somebody was first.")
    else:
        yield heading(f"Noted: {by} takes it")
    yield _about(state.notice)
    zone = state.notice.zone if state.notice else "UTC"
    what = _BY[promise.kind]
    yield f"<p>{what} <strong>{escape(instant(promise.until, zone))}</strong>. "
    if holds_nothing(promise):
        yield f"{continues(promise.in_a_row)}</p>\n"
    else:
        yield "Reminders wait until then.</p>\n"
    yield paragraph(HOW_KEPT[promise.kind])
    yield paragraph(
        "This link has been answered. If the case goes on, the next message about it has a new "
        "one; whoever runs the watchdog can put the promise off.",
        small=True,
    )


_BY = {PromiseKind.UPDATE: "Next update by", PromiseKind.END: "Resolved by"}


def _about(notice: Notice | None) -> str:
    if notice is None:
        return ""
    case = f"Case {id_of(notice.about)}"
    return f"<p>{escape(_title(notice))}<br><small>{escape(case)}</small></p>\n"


def _over(notice: Notice | None) -> str:
    over = paragraph("The case is resolved or closed: there is nothing to take.")
    return heading("This is over") + _about(notice) + over
