"""Whatever is done to a policy file, checking it gives problems with places, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sla_watchdog.domain.policy.compiled import load
from sla_watchdog.tools.policy_file import (
    PolicyErrors,
    Problem,
    compile_policy,
    json_schema,
    read_policy,
)
from sla_watchdog.tools.policy_file.example_run import run_all

GOOD, FULL = (
    (Path(__file__).parents[1] / "unit" / "policy_files" / name).read_text()
    for name in ("good.yaml", "full.yaml")
)
FILES = st.sampled_from([GOOD, FULL])
TODAY = date(2026, 3, 1)
WORDS = sorted(
    {
        *re.findall(r"[^\s,:{}\[\]]+", GOOD + FULL),
        "missing",
        "not",
        "at_least",
        "0h",
        "1d",
        "-1h",
        "99%",
        "22:00-06:00",
    }
)
PIECES = st.one_of(
    st.sampled_from(
        [
            *WORDS,
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\n",
            "  ",
            "\t",
            "- ",
            "&a ",
            "*a",
            "!x ",
            '"',
            "'",
            "|",
            "---",
        ]
    ),
    st.text(max_size=8),
)
VALIDATOR = jsonschema.Draft7Validator(json.loads(json_schema()))


class AsAnEditorReads(yaml.CSafeLoader):
    """YAML 1.2's core: numbers, true, false and null; dates, times and NO are texts."""


AsAnEditorReads.yaml_implicit_resolvers = {}
for kind, pattern, first in (
    ("bool", "true|false", "tf"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
    ("null", "~|null|", ["~", "n", ""]),
):
    AsAnEditorReads.add_implicit_resolver(
        f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{pattern})$"), list(first)
    )


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): as_json(inner) for key, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list) else value


def places_in(text: str) -> int:
    """More lines than any reader of YAML counts."""
    return len(re.findall("[\n\r\x85\u2028\u2029]", text)) + 2


def problems_of(text: str) -> tuple[Problem, ...]:
    """A good text is compiled, loaded, tried on its examples, and shown to an editor."""
    try:
        form = read_policy(text, "policy.yaml", TODAY).form
    except PolicyErrors as errors:
        return errors.problems
    load(compile_policy(form, TODAY))
    run_all(form)
    marked = VALIDATOR.iter_errors(as_json(yaml.load(text, Loader=AsAnEditorReads)))
    assert not [(error.json_path, error.message) for error in marked], (
        "an editor marks what is good"
    )
    return ()


def checked(text: str) -> None:
    for problem in problems_of(text):
        assert 1 <= problem.place.line <= places_in(text)
        assert problem.place.column >= 1
        assert problem.message


@settings(max_examples=100, deadline=None)
@given(FILES, st.integers(0, len(FULL)), st.integers(0, 20), PIECES)
@example(GOOD, GOOD.index("UTC"), 3, "")
@example(GOOD, GOOD.index("form"), 7, "form: 1\u2028")
def test_a_file_with_one_place_changed(text: str, start: int, cut: int, piece: str) -> None:
    checked(text[:start] + piece + text[start + cut :])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_file_with_words_exchanged(data: st.DataObject) -> None:
    text = data.draw(FILES)
    for _ in range(data.draw(st.integers(1, 3))):
        matches = list(re.finditer(r"[^\s,:{}\[\]\"]+", text))
        match = data.draw(st.sampled_from(matches))
        text = text[: match.start()] + data.draw(st.sampled_from(WORDS)) + text[match.end() :]
    checked(text)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_file_with_lines_moved_doubled_or_lost(data: st.DataObject) -> None:
    lines = data.draw(FILES).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index] if data.draw(st.booleans()) else lines.pop(index)
        if data.draw(st.booleans()):
            lines.insert(data.draw(st.integers(0, len(lines))), line)
    checked("".join(lines))


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_at_all(text: str) -> None:
    checked(text)


nested = st.recursive(
    st.text(max_size=5) | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
    ),
    max_leaves=6,
)
SECTIONS = sorted({**yaml.safe_load(GOOD), **yaml.safe_load(FULL)})


@settings(max_examples=100, deadline=None)
@given(FILES, st.sampled_from(SECTIONS), nested)
def test_a_file_with_something_else_in_one_section(text: str, section: str, value: object) -> None:
    content = {**yaml.load(text, Loader=yaml.BaseLoader), section: value}
    checked(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
