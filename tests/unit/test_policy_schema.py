"""The JSON Schema that editors use is made from the shapes that check the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sla_watchdog.tools.policy_file import json_schema

FUNCTIONS = Path(__file__).parents[2] / "functions"
GOOD = (Path(__file__).parent / "policy_files" / "good.yaml").read_text()
SCHEMA = json.loads(json_schema())


def marked(content: Any) -> list[str]:
    """Paths at which an editor shows an error."""
    errors = jsonschema.Draft7Validator(SCHEMA).iter_errors(content)
    return [".".join(map(str, error.absolute_path)) for error in errors]


def good() -> Any:
    return yaml.load(GOOD, Loader=yaml.BaseLoader)


def test_the_schema_that_is_checked_in_is_fresh() -> None:
    """If not: `sla-watchdog check-policy --schema > functions/policy.schema.json`."""
    assert (FUNCTIONS / "policy.schema.json").read_text() == json_schema()


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_file_that_ships_names_the_schema() -> None:
    first_line = (FUNCTIONS / "policy.yaml").read_text().splitlines()[0]
    assert first_line == "# yaml-language-server: $schema=policy.schema.json"


def test_every_key_has_a_word_of_explanation() -> None:
    def without(schema: Any, path: str = "") -> list[str]:
        if not isinstance(schema, dict):
            return []
        named = schema.get("properties", {}) if isinstance(schema.get("properties"), dict) else {}
        found = [f"{path}.{name}" for name, key in named.items() if "description" not in key]
        return found + [
            hit for name, part in schema.items() for hit in without(part, f"{path}.{name}")
        ]

    assert [path for path in without(SCHEMA) if not path.endswith((".not", ".at_least"))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("form", "2"),
        ("signals", []),
        ("digest_after", 0),
        ("ceilings", []),
        ("ceilings.0.tell", []),
        ("ceilings.0.age", "often"),
        ("calendars.office.hours.monday", ["09:00-17:00"]),
        ("calendars.office.hours.sat", ["9-17"]),
        ("audiences.boss-urgent", {}),
        ("audiences.owner.each", "agent"),
        ("policies.0.calender", "office"),
        ("policies.0.targets.update", "2d"),
        ("policies.0.targets.update", {"due": "due_at"}),
        ("signals", [{"reopened": 0, "tell": "manager"}]),
        ("signals", [{"bounce": 1, "tell": "manager"}]),
        ("pauses", {"longest": "5d"}),
        ("matters", {"quiet": "often"}),
        ("matters", {"silent": "60d"}),
        ("cases", {"gap": "often"}),
        ("cases", {"thanks": "soon"}),
        ("acknowledge", {"snoozes": 1000}),
        ("examples", [{"name": "nothing"}]),
        (
            "examples",
            [
                {
                    "name": "no such event",
                    "events": [{"at": "2026-03-02", "type": "made"}],
                    "expect": {},
                }
            ],
        ),
        ("policies.0.targets.resolution", "2d"),
        ("policies.0.targets.resolution.stops_at", "waiting"),
        ("policies.0.when", {}),
        ("policies.0.when.region", {"at_most": 3}),
        ("ladders.standard.1.urgent", "yes"),
        ("ladders.standard.0", {"before": "1h"}),
    ],
)
def test_an_editor_marks_what_the_check_refuses(path: str, value: Any) -> None:
    content = good()
    *above, last = path.split(".")
    inner = content
    for step in above:
        inner = inner[int(step) if isinstance(inner, list) else step]
    inner[int(last) if isinstance(inner, list) else last] = value
    assert any(path.startswith(found) or found.startswith(path) for found in marked(content))


def test_an_editor_marks_nothing_in_a_good_file() -> None:
    content = good()
    content["ladders"]["standard"][1]["urgent"] = True
    content["form"] = 1
    assert marked(content) == []
