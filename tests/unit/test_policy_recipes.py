"""The worked examples of the policy file that ships, and of the recipes in the docs, come out as
they say.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from sla_watchdog.domain.policy.model import SIGNALS, TARGETS, Metric
from sla_watchdog.domain.tickets.ticket_fields import TICKET_FIELDS
from sla_watchdog.tools.policy_file import Checked, read_policy
from sla_watchdog.tools.policy_file.example_run import run_all

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "functions" / "policy.yaml"
RECIPES = sorted((ROOT / "docs" / "recipes").glob("*.yaml"))
PAGE = (ROOT / "docs" / "policy.md").read_text()
FULL = Path(__file__).parent / "policy_files" / "full.yaml"


def checked(path: Path) -> Checked:
    return read_policy(path.read_text(), path.name, date(2026, 3, 1))


def test_there_is_a_recipe_for_each_shape_of_desk() -> None:
    assert {path.stem for path in RECIPES} == {
        "24x7",
        "two-zones",
        "government",
        "due-dates-set-elsewhere",
        "pause-while-waiting",
    }


@pytest.mark.parametrize("path", [SHIPPED, FULL, *RECIPES], ids=lambda path: path.stem)
def test_every_example_comes_out_as_it_says(path: Path) -> None:
    policy = checked(path)
    assert policy.form.examples
    assert [mismatch.problem.message for mismatch in run_all(policy.form)] == []


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_has_nothing_wrong_and_nothing_unused(path: Path) -> None:
    assert checked(path).warnings == ()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_page_links_each_recipe(path: Path) -> None:
    assert f"(recipes/{path.name})" in PAGE


SECTION = re.compile(
    r"^(signals|pauses|matters|cases|acknowledge|examples):.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL
)
WHOLE, *FRAGMENTS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SECTIONS = [fragment for fragment in FRAGMENTS if SECTION.match(fragment)]


def test_the_page_shows_each_section_in_a_fragment() -> None:
    assert [fragment.split(":")[0] for fragment in SECTIONS] == [
        "signals",
        "pauses",
        "matters",
        "cases",
        "acknowledge",
        "examples",
    ]


@pytest.mark.parametrize("fragment", SECTIONS, ids=lambda fragment: fragment.split(":")[0])
def test_a_fragment_of_the_page_may_stand_in_place_of_that_section(fragment: str) -> None:
    text = SECTION.sub(lambda found: fragment if fragment.startswith(found[1]) else found[0], WHOLE)
    assert text != WHOLE
    assert read_policy(text, "docs/policy.md", date(2026, 3, 1)).warnings == ()


@pytest.mark.parametrize(
    "examples", ["", SECTIONS[-1]], ids=["of the whole file", "of the fragment"]
)
def test_the_examples_of_the_page_come_out_as_they_say(examples: str) -> None:
    text = WHOLE[: WHOLE.index("examples:")] + examples if examples else WHOLE
    form = read_policy(text, "docs/policy.md", date(2026, 3, 1)).form
    assert form.examples
    assert [mismatch.problem.message for mismatch in run_all(form)] == []


def test_the_file_that_ships_has_an_example_of_each_clock_signal_and_ladder() -> None:
    form = checked(SHIPPED).form
    due = {expected.metric for example in form.examples for expected in example.due}
    notified = [alert for example in form.examples for alert in example.alerts or ()]
    assert due == set(TARGETS)
    signals = form.policy.signals.keys()
    assert SIGNALS.keys() - signals == {Metric.REOPENED}  # a reopening is a coming back
    assert {alert.clock for alert in notified} >= {Metric.AGE, Metric.PAUSE, *signals}
    highest = {
        metric: max(alert.level for alert in notified if alert.clock == metric)
        for metric in TARGETS[::4]
    }
    assert highest == {Metric.FIRST_RESPONSE: 2, Metric.RESOLUTION: 3}


def test_the_page_lists_the_fields_of_a_ticket() -> None:
    listed = PAGE[PAGE.index("It knows") : PAGE.index("; and names of your own")]
    assert re.findall("`([a-z_]+)`", listed) == [
        name for name in TICKET_FIELDS if name != "ticket_id"
    ]
