"""Digests in the Watch table: one message to one recipient about many cases, and the daily one of
mode observe.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sla_watchdog.adapters.dynamodb.case_item import DIGEST, shard_of
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import SORT_KEY, Items
from sla_watchdog.domain.escalation.case import Recipient
from sla_watchdog.usecases.watch.ports import Digest

KEPT_SECONDS = 30 * 86400
"""How long a digest is kept after its last write; then the table forgets it (TTL attribute
`expires_at`).
"""

MEMBERS_KEPT = 2000
"""Members listed in a digest's item; of more only the number is kept. Each member names its digest
anyway.
"""

LINES_KEPT = 200
"""Lines of a daily digest; of more only the number is kept."""


def _members_text(members: Iterable[tuple[str, str]]) -> str:
    return json.dumps(list(members), ensure_ascii=False, separators=(",", ":"))


class DigestStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def put(
        self, digest: str, recipient: Recipient, members: Sequence[tuple[str, str]], now: int
    ) -> bool:
        """Writes the digest before it is sent, with the members that were claimed for it.

        Only when there is none of that id; True as well when a repetition finds just what it
        would write.
        """
        kept = _members_text(members[:MEMBERS_KEPT])
        change = Expression()
        change.set("members", to=kept)
        change.set("count", to=len(members))
        change.set("audience", to=recipient.audience)
        change.set("of", to=recipient.of)
        change.set("urgent", to=recipient.urgent)
        change.set("made_at", to=now)
        change.set("expires_at", to=now + KEPT_SECONDS)
        change.require(change.absent("pk"))
        stands = self._items.update(f"{DIGEST}{digest}", SORT_KEY, change)
        if stands is None:
            return True
        same_members = stands.get("members") == {"S": kept}
        same_audience = stands.get("audience") == {"S": recipient.audience}
        return same_members and same_audience

    def read(self, digest: str) -> Digest | None:
        """As it is now, by a consistent read; None when there is none. Damage is an answer,
        and is never raised.
        """
        stored = self._items.plain(f"{DIGEST}{digest}", SORT_KEY)
        if not stored:
            return None
        try:
            return _digest(digest, stored)
        except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
            return Digest(digest, Recipient(""), damage=str(error))

    def is_sent(self, digest: str, token: str) -> bool:
        """Whether it was marked as sent, and carried the entry claimed under that token, by a
        consistent read.

        False for a digest that is not there. One that an older version marked, without tokens,
        carried all its members.
        """
        stored = self._items.plain(f"{DIGEST}{digest}", SORT_KEY)
        if "sent_at" not in stored:
            return False
        if "told" not in stored:
            return True
        return token in str(stored["told"]).split()

    def mark_sent(
        self, digest: str, now: int, message_id: str, carried: Sequence[str] | None = None
    ) -> bool:
        """Sent, and due no more; `carried` are the tokens of the entries that were in it: a claim
        whose answer was lost names the digest too, and was not.

        Only a digest that is there; the first mark stands, a repetition adds nothing.
        """
        change = Expression()
        change.set_if_absent("sent_at", to=now)
        change.set_if_absent("message_id", to=message_id)
        if carried is not None:
            change.set_if_absent("told", to=" ".join(carried))
        change.set("expires_at", to=now + KEPT_SECONDS)
        change.remove("next_at")
        change.remove("due_shard")
        change.require(change.present("pk"))
        return self._items.update(f"{DIGEST}{digest}", SORT_KEY, change) is None

    def append_observed(self, day: str, line: Mapping[str, object], due_at: int) -> bool:
        """Adds a line to the digest `observe-<day>`, which is due at `due_at` from its first line
        on.

        Each line counts once, so a repetition changes nothing; past the last line kept only the
        number grows (and may count a repetition). False when that day's digest was sent already:
        it belongs into the next.
        """
        pk = f"{DIGEST}observe-{day}"
        text = json.dumps(line, ensure_ascii=False, sort_keys=True)
        change = self._counting(day, due_at).append("lines", text)
        capacity = f"size({change.path('lines')}) < {change.value(LINES_KEPT)}"
        listed = f"contains({change.path('lines')}, {change.value(text)})"
        change.require(f"{change.absent('lines')} OR ({capacity} AND NOT {listed})")
        stands = self._items.update(pk, SORT_KEY, change)
        if stands is None:
            return True
        if "sent_at" in stands:
            return False
        if {"S": text} in stands["lines"]["L"]:
            return True
        return self._items.update(pk, SORT_KEY, self._counting(day, due_at)) is None

    def _counting(self, day: str, due_at: int) -> Expression:
        change = Expression().add("count")
        change.set_if_absent("next_at", to=due_at)
        change.set_if_absent("due_shard", to=shard_of(day, urgent=False))
        change.set_if_absent("expires_at", to=due_at + KEPT_SECONDS)
        change.require(change.absent("sent_at"))
        return change


def _digest(name: str, stored: dict[str, Any]) -> Digest:
    recipient = Recipient(
        audience=stored.get("audience", ""),
        of=stored.get("of", ""),
        urgent=stored.get("urgent", False),
    )
    members = json.loads(stored.get("members", "[]"))
    lines = [json.loads(line) for line in stored.get("lines", [])]
    sent_at = None
    if "sent_at" in stored:
        sent_at = int(stored["sent_at"])
    return Digest(
        id=name,
        recipient=recipient,
        members=tuple((case, key) for case, key in members),
        lines=tuple(map(dict, lines)),
        count=int(stored.get("count", 0)),
        sent_at=sent_at,
        message_id=stored.get("message_id", ""),
    )
