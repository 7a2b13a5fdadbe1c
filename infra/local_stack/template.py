"""template.yaml as data, for what must agree with it: tables of the tests, the benchmark, the
checks.
"""

import functools
from typing import Any

import yaml

from local_stack.server import ROOT

TABLES = {"tickets": "TicketsTable", "watch": "WatchTable", "audit": "AuditTable"}
_OF_CREATE_TABLE = (
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
)


class _Loader(yaml.SafeLoader):
    """Reads `!GetAtt a.b` and its like in the long form, `{"Fn::GetAtt": "a.b"}`."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}  # type: ignore[arg-type] # the third kind


_Loader.add_multi_constructor("!", _intrinsic)


@functools.cache
def template() -> dict[str, Any]:
    """The template as written, with the intrinsic functions in their long form."""
    loaded = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 # a SafeLoader
    return dict(loaded)


def create_tables(dynamodb: Any, *, prefix: str = "") -> dict[str, str]:
    """Makes the template's three tables with this client; returns their names by `tickets`,
    `watch`, `audit`.

    Keys, indexes and stream are the template's; backups, protection and time to live are left out.
    """
    resources = template()["Resources"]
    names = {}
    for name, logical_id in TABLES.items():
        properties = resources[logical_id]["Properties"]
        wanted = {key: properties[key] for key in _OF_CREATE_TABLE if key in properties}
        if "StreamSpecification" in properties:
            wanted["StreamSpecification"] = {"StreamEnabled": True} | properties[
                "StreamSpecification"
            ]
        names[name] = f"{prefix}{name}"
        dynamodb.create_table(TableName=names[name], **wanted)
    return names
