"""A request to the page behind a link, and its answer. Whatever is sent, the answer is clear."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from sla_watchdog.domain.clocks.promises import PromiseKind
from sla_watchdog.domain.escalation.acknowledgement import Answer
from sla_watchdog.domain.escalation.not_promised import NotPromised, PromiseRefusal
from sla_watchdog.presentation.html.answer_page import HEADERS, busy, page, refused
from sla_watchdog.presentation.text.not_promised import not_promised
from sla_watchdog.presentation.view.link_state import LinkStatus
from sla_watchdog.usecases.respond.respond import Contended, OpenedLink, Responder

LONGEST_FORM = 4_000
"""Bytes of a form that are looked at; ours has less than 500."""

JUDGEMENTS = {Answer.SAME_MATTER.value: True, Answer.NOT_SAME_MATTER.value: False}
"""What is said of two tickets, by the word of the form: whether they are one matter."""

STATUS = {LinkStatus.UNKNOWN: 404, LinkStatus.EXPIRED: 410, LinkStatus.UNREADABLE: 503}
"""Of what is no ordinary page."""


def answer(event: Mapping[str, Any], responder: Responder, now: int) -> dict[str, Any]:
    """The answer to one event of an HTTP API (payload 2.0); `case` beside it is for the log."""
    path = str(event.get("rawPath") or "")
    code = path.rpartition("/")[2].lower()
    match _method(event):
        case "GET" | "HEAD":
            return _page(responder.look(code, now), now)
        case "POST":
            return _answer_to(_form(event), responder, code, now)
        case _:
            return _answer(405, refused(), {"Allow": "GET, HEAD, POST"})


def _answer_to(
    form: Mapping[str, str], responder: Responder, code: str, now: int
) -> dict[str, Any]:
    try:
        opened = _given(form, responder, code, now)
    except NotPromised as error:
        problem = not_promised(error.why)
        return _page(responder.look(code, now), now, problem, status=400)
    except Contended:
        return _answer(503, busy(), {"Retry-After": "5"})
    return _page(opened, now)


def _page(opened: OpenedLink, now: int, problem: str = "", status: int = 200) -> dict[str, Any]:
    """`status` is that of an ordinary page."""
    case = opened.link.case if opened.link else ""
    status = STATUS.get(opened.state, status)
    return _answer(status, page(opened, now, problem), case=case)


def _given(form: Mapping[str, str], responder: Responder, code: str, now: int) -> OpenedLink:
    choice = form.get("answer")
    if choice == "not_me":
        return responder.decline(code, now)
    if choice in JUDGEMENTS:
        return responder.judge(code, form.get("ticket", ""), JUDGEMENTS[choice], now)
    until = form.get("until", "")
    if choice != "take" or not _is_time(until):
        raise NotPromised(PromiseRefusal.NO_TIME_CHOSEN)
    return responder.take(code, form.get("by", ""), int(until), now, _kind(form))


def _kind(form: Mapping[str, str]) -> PromiseKind:
    """A page of before says nothing of it, and meant an update."""
    if form.get("for") == PromiseKind.END.value:
        return PromiseKind.END
    return PromiseKind.UPDATE


def _is_time(text: str) -> bool:
    """Whether it is an epoch second, as our own form sends it."""
    return text.isascii() and text.isdigit() and len(text) <= 12


def _method(event: Mapping[str, Any]) -> str:
    context = _map_in(event, "requestContext")
    http = _map_in(context, "http")
    return str(http.get("method") or "")


def _map_in(outer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The map of that name; an empty one where there is none."""
    inner = outer.get(name)
    if isinstance(inner, Mapping):
        return inner
    return {}


def _form(event: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a form, the first value of each; none of what is no form."""
    try:
        text = _body(event)[:LONGEST_FORM].decode()
        fields = parse_qs(text, max_num_fields=20)
    except (binascii.Error, TypeError, ValueError):
        fields = {}
    return {name: values[0] for name, values in fields.items()}


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body")
    if event.get("isBase64Encoded"):
        return base64.b64decode(str(body), validate=True)
    return str(body or "").encode()


def _answer(
    status: int, body: str, more: Mapping[str, str] | None = None, case: str = ""
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {**HEADERS, **(more or {})},
        "body": body,
        "case": case,
    }
