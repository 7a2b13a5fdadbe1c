"""Records that cannot be judged as they are: told to operations once, and never in the way of the
others.
"""

import pytest

from scenarios.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def test_bad_tickets_of_every_kind_hold_up_no_other_and_are_told_once(world: World) -> None:
    good = {
        "created_at": world.iso(0),
        "status": "Open",
        "priority": "P1",
        "channel": "phone",
        "team": "Web",
        "assignee": "Kim",
    }

    def bad(name: str, **changes: object) -> dict[str, object]:
        changed = {"ticket_id": name, **good, **changes}
        return {key: value for key, value in changed.items() if value is not None}

    world.put(
        {"ticket_id": "good", **good},
        bad("no-creation", created_at=None),
        bad("no-status", status=None),
        bad("status", status="Quux"),
        bad("priority", priority="P0"),
        bad("no-date", created_at="31 February"),
        bad("future", created_at=world.iso(24 * 400)),
        bad("large", description="x" * 300_000),
        bad("shapes", status={"name": "Open"}, priority=["P1"], team=b"Web", assignee=None),
        bad("  "),
    )
    world.tick()
    world.expect(
        "operations: finding no-creation created_at",
        "operations: finding no-status status",
        "operations: finding status status",
        "operations: finding priority priority",
        "operations: finding no-date created_at",
        "operations: finding future created_at",
        "operations: finding shapes status, finding shapes team, finding shapes priority",
        f"operations: finding {world.nameless()} ticket_id",
    )
    world.delete("large")
    world.pass_to(5)
    # Its priority cannot be read, so the first limit that could apply counts: an answer within
    # an hour.
    world.expect(
        "operations: finding large deleted",
        "owner: priority first_response 1",
        "owner: priority first_response 2",
        "team-lead: priority first_response 2",
    )


def test_a_record_without_an_id_that_is_deleted_is_a_case_no_more(world: World) -> None:
    world.put({"ticket_id": "   ", "created_at": world.iso(0), "status": "Open"})
    world.tick()
    world.forget()
    world.delete("   ")
    world.pass_to(24 * 30)
    world.expect()
