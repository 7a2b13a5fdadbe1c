"""The generations of the policy: each policy that is deployed gets the next number.

pk META  sk generation  number  hash  since  numbers {hash: number}  swept
"""

from __future__ import annotations

from collections.abc import Mapping

from sla_watchdog.adapters.dynamodb.attributes import number_in, numbers_in, plain
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items
from sla_watchdog.adapters.dynamodb.table import Item, StoreBusyError
from sla_watchdog.usecases.judging.ports import Generation

STRAGGLER_SECONDS = 900
"""For so long after a new generation an older policy is a function not yet replaced; later it is a
way back.
"""

HASHES_KEPT = 20


class GenerationStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def of(self, policy_hash: str, now: int) -> Generation:
        """The generation of this policy; registers one never seen, as the next number, for exactly
        one caller.

        An older policy that comes back within 15 minutes of a newer one is a function not
        replaced yet: it gets its old number, and writes nothing over the newer. Later it is a
        roll-back, and the next generation.
        """
        for _ in range(10):
            item = self._items.read(META, "generation") or {}
            stored = plain(item)
            numbers = numbers_in(stored.get("numbers"))
            highest = max(numbers.values(), default=0)
            number = number_in(stored.get("number"), highest)
            since = number_in(stored.get("since")) if item else now
            if stored.get("hash") == policy_hash and number:
                swept = number_in(stored.get("swept")) >= number
                return Generation(number, since, is_new=False, swept=swept)
            if policy_hash in numbers and now - since < STRAGGLER_SECONDS:
                return Generation(numbers[policy_hash], since, is_new=False, swept=True)
            if self._register(policy_hash, item, number, numbers, now):
                return Generation(number + 1, now, is_new=True)
        raise StoreBusyError("the policy generation changes faster than it can be read")

    def _register(
        self, policy_hash: str, before: Item, number: int, earlier: Mapping[str, int], now: int
    ) -> bool:
        """Only when the number is still the one read."""
        others = dict(earlier)
        others.pop(policy_hash, None)
        newest = sorted(others, key=others.__getitem__)[-HASHES_KEPT + 1 :]
        numbers = {name: others[name] for name in newest}
        numbers[policy_hash] = number + 1
        change = Expression()
        change.set("number", to=number + 1)
        change.set("hash", to=policy_hash)
        change.set("since", to=now)
        change.set("numbers", to=numbers)
        change.require(change.as_stored("number", before))
        return self._items.update(META, "generation", change) is None

    def raise_to(self, number: int) -> bool:
        """A case was written under a generation that is not known here, so this item was lost: the
        next to ask for its generation begins one beyond. Only while what is known is lower; a
        repetition changes nothing.
        """
        change = Expression()
        change.set("number", to=number)
        change.set("numbers", to={})
        change.set("since", to=0)
        change.remove("hash")
        change.require_any(change.absent("number"), change.compare("number", "<", number))
        return self._items.update(META, "generation", change) is None

    def mark_swept(self, number: int) -> bool:
        """A sweep was asked for under this generation. Only while it is the newest; a repetition
        changes nothing.
        """
        change = Expression().set("swept", to=number)
        change.require(change.equals("number", to=number))
        return self._items.update(META, "generation", change) is None

    def ask_for_sweep(self) -> bool:
        """The next tick asks for one; only where a tick has ever run. A repetition changes
        nothing.
        """
        change = Expression().set("swept", to=0)
        change.require(change.present("pk"))
        return self._items.update(META, "generation", change) is None
