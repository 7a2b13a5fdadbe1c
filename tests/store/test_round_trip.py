"""Case -> item -> Case, for every case there may be; and how large an item becomes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from attrs import evolve
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.adapters.dynamodb.case_item import (
    DamagedItem,
    case_of,
    outbox_map,
    reached_map,
    reached_name,
    shard_of,
)
from sla_watchdog.adapters.dynamodb.facts_text import facts_text
from sla_watchdog.domain.escalation.case import (
    Alert,
    Case,
    Entry,
    LastNotified,
    Outcome,
    Recipient,
    Severity,
)
from sla_watchdog.domain.tickets.facts import Fact, Facts
from sla_watchdog.presentation.text.reason import read_reason
from store.samples import NOW, Store, a_case, an_entry, reached_by

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAME = TEXT.filter(bool)
TIME = st.integers(-(10**9), 10**11)
COUNT = st.integers(0, 10**6)
RECIPIENTS = st.builds(Recipient, audience=NAME, of=TEXT, urgent=st.booleans())
FACTS = st.builds(
    Fact, ticket=NAME, field=NAME, at=TIME, value=TEXT | st.lists(TEXT, max_size=3).map(tuple)
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    recipient = draw(RECIPIENTS)
    alert = st.builds(
        Alert,
        subject=NAME,
        clock=NAME,
        cycle=COUNT,
        level=COUNT,
        repetition=COUNT,
        recipient=st.just(recipient),
        severity=st.sampled_from(Severity),
        due_at=TIME,
        reason=TEXT.map(read_reason),
    )
    alerts = draw(st.lists(alert, min_size=1, max_size=3))
    return Entry(draw(NAME), draw(TIME), tuple(alerts), draw(TEXT), draw(COUNT))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    next_at = draw(st.none() | TIME)
    reached = st.builds(
        LastNotified, level=COUNT, repetition=COUNT, at=TIME, outcome=st.sampled_from(Outcome)
    )
    return Case(
        id=draw(NAME),
        facts=Facts.of(draw(st.lists(FACTS, max_size=12))),
        rev=1 + draw(COUNT),
        reached=draw(st.dictionaries(st.tuples(TEXT, TEXT), reached, max_size=3)),
        outbox={entry.key: entry for entry in draw(st.lists(entries(), max_size=3))},
        seen=draw(st.dictionaries(NAME, TEXT, max_size=3)),
        generation=draw(COUNT),
        next_at=next_at,
        urgent=next_at is not None and draw(st.booleans()),
        failures=draw(COUNT),
    )


def item_of(case: Case) -> dict[str, Any]:
    """The item that keep, claim and settle write between them."""
    item: dict[str, object] = {
        "pk": f"C#{case.id}",
        "sk": "W",
        "rev": case.rev,
        "facts": facts_text(case.facts),
        "generation": case.generation,
        "seen": case.seen,
        "failures": case.failures,
        "outbox": outbox_map(case.outbox),
        "reached": {
            reached_name(*key): reached_map(*key, each) for key, each in case.reached.items()
        },
    }
    if case.next_at is not None:
        item |= {"next_at": case.next_at, "due_shard": shard_of(case.id, case.urgent)}
    return typed(item)


@settings(deadline=None)
@given(cases())
def test_every_case_comes_back_from_its_item(case: Case) -> None:
    assert case_of(item_of(case)) == case


@settings(deadline=None, max_examples=30)
@given(cases())
def test_every_case_comes_back_from_a_table(atomic_table: Store, case: Case) -> None:
    atomic_table.put(item_of(case))
    assert atomic_table.watch.cases.read([case.id]) == {case.id: case}


@pytest.fixture(scope="module")
def atomic_table(ministack: Any) -> Store:
    from local_stack.template import create_tables

    client = ministack.client("dynamodb", account="222222222222")
    return Store(client, create_tables(client), [])


VALUES = st.recursive(
    st.none() | st.booleans() | TEXT | st.integers(-(10**37), 10**37) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(NAME, VALUES, max_size=4))
def test_items_read_as_boto3_reads_them(item: dict[str, Any]) -> None:
    """boto3's own (de)serialiser is the oracle; it wraps binary values, which compare equal."""
    serialised = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    assert plain(serialised) == {
        name: TypeDeserializer().deserialize(value) for name, value in serialised.items()
    }
    assert plain(typed({k: v for k, v in item.items() if "None" not in repr(v)})) == {
        k: v for k, v in item.items() if "None" not in repr(v)
    }


def test_a_streams_image_is_read_like_an_item() -> None:
    image: dict[str, Any] = {
        "id": {"S": "T1"},
        "n": {"N": "12.50"},
        "raw": {"B": "AAEC"},
        "raws": {"BS": ["AAEC"]},
        "names": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2"]},
        "none": {"NULL": True},
        "yes": {"BOOL": True},
        "deep": {"M": {"list": {"L": [{"S": ""}, {"N": "1E+2"}]}}},
    }
    assert plain(image) == {
        "id": "T1",
        "n": pytest.approx(12.5),
        "raw": b"\x00\x01\x02",
        "raws": frozenset({b"\x00\x01\x02"}),
        "names": frozenset({"a", "b"}),
        "numbers": frozenset({1, 2}),
        "none": None,
        "yes": True,
        "deep": {"list": ["", 100]},
    }


