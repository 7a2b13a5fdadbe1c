"""`status` of some cases: whose, how urgent, judged by what, how bad."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from building import MON
from component.cli_desk import NEW, Operator, sit_down

DESK = [
    ("T-0", "00:00", {"team": "Trust and Safety", "assignee": "Kim", "priority": "Urgent"}),
    ("T-1", "00:00", {"team": "Billing", "assignee": "Ade", "priority": "Normal"}),
    ("T-2", "13:00", {"team": "Trust and Safety", "assignee": "Queue", "priority": "Normal"}),
    ("T-3", "13:00", {"team": "Billing", "status": "Waiting"}),
]
"""(ticket, created, what else): two that are breached at 20:30, one at risk, one that is paused."""


@pytest.fixture(scope="module")
def desk() -> Iterator[Operator]:
    """One for all rows: nothing here changes it. What it prints is read by `operator`."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        operator = sit_down(patch, None)  # type: ignore[arg-type] # see above
        for ticket, created, more in DESK:
            operator.desk.put(
                f"{MON}T20:00", ticket, **{**NEW, "created_at": f"{MON}T{created}:00Z", **more}
            )
        linked = {
            "created_at": f"{MON}T20:00:00Z",
            "assignee": "Rui",
            "priority": "Normal",
            "follow_up_of": "T-0",
        }
        operator.desk.put(f"{MON}T20:10", "T-9", **{**NEW, **linked})
        operator.tick(f"{MON}T20:30")
        yield operator


@pytest.fixture
def operator(desk: Operator, capsys: pytest.CaptureFixture[str]) -> Operator:
    desk._capsys = capsys
    return desk


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        pytest.param([], ["T-0", "T-1", "T-2", "T-3"], id="all"),
        pytest.param(
            ["--team", " trust AND safety "], ["T-0", "T-2"], id="one team, however it is written"
        ),
        pytest.param(["--team", "nobody's"], [], id="a team without a case"),
        pytest.param(["--owner", "kim"], ["T-0"], id="an owner"),
        pytest.param(["--owner", "rui"], ["T-0"], id="the owner of one of its tickets"),
        pytest.param(
            ["--owner", "nobody"], ["T-2", "T-3"], id="nobody's, and those of a shared name"
        ),
        pytest.param(["--owner", "queue"], [], id="a shared name is nobody"),
        pytest.param(["--priority", "URGENT"], ["T-0"], id="a priority"),
        pytest.param(["--priority", "normal", "--team", "billing"], ["T-1"], id="both must match"),
        pytest.param(
            ["--judged-by", "everything"], ["T-0", "T-1", "T-2", "T-3"], id="what judges it"
        ),
        pytest.param(["--breached"], ["T-0", "T-1"], id="breached alone"),
        pytest.param(["--at-risk"], ["T-2"], id="at risk alone"),
        pytest.param(["--at-risk", "--breached"], ["T-0", "T-1", "T-2"], id="either"),
        pytest.param(["--at-risk", "--owner", "kim"], [], id="none of both"),
        pytest.param(["--limit", "1"], ["T-0"], id="the worst one"),
        pytest.param(["--limit", "0"], ["T-0", "T-1", "T-2", "T-3"], id="no limit"),
    ],
)
def test_filters_choose_what_is_shown(
    operator: Operator, options: list[str], shown: list[str]
) -> None:
    assert [case["case"] for case in operator("status", "--json", *options).json["cases"]] == shown
    out = operator("status", *options).out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("T-")] == shown
    assert max(map(len, out.splitlines())) <= 80


def test_the_head_says_which_cases_are_looked_at_and_counts_those_alone(operator: Operator) -> None:
    said = operator("status", "--team", "Billing", "--breached").said
    assert "Only team Billing Cases 2 open: 1 breached, 0 due within 24 h, 1 paused" in said
    assert "Only" not in operator("status", "--breached").said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            ["--priority", "P9"], "has no priority 'P9'; it has urgent, normal", id="priority"
        ),
        pytest.param(
            ["--judged-by", "odd"], "there is no policy 'odd'; there is everything", id="policy"
        ),
        pytest.param(["--limit", "-1"], "--limit is a number of cases", id="limit"),
    ],
)
def test_a_name_that_the_policy_does_not_have_is_an_error_of_usage(
    operator: Operator, options: list[str], said: str
) -> None:
    ran = operator("status", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
