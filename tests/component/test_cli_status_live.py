"""`status --watch`: looked at again and again on a terminal, until Ctrl-C."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from building import MON
from component.cli_desk import NEW, Operator, refusal

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As rich knows one, 80 columns wide."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LINES", "50")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """What happens between two looks, in order; after the last the operator presses Ctrl-C."""

    def script(*events: Callable[[], object]) -> list[int]:
        slept: list[int] = []
        left: Iterator[Callable[[], object]] = iter(events)

        def sleep(seconds: int) -> None:
            slept.append(seconds)
            event = next(left, None)
            if event is None:
                raise KeyboardInterrupt
            event()

        monkeypatch.setattr("sla_watchdog.tools.cli.status.live.sleep", sleep)
        return slept

    return script


@pytest.mark.usefixtures("terminal")
def test_what_changes_is_seen_and_ctrl_c_ends_it_with_exit_code_0(
    operator: Operator, meanwhile: Callable[..., list[int]]
) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    slept = meanwhile(lambda: operator.desk.put(f"{MON}T00:00", "T-2", **NEW), lambda: None)
    ran = operator("status", "--watch", "7")
    pages = CONTROL.sub("", ran.out).split("sla in eu-central-1")[1:]
    assert ran.code == 0
    assert slept == [7, 7, 7]
    assert ["1 open" in page for page in pages] == [True, False, False, False]
    assert ["2 open" in page for page in pages] == [False, True, True, True]
    assert all("looks again every 7 seconds; Ctrl-C ends" in page for page in pages)
    assert max(len(line) for page in pages for line in page.splitlines()) <= 80


@pytest.mark.usefixtures("terminal")
def test_no_more_is_shown_than_fits_on_the_screen_and_the_rest_is_counted(
    operator: Operator, meanwhile: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "24")
    for number in range(18):
        operator.desk.put(f"{MON}T00:00", f"T-{number}", **NEW)
    meanwhile()
    *_, page = CONTROL.sub("", operator("status", "--watch").out).split("sla in eu-central-1")
    assert len(page.strip().splitlines()) < 24
    assert "Ctrl-C ends" in page
    hidden = re.search(r"and (\d+) more cases", page)
    assert hidden is not None
    assert len(re.findall(r"^T-\d+ ", page, re.MULTILINE)) + int(hidden[1]) == 18


@pytest.mark.usefixtures("terminal")
def test_a_tick_a_minute_is_a_look_a_minute(
    operator: Operator, meanwhile: Callable[..., list[int]]
) -> None:
    slept = meanwhile()
    assert operator("status", "--watch").code == 0
    assert slept == [60]


@pytest.mark.usefixtures("terminal")
def test_a_look_that_aws_refuses_leaves_the_last_page_and_says_why(
    operator: Operator, meanwhile: Callable[..., list[int]]
) -> None:
    operator.desk.put(f"{MON}T00:00", "T-1", **NEW)
    refuse = {"dynamodb.Scan": lambda _: refusal("ExpiredTokenException")}
    meanwhile(
        lambda: operator.answers.update(refuse), lambda: operator.answers.pop("dynamodb.Scan")
    )
    ran = operator("status", "--watch")
    pages = [
        " ".join(page.split()) for page in CONTROL.sub("", ran.out).split("sla in eu-central-1")[1:]
    ]
    assert ran.code == 0
    problem = "as of before; the last look failed: your AWS credentials have expired"
    assert [problem in page for page in pages] == [False, True, False, False]
    assert all("1 open" in page for page in pages)


@pytest.mark.usefixtures("terminal")
def test_a_first_look_that_fails_is_an_error(operator: Operator) -> None:
    operator.answers["dynamodb.Scan"] = lambda _: refusal("ExpiredTokenException")
    ran = operator("status", "--watch")
    assert ran.code == 2
    assert "sign in again" in " ".join(CONTROL.sub("", ran.err).split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            ["--watch"], "--watch needs a terminal; leave it out to look once", id="no terminal"
        ),
        pytest.param(["--watch", "1"], "--watch looks every 5 seconds at most", id="too often"),
        pytest.param(["--watch", "soon"], "invalid int value: 'soon'", id="no number"),
        pytest.param(
            ["--watch", "--json"], "--json answers once; leave --watch out", id="for a program"
        ),
    ],
)
def test_what_cannot_be_watched_is_an_error_of_usage(
    operator: Operator, options: list[str], said: str
) -> None:
    ran = operator("status", *options)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
