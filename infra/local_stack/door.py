"""Who may speak to a server of ours on loopback: programs of this machine, and pages that the
server itself served.

Every page that a browser shows can send requests to loopback, many without asking first.
MiniStack checks no secret, so such a page could make a function of its own and have it run here.
A browser says, and no page can change, whence a request comes (`Origin`, `Sec-Fetch-Site`) and
under which name the server was called (`Host`: the name of a page that has had its own name
point at loopback). Programs such as boto3 send neither of the first two.

Nothing but the standard library: MiniStack's environment has none of ours.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
"""Whatever the port: a program between may have one of its own, and a page cannot choose what is
sent.
"""

NO_OTHER_SITE = {"none", "same-origin"}
"""`none`: a person typed the address. `same-site` is another port of this machine, and so somebody
else's page.
"""


def refusal(headers: Iterable[tuple[str, str]]) -> HTTPStatus | None:
    """How a request with these headers must be answered; None: it may come in."""
    said: dict[str, list[str]] = {}
    for name, value in headers:
        said.setdefault(name.lower(), []).append(value.strip().lower())
    hosts = said.get("host", [])
    if len(hosts) != 1 or not OWN_HOST.fullmatch(hosts[0]):
        return HTTPStatus.MISDIRECTED_REQUEST
    sites = set(said.get("sec-fetch-site", []))
    if not sites <= NO_OTHER_SITE:
        return HTTPStatus.FORBIDDEN
    own_origins = {f"http://{hosts[0]}"}
    if sites == {"same-origin"}:
        own_origins.add(
            "null"
        )  # so says our own page, which names itself to nobody (`no-referrer`)
    if not set(said.get("origin", [])) <= own_origins:
        return HTTPStatus.FORBIDDEN
    return None


def guarded(app: App) -> App:
    """The ASGI application behind this door."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await app(scope, receive, send)
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        status = refusal(headers)
        if status is None:
            return await app(scope, receive, send)
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        return await _refuse(status, send)

    return answer


async def _refuse(status: HTTPStatus, send: Send) -> None:
    body = f"{status.value} {status.phrase}\n".encode()
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
