"""Whatever stands where the compiled policy should be: it is read, or it is called damaged, and
nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sla_watchdog.domain.policy.compiled import FORM, DamagedPolicy, canonical, load
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.tools.policy_file import compile_policy, read_policy

FILES = Path(__file__).parents[1] / "unit" / "policy_files"
TODAY = date(2026, 3, 1)
MANY = settings(max_examples=300, deadline=None)


def compiled(name: str) -> str:
    return compile_policy(read_policy((FILES / name).read_text(), name, TODAY).form, TODAY)


GOOD, FULL = compiled("good.yaml"), compiled("full.yaml")
TEXTS = st.sampled_from([GOOD, FULL])
NAMES = sorted({name for text in (GOOD, FULL) for name in json.loads(text)["policy"]})
ANY_TEXT = st.text(max_size=8) | st.sampled_from(
    ["\ud800", "Europe/Berlin", "../x", "24:00", "2026-02-30", "\x00", ""]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | ANY_TEXT, inner, max_size=3)
    ),
    max_leaves=8,
)


def checked(text: str) -> Policy | None:
    """The policy; None where it is damaged, which says where and what to do."""
    try:
        return load(text)
    except DamagedPolicy as damaged:
        said = str(damaged)
    assert said.startswith("the compiled policy is damaged")
    assert said.endswith("; build and deploy it again")
    return None


def sealed(policy: object) -> str:
    """With the hash that fits, so that the parts themselves are looked at; not all there is can be
    hashed.
    """
    digest = ""
    with contextlib.suppress(UnicodeError, RecursionError):
        digest = hashlib.sha256(canonical(policy).encode()).hexdigest()
    return json.dumps({"form": FORM, "policy": policy, "hash": digest})


def path_to_some_part(policy: Any, data: st.DataObject) -> list[Any]:
    """Step by step, so that what is near the root is as likely as one of a hundred holidays."""
    path, value = [], policy
    while isinstance(value, dict | list) and value and (not path or data.draw(st.integers(0, 3))):
        path.append(
            data.draw(
                st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value)))
            )
        )
        value = value[path[-1]]
    return path


@MANY
@given(st.text() | ANY_JSON.map(json.dumps))
def test_any_text_and_any_json(text: str) -> None:
    assert checked(text) is None


@MANY
@given(ANY_JSON)
@example({"rules": "\ud800"})
def test_any_json_with_a_hash_that_fits(policy: object) -> None:
    assert checked(sealed(policy)) is None


@MANY
@given(TEXTS, st.integers(0, len(FULL)), st.integers(1, 20), st.text(max_size=5))
def test_one_place_changed_after_it_was_built(text: str, start: int, cut: int, piece: str) -> None:
    """What is another policy is never taken for the one that was built."""
    changed = text[:start] + piece + text[start + cut :]
    found = checked(changed)
    assert found is None or (json.loads(changed)["policy"], found) == (
        json.loads(text)["policy"],
        load(text),
    )


@MANY
@given(TEXTS, st.data())
def test_one_part_exchanged_and_sealed_again(text: str, data: st.DataObject) -> None:
    policy = json.loads(text)["policy"]
    *way, last = path_to_some_part(policy, data)
    place = policy
    for step in way:
        place = place[step]
    if data.draw(st.booleans()):
        place[last] = data.draw(ANY_JSON)
    else:
        del place[last]
    checked(sealed(policy))


@pytest.mark.parametrize("depth", [900, 5_000, 100_000])
def test_however_deep_it_is_nested(depth: int) -> None:
    assert checked(f'{{"form": {FORM}, "hash": "", "policy": {"[" * depth}{"]" * depth}}}') is None
