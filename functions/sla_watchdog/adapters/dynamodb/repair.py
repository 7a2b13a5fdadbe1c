"""What can be saved of a damaged item of a case."""

from __future__ import annotations

from sla_watchdog.adapters.dynamodb.case_item import case_of
from sla_watchdog.adapters.dynamodb.expression import Expression
from sla_watchdog.adapters.dynamodb.table import Item
from sla_watchdog.domain.escalation.case import Case

SCAFFOLD = {"rev": {"N": "1"}, "facts": {"S": "{}"}}
"""What makes any item of a case readable, for trying its other attributes one by one."""

LOG_OF_FAILURES = frozenset({"failures", "problem"})
"""How often it failed and why: not kept."""


def cut(change: Expression, item: Item) -> None:
    """Takes out what cannot be read, as long as it is still what `item` has."""
    sound = _readable(item)
    for attribute in item.keys() - sound:
        if attribute != "rev":
            require_unchanged(change, attribute, item)
        if attribute not in SCAFFOLD:
            change.remove(attribute)
    for attribute in SCAFFOLD.keys() - sound:
        change.set_stored(attribute, SCAFFOLD[attribute])


def require_unchanged(change: Expression, name: str, item: Item) -> None:
    change.require(change.as_stored(name, item))


def _readable(item: Item) -> set[str]:
    """Its attributes that can be read, each on its own."""
    key = {name: item[name] for name in ("pk", "sk")}
    good = set(key)
    for name in item.keys() - key.keys() - LOG_OF_FAILURES:
        with_it = {**key, **SCAFFOLD, name: item[name]}
        if isinstance(case_of(with_it), Case):
            good.add(name)
    return good
