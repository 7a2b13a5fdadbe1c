"""The real template, deployed once for this session, and a world of its own for each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from building import DAY
from local_stack.deploy import SIMULATED_TIME, deploy
from local_stack.drive import Drive
from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws
from local_stack.policy import CompiledPolicy, use_policy
from scenarios.browser import Browser, browsing
from scenarios.world import World


def pytest_configure(config: pytest.Config) -> None:
    """Once per process, whichever of the folders comes first."""
    config.pluginmanager.import_plugin("engines")


OFFICE = ZoneInfo("America/New_York")
"""Of the office hours of the policy, 09:00 to 18:00."""
FIRST_DAY = date(2026, 1, 5)
"""A Monday; the first scenario starts in its week or soon after."""


@pytest.fixture(scope="session")
def stack(
    ministack: LocalAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LocalAws, Mapping[str, str], Drive, Inbox]]:
    """The real template, deployed once, under the policy of the scenarios; every audience is
    listened to.
    """
    outputs = deploy(ministack, stack="scenario", parameters={**SIMULATED_TIME, "Mode": "live"})
    compiled = CompiledPolicy.of_file(Path(__file__).parent / "policy.yaml")
    use_policy(ministack, outputs, compiled, str(tmp_path_factory.mktemp("policy")))
    policy = compiled.policy
    with Inbox(ministack, "scenario") as inbox, Drive(ministack, outputs, policy) as drive:
        inbox.subscribe()
        drive.pass_to(_nine_o_clock(FIRST_DAY))
        drive.tick()
        yield ministack, outputs, drive, inbox


@pytest.fixture
def world(stack: tuple[LocalAws, Mapping[str, str], Drive, Inbox]) -> Iterator[World]:
    aws, outputs, drive, inbox = stack
    opened = World(drive, inbox, aws, outputs, _next_monday(drive))
    opened.pass_to(0)
    yield opened
    opened.finish()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with browsing(tmp_path) as session:
        yield session


OPEN_DAYS = (0, 1, 2, 3, 14)
"""Days after the start at whose same hour the scenarios count on somebody being there."""


def _next_monday(drive: Drive) -> int:
    """The next one that begins ordinary working days, with no holiday or clock change where one
    would matter.
    """
    office = drive.policy.calendars["office"]
    mondays = (_nine_o_clock(FIRST_DAY + timedelta(weeks=n)) for n in count())
    return next(
        at
        for at in mondays
        if at > drive.now and all(office.is_open(at + days * DAY) for days in OPEN_DAYS)
    )


def _nine_o_clock(day: date) -> int:
    return int(datetime.combine(day, time(9), OFFICE).timestamp())
