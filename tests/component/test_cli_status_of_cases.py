"""`status` on a Watch table that holds more than cases of one ticket: pointers, sealed facts, keys
of matters.
"""

from __future__ import annotations

from attrs import evolve

from building import MON, at
from component.cli_desk import NEW, Operator
from sla_watchdog.domain.tickets.facts import Fact, Facts


def listed(operator: Operator) -> list[str]:
    operator.now = f"{MON}T01:00"
    ran = operator("status", "--json")
    assert ran.code in (0, 1)
    return [case["case"] for case in ran.json["cases"]]


def rooms(operator: Operator) -> set[str]:
    """The kinds of items in the table."""
    items = operator.desk.dynamodb.scan(TableName=operator.desk.parts.settings.watch_table)["Items"]
    return {item["pk"]["S"][:2] + item["sk"]["S"][:2] for item in items}


def test_tickets_of_one_case_are_one_line(operator: Operator) -> None:
    for name in ("T-1", "T-2"):
        operator.desk.put(f"{MON}T00:00", name, **NEW, case_id="7", customer_id="city")
    assert listed(operator) == ["T-1"]
    assert "K#W" in rooms(operator)


def test_a_long_history_is_judged_as_a_whole(operator: Operator) -> None:
    """The creation is among the facts that are sealed."""
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    case = operator.desk.case()
    replies = [Fact("T-1", "customer_reply", at(f"{MON}T00:00") + second) for second in range(3000)]
    assert operator.desk.parts.watch.cases.keep(
        evolve(case, facts=Facts.of([*case.facts, *replies])), []
    )
    assert "C#F#" in rooms(operator)
    operator.now = f"{MON}T01:00"
    ran = operator("status", "--json")
    (line,) = ran.json["cases"]
    assert line["opened_at"].startswith(f"{MON}T00:00")


def test_a_pointer_that_leads_nowhere_needs_attention(operator: Operator) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    table = operator.desk.parts.settings.watch_table
    pointer = {"pk": {"S": "C#T-2"}, "sk": {"S": "W"}, "moved_to": {"S": "T-9"}, "rev": {"N": "4"}}
    operator.desk.dynamodb.put_item(TableName=table, Item=pointer)
    assert operator.desk.parts.watch.cases.wake("T-2", at(f"{MON}T00:30"))
    assert listed(operator) == ["T-1"]
    assert "moved to 'T-9', where there is no case" in operator("status").said
