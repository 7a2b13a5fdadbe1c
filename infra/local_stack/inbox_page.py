"""The inbox as a page: newest first, e-mail in a mail's frame, SMS as a bubble. No state, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Protocol
from urllib.parse import urlencode

from sla_watchdog.presentation.html.shell import source, whole_document

PER_PAGE = 30
SENDER_ROOM = 10
"""Characters of a topic's display name that SNS puts before an SMS."""

SEVERITIES = frozenset({"warning", "breach", "critical"})


class Shown(Protocol):
    """What the page needs to know of a message."""

    @property
    def number(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def at(self) -> int: ...
    @property
    def sender(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def sms(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, object]: ...


def page(messages: Sequence[Shown], asked: Mapping[str, str]) -> str:
    """The page for a query: `audience` and `form` (email, sms) filter, `skip` leaves out the
    newest.

    Every text is escaped here; nothing that was sent can be anything but text.
    """
    chosen = [each for each in messages if _wanted(each, asked)]
    newest = sorted(chosen, key=lambda each: (each.at, each.number), reverse=True)
    skip = int(asked.get("skip", "0")) if asked.get("skip", "").isdecimal() else 0
    shown = newest[skip : skip + PER_PAGE]
    main = "".join(
        [
            _filters(messages, asked),
            "".join(map(_message, shown)) or _nothing(messages),
            _older(asked, skip, len(newest)),
        ]
    )
    count = f"{len(messages):,} message{'' if len(messages) == 1 else 's'}"
    version = len(messages)
    body = f"""<body data-version="{version}">
<header><h1>SLA watchdog inbox</h1><p id="state">{count}, newest first</p></header>
<main>{main}</main>
<script>{_SCRIPT}</script>
</body>"""
    return whole_document(f"Inbox ({version})", _STYLE, body, _NO_ICON)


def _wanted(each: Shown, asked: Mapping[str, str]) -> bool:
    audience, form = asked.get("audience", ""), asked.get("form", "")
    return audience in ("", each.audience) and form in ("", "sms" if each.urgent else "email")


def _filters(messages: Sequence[Shown], asked: Mapping[str, str]) -> str:
    by_audience = Counter(
        each.audience for each in messages if _wanted(each, _less(asked, "audience"))
    )
    by_form = Counter(
        "sms" if each.urgent else "email"
        for each in messages
        if _wanted(each, _less(asked, "form"))
    )
    audiences = [("everyone", "", by_audience.total())]
    audiences += [(name, name, count) for name, count in sorted(by_audience.items())]
    forms = [("all", "", by_form.total())]
    forms += [(text, form, by_form[form]) for text, form in (("e-mail", "email"), ("SMS", "sms"))]
    return _choice("For", "audience", audiences, asked) + _choice("As", "form", forms, asked)


def _less(asked: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name not in names}


def _choice(
    title: str, name: str, options: list[tuple[str, str, int]], asked: Mapping[str, str]
) -> str:
    links = "".join(
        _link(
            f"{escape(text)} <b>{count:,}</b>",
            {**_less(asked, name, "skip"), **({name: value} if value else {})},
            current=asked.get(name, "") == value,
        )
        for text, value, count in options
    )
    return f'<nav aria-label="{title}"><span>{title}</span>{links}</nav>'


def _link(html: str, query: Mapping[str, str], *, current: bool = False) -> str:
    mark = ' aria-current="true"' if current else ""
    return f'<a href="/?{escape(urlencode(query, errors="replace"))}"{mark}>{html}</a>'


def _message(each: Shown) -> str:
    main, other = (_sms, _mail) if each.urgent else (_mail, _sms)
    label = "the same as e-mail" if each.urgent else "the same as SMS"
    more = f'<details id="d{each.number}"><summary>{label}</summary>{other(each)}</details>'
    kind = _severity(each.facts)
    has_both = each.sms and each.email
    shown = f"{main(each)}{more}" if has_both else main(each)
    return f'<article id="m{each.number}" class="{kind}">{shown}</article>'


def _severity(facts: Mapping[str, object]) -> str:
    """That of the alert that leads; a digest names it only in its list."""
    alerts = facts.get("alerts")
    first = alerts[0] if isinstance(alerts, list) and alerts else facts
    severity = first.get("severity") if isinstance(first, Mapping) else None
    return severity if isinstance(severity, str) and severity in SEVERITIES else "other"


def _mail(each: Shown) -> str:
    rows = [
        ("From", f"{each.sender} <no-reply@sns.amazonaws.com>"),
        ("To", f"everyone who subscribed to {each.topic} by e-mail"),
        ("Date", _date(each.at)),
    ]
    head = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    return (
        f'<div class="mail"><header><h2>{escape(each.subject)}</h2><dl>{head}</dl></header>'
        f"<pre>{escape(each.email)}</pre></div>"
    )


def _sms(each: Shown) -> str:
    text = f"{each.sender[:SENDER_ROOM]}> {each.sms}"
    to = f"SMS to everyone who subscribed to {each.topic}"
    head = f'<p class="to">{escape(to)}, {_date(each.at)}</p>'
    return f'<div class="sms">{head}<p class="bubble">{escape(text)}</p></div>'


def _date(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%a %d %b %Y %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {at}"


def _nothing(messages: Sequence[Shown]) -> str:
    why = "None of them is of this kind." if messages else "Nothing has been sent yet."
    return f'<p class="nothing">{why} This page looks again every two seconds.</p>'


def _older(asked: Mapping[str, str], skip: int, count: int) -> str:
    links = list(_pages(asked, skip, count))
    return f'<nav aria-label="pages" class="pages">{"".join(links)}</nav>' if links else ""


def _pages(asked: Mapping[str, str], skip: int, count: int) -> Iterator[str]:
    if skip:
        yield _link("← newer", {**_less(asked, "skip"), "skip": str(max(0, skip - PER_PAGE))})
    if skip + PER_PAGE < count:
        left = count - skip - PER_PAGE
        yield _link(f"{left:,} older →", {**asked, "skip": str(skip + PER_PAGE)})


_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--back:#eef0f4;--ink:#1b1f24;--soft:#5b6470;--line:#d6dae1;
--warning:#a15c00;--breach:#c0271d;--critical:#7d0f4c;--other:#4a5a78;--bubble:#e4e6eb;--chosen:#1f4f9c}
@media(prefers-color-scheme:dark){:root{--paper:#1d2127;--back:#12151a;--ink:#e7eaee;--soft:#9aa4b1;--line:#343b45;
--warning:#f0b35a;--breach:#ff7a70;--critical:#ff8ac4;--other:#9fb3d9;--bubble:#333a45;--chosen:#8db8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
body>header{position:sticky;top:0;z-index:1;background:var(--paper);border-bottom:1px solid var(--line);
padding:.6rem 1rem;display:flex;gap:.2rem 1rem;flex-wrap:wrap;align-items:baseline}
h1{font-size:1.1rem;margin:0}
body>header p{margin:0;color:var(--soft)}
main{max-width:50rem;margin:0 auto;padding:.8rem}
nav{display:flex;flex-wrap:wrap;gap:.35rem;align-items:center;margin:0 0 .5rem}
nav span{color:var(--soft);min-width:2rem}
nav a{padding:.2rem .7rem;border:1px solid var(--line);border-radius:1rem;background:var(--paper);
color:inherit;text-decoration:none}
nav a b{font-weight:400;color:var(--soft)}
nav a:hover,nav a:focus-visible{border-color:var(--chosen)}
nav a[aria-current]{border-color:var(--chosen);background:var(--chosen);color:var(--paper)}
nav a[aria-current] b{color:inherit}
nav:not(.pages)+article,nav+.nothing{margin-top:1rem}
nav.pages{justify-content:space-between;margin-top:1rem}
article{margin:0 0 1rem;overflow-wrap:anywhere;unicode-bidi:isolate}
.mail{background:var(--paper);border:1px solid var(--line);border-left:5px solid var(--kind);border-radius:6px}
.warning{--kind:var(--warning)}.breach{--kind:var(--breach)}.critical{--kind:var(--critical)}.other{--kind:var(--other)}
.mail header{padding:.7rem 1rem;border-bottom:1px solid var(--line)}
h2{font-size:1.05rem;margin:0 0 .3rem;color:var(--kind)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 .7rem;margin:0;font-size:.85rem}
dt{color:var(--soft)}dd{margin:0}
pre{margin:0;padding:1rem;white-space:pre-wrap;font:.85rem/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
.sms{max-width:25rem;background:var(--paper);border:1px solid var(--line);border-radius:1.2rem;padding:.8rem 1rem}
.to{margin:0 0 .4rem;color:var(--soft);font-size:.8rem;text-align:center}
.bubble{margin:0;background:var(--bubble);border-radius:1.1rem 1.1rem 1.1rem .3rem;padding:.6rem .9rem;
width:fit-content;max-width:21rem;border-left:4px solid var(--kind)}
details{margin:.3rem 0 0}
summary{cursor:pointer;color:var(--soft);font-size:.85rem;padding:.25rem .4rem}
.nothing{color:var(--soft);text-align:center;padding:3rem 1rem}
@media(max-width:35rem){main{padding:.6rem}pre{padding:.7rem;font-size:.8rem}.mail header{padding:.6rem .7rem}}
"""

_SCRIPT = """
const look = async () => {
  if (document.hidden) return;
  let fresh;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(answer.status);
    fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  } catch {
    document.querySelector('#state').textContent = 'The local stack has stopped.';
    return;
  }
  if (fresh.body.dataset.version === document.body.dataset.version) return;
  const top = [...document.querySelectorAll('article')].find(a => a.getBoundingClientRect().bottom > 80);
  const before = top && window.scrollY > 0 ? top.getBoundingClientRect().top : null;
  const open = [...document.querySelectorAll('details[open]')].map(d => d.id);
  document.title = fresh.title;
  document.body.dataset.version = fresh.body.dataset.version;
  document.querySelector('#state').textContent = fresh.querySelector('#state').textContent;
  document.querySelector('main').replaceWith(fresh.querySelector('main'));
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  const now = before !== null && document.getElementById(top.id);
  if (now) window.scrollBy(0, now.getBoundingClientRect().top - before);
};
setInterval(look, 2000);
"""

_NO_ICON = '<link rel="icon" href="data:,">\n'


POLICY = (
    f"default-src 'none'; style-src {source(_STYLE)}; script-src {source(_SCRIPT)}; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's content security policy: its own style and script, and nothing else at all."""
