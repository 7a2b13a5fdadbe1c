"""A request to the page behind a link, and its answer. Whatever is sent, the answer is clear."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from sla_watchdog.domain.escalation.acknowledgement import NotPromised
from sla_watchdog.presentation.html.answer_page import HEADERS, busy, page, refused
from sla_watchdog.presentation.view.link_state import State
from sla_watchdog.usecases.respond.respond import Contended, OpenedLink, Responder

LONGEST_FORM = 4_000
"""Bytes of a form that are looked at; ours has less than 500."""

STATUS = {State.UNKNOWN: 404, State.EXPIRED: 410, State.UNREADABLE: 503}
"""Of what is no ordinary page."""


def answer(event: Mapping[str, Any], responder: Responder, now: int) -> dict[str, Any]:
    """The answer to one event of an HTTP API (payload 2.0); `case` beside it is for the log."""
    code = str(event.get("rawPath") or "").rpartition("/")[2].lower()
    method = _method(event)
    if method not in ("GET", "HEAD", "POST"):
        return _answer(405, refused(), {"Allow": "GET, HEAD, POST"})
    form = _form(event) if method == "POST" else {}
    try:
        standing = _given(form, responder, code, now) if form else responder.look(code, now)
    except NotPromised as problem:
        return _page(responder.look(code, now), now, str(problem), status=400)
    except Contended:
        return _answer(503, busy(), {"Retry-After": "5"})
    return _page(standing, now)


def _page(standing: OpenedLink, now: int, problem: str = "", status: int = 200) -> dict[str, Any]:
    """`status` is that of an ordinary page."""
    case = standing.link.case if standing.link else ""
    body = page(standing, now, problem)
    return _answer(STATUS.get(standing.state, status), body, case=case)


def _given(form: Mapping[str, str], responder: Responder, code: str, now: int) -> OpenedLink:
    if form.get("answer") == "not_me":
        return responder.decline(code, now)
    until = form.get("until", "")
    is_time = until.isascii() and until.isdigit() and len(until) <= 12
    if form.get("answer") != "take" or not is_time:
        raise NotPromised("choose when the next update comes")
    return responder.take(code, form.get("by", ""), int(until), now)


def _method(event: Mapping[str, Any]) -> str:
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, Mapping) else None
    return str(http.get("method") or "") if isinstance(http, Mapping) else ""


def _form(event: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a form, the first value of each; what is no form of ours is a form without an
    answer.
    """
    try:
        text = _body(event)[:LONGEST_FORM].decode()
        fields = parse_qs(text, max_num_fields=20)
    except (binascii.Error, TypeError, ValueError):
        fields = {}
    return {name: values[0] for name, values in fields.items()} or {"answer": ""}


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
