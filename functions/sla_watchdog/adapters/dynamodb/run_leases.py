"""Leases of runs: who may make one, and until when.

pk META  sk <run>  owner  until
"""

from __future__ import annotations

from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.items import META, Items


class LeaseStore:
    def __init__(self, items: Items) -> None:
        self._items = items

    def take(self, owner: str, now: int, until: int, run: str = "lease") -> bool:
        """True for the one owner who may make that `run` until `until`. Only when nobody holds it,
        or its time is over.

        A repetition by the owner extends it. Two leases ahead nobody ever held it: such an end
        is damage.
        """
        two_leases_ahead = until + until - now
        change = Expression()
        change.set("owner", to=owner)
        change.set("until", to=until)
        change.require_any(
            f"NOT {change.is_number('until')}",
            change.compare("until", "<=", now),
            change.compare("until", ">", two_leases_ahead),
            change.equals("owner", to=owner),
        )
        return self._items.update(META, run, change) is None

    def release(self, owner: str, run: str = "lease") -> bool:
        """Ends the lease of this owner, and of no other; a repetition changes nothing."""
        change = Expression()
        change.set("until", to=0)
        change.require(change.equals("owner", to=owner))
        return self._items.update(META, run, change) is None