def test_what_has_no_place_in_an_item_is_an_error() -> None:
    with pytest.raises(TypeError, match="a float has no place in an item"):
        typed({"half": 0.5})


def test_levels_whose_names_run_together_are_kept_apart() -> None:
    level = LastNotified(1, 0, NOW, Outcome.SENT)
    case = evolve(
        a_case(),
        rev=1,
        reached={("T1/age/1", "owner"): level, ("T1/age/1o", "wner"): evolve(level, level=2)},
    )
    assert case_of(item_of(case)) == case


# ---------------------------------------------------------------- damage

DAMAGE = [
    pytest.param({"facts": {"S": "{"}}, "facts cannot be read: Expecting", id="facts cut off"),
    pytest.param(
        {"facts": {"B": b"x"}}, "facts cannot be read: Error -", id="facts not compressed"
    ),
    pytest.param({"facts": {"N": "1"}}, "facts are no text", id="facts a number"),
    pytest.param(
        {"facts": {"S": '{"T1":{"status":[1]}}'}}, "facts cannot be read: zip()", id="facts uneven"
    ),
    pytest.param(
        {"facts": {"S": '{"T1":{"status":["x","New"]}}'}}, "'x' is no time", id="fact without time"
    ),
    pytest.param(
        {"facts": {"S": '{"T1":{"status":[1,2]}}'}}, "2 is no text", id="fact without text"
    ),
    pytest.param({"facts": {"S": "[]"}}, "facts cannot be read: 'list'", id="facts a list"),
    pytest.param({"rev": {"S": "one"}}, "rev is no whole number", id="rev a text"),
    pytest.param({"rev": {"N": "0"}}, "rev is 0", id="rev of no write"),
    pytest.param({"rev": {"N": "1.5"}}, "rev is no whole number", id="rev a fraction"),
    pytest.param({"failures": {"S": "x"}}, "failures is no whole number", id="failures a text"),
    pytest.param({"seen": {"M": {"T1": {"N": "1"}}}}, "seen.T1 is no text", id="seen a number"),
    pytest.param({"outbox": {"L": []}}, "outbox is no map", id="outbox a list"),
    pytest.param(
        {"outbox": {"M": {"owner": {"M": {}}}}},
        "outbox.owner.audience is no text",
        id="entry empty",
    ),
    pytest.param({"reached": {"M": {"k": {"S": ""}}}}, "reached.k is no map", id="reached a text"),
]


@pytest.mark.parametrize(("damage", "reason"), DAMAGE)
def test_a_damaged_item_says_what_is_wrong_with_it(
    damage: dict[str, dict[str, object]], reason: str
) -> None:
    damaged = case_of(item_of(evolve(a_case(), rev=1)) | damage)
    assert isinstance(damaged, DamagedItem)
    assert damaged.case == "T1"
    assert reason in damaged.reason


# ---------------------------------------------------------------- size


def a_long_case(facts: int, *, tickets: int = 1) -> Case:
    """As a busy ticket has them: replies, and states that change, some with long texts."""
    draw = random.Random(4)
    fields = ["agent_reply", "customer_reply", "status", "assignee", "team", "subject", "tags"]
    words = ["Waiting for customer", "In progress", "Kim Öztürk", "second-level-support", "x" * 120]
    made: set[Fact] = set()
    while len(made) < facts:
        ticket = f"INC{draw.randrange(tickets):07d}"
        made.add(Fact(ticket, draw.choice(fields), NOW + draw.randrange(10**8), draw.choice(words)))
    outbox = {entry.key: entry for entry in (an_entry(),)}
    return evolve(
        a_case(), facts=Facts.of(made), outbox=outbox, reached=reached_by(an_entry()), rev=1
    )


def size_of(item: dict[str, Any]) -> int:
    """Bytes, as DynamoDB counts them: names, texts, and some for each number, list and map."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(attribute: dict[str, Any]) -> int:
    [(kind, value)] = attribute.items()
    match kind:
        case "M":
            return 3 + len(value) + size_of(value)
        case "L":
            return 3 + sum(1 + _size(member) for member in value)
        case "N":
            return 21
        case "B":
            return len(value)
    return len(str(value).encode())


@pytest.mark.parametrize("facts", [0, 40, 500, 5000], ids="{} facts".format)
def test_an_item_stays_small(store: Store, facts: int) -> None:
    """Sealed items too: 400 KB is the most that an item may have."""
    case = evolve(a_long_case(facts, tickets=3), rev=0)
    assert store.watch.cases.keep(case, [])
    assert store.case().facts == case.facts
    assert size_of(store.stored("C#T1")) < 64 * 1024
    assert size_of(store.stored("C#T1", "F#1")) < 350 * 1024


def test_an_ordinary_item_can_be_read_by_a_person() -> None:
    item = item_of(evolve(a_case(), reached=reached_by(an_entry())))
    grouped = json.loads(item["facts"]["S"])
    assert grouped["T1"]["status"] == [NOW - 7200, "New"]
    assert size_of(item) < 1024
    [first, _] = item["reached"]["M"].values()
    assert first["M"]["clock"] == {"S": "T1/age/1"} or first["M"]["clock"] == {
        "S": "T1/resolution/1"
    }
