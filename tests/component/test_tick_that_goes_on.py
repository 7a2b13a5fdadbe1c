"""One case, digest, link or settlement fails, whatever fails of it: the others are told, and it is,
once it can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from attrs import evolve
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from moto import mock_aws

from building import HOUR, MON, policy, resolution, rule
from desk import Desk
from sla_watchdog.adapters.dynamodb import table
from sla_watchdog.adapters.dynamodb.case_item import shard_of
from sla_watchdog.adapters.dynamodb.table import described
from sla_watchdog.errors import Unavailable
from sla_watchdog.usecases.judging import evaluator
from sla_watchdog.usecases.watch import compose, delivery, settle
from sla_watchdog.usecases.watch import round as rounds
from sla_watchdog.usecases.watch.ports import SHARDS
from sla_watchdog.usecases.watch.reading import read_apart
from sla_watchdog.usecases.watch.result import TickResult
from sla_watchdog.usecases.watch.troubles import MOST_IN_A_ROW, TooManyFailures, Troubles

NEW = {"created_at": f"{MON}T00:00:00Z", "status": "New", "assignee": "Kim"}
ALL = [f"T-{number:02}" for number in range(12)]
ILL = "T-07"


def desk_of(digest_after: int) -> Iterator[Desk]:
    with mock_aws():
        desk = Desk(policy(rule("all", resolution(8 * HOUR)), digest_after=digest_after))
        desk.parts = evolve(
            desk.parts, settings=evolve(desk.parts.settings, link_base="https://alerts.example")
        )
        desk.tick(f"{MON}T00:00")
        desk.sweep(f"{MON}T00:01")
        for name in ALL:
            desk.put(f"{MON}T00:02", name, **NEW)
        desk.sent()
        yield desk


@pytest.fixture(params=[100, 3], ids=["one by one", "in a digest"])
def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(table, "PAUSES", (0.0,))
    yield from desk_of(request.param)


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(table, "PAUSES", (0.0,))
    yield from desk_of(100)


def notified(desk: Desk) -> Counter[str]:
    """How often its people were told of each ticket."""
    people = [body for topic, body in desk.sent() if topic != "operations"]
    return Counter(alert["id"].split("/")[0] for body in people for alert in body.get("alerts", ()))


def busy(operation: str) -> Exception:
    error = {"Error": {"Code": "ThrottlingException", "Message": "hot key"}}
    return ClientError(error, operation)


def cut_off(_: str) -> Exception:
    return ConnectionClosedError(endpoint_url="https://dynamodb")


def silent(_: str) -> Exception:
    return ReadTimeoutError(endpoint_url="https://dynamodb")


def forbidden(operation: str) -> Exception:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


class Failing:
    """A client of which calls of some operations fail where their arguments name something."""

    def __init__(
        self, client: Any, names: Callable[[str], bool], failure: Callable[[str], Exception]
    ) -> None:
        self._client, self._names, self._failure = client, names, failure
        self.operations: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name not in self.operations:
            return real

        def called(**request: Any) -> Any:
            if self._names(repr(request)):
                raise self._failure(name)
            return real(**request)

        return called


OPERATIONS = {
    "a claim": ("update_item",),
    "a settlement with its record": ("transact_write_items",),
    "a settlement either way": ("transact_write_items", "update_item"),
    "a read": ("batch_get_item",),
    "a read by itself": ("get_item",),
    "all": ("update_item", "transact_write_items", "batch_get_item", "get_item", "put_item"),
}


FAILURES = [
    *(pytest.param(operations, busy, id=name) for name, operations in OPERATIONS.items()),
    *(
        pytest.param(OPERATIONS["all"], failure, id=failure.__name__)
        for failure in (cut_off, silent, forbidden)
    ),
]


@pytest.mark.parametrize(("operations", "failure"), FAILURES)
def test_one_item_that_cannot_be_used_keeps_no_other_case_back(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    operations: tuple[str, ...],
    failure: Callable[[str], Exception],
) -> None:
    watch = desk.parts.watch
    client = Failing(desk.dynamodb, lambda request: f"C#{ILL}'" in request, failure)
    with monkeypatch.context() as broken:
        broken.setattr(watch.items, "writes", client)
        broken.setattr(watch.items, "reads", client)
        client.operations = operations
        desk.tick(f"{MON}T06:01")
        desk.tick(f"{MON}T06:02")
        seen = notified(desk)
        assert {name: seen[name] for name in ALL if name != ILL} == dict.fromkeys(
            [n for n in ALL if n != ILL], 1
        )
    desk.tick(f"{MON}T06:10")
    assert (seen + notified(desk))[ILL] in (1, 2), (
        "it is told once it can be; twice where only the settlement failed"
    )


def test_a_ticket_record_that_cannot_be_read_keeps_no_other_case_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Failing(desk.dynamodb, lambda request: f"'{ILL}'" in request, busy)
    client.operations = ("batch_get_item",)
    with monkeypatch.context() as broken:
        broken.setattr(desk.parts.tickets, "_client", client)
        result = desk.tick(f"{MON}T06:20")
    assert set(notified(desk)) == set(ALL) - {ILL}
    assert (result.put_off, result.oldest_pending_seconds) == (1, 1200), (
        "the alarm for what waits sees it"
    )
    assert ILL in result.problem
    desk.tick(f"{MON}T06:21")
    assert set(notified(desk)) == {ILL}


def test_a_shard_of_the_index_that_cannot_be_read_keeps_no_other_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard = shard_of(ILL, urgent=False)
    theirs = {name for name in ALL if shard_of(name, urgent=False) == shard}
    real = desk.parts.watch.cases.due

    def due(asked: str, now: int) -> Any:
        if asked == shard:
            raise busy("Query")
        return real(asked, now)

    with monkeypatch.context() as broken:
        broken.setattr(desk.parts.watch.cases, "due", due)
        assert desk.tick(f"{MON}T06:01").put_off == 1
    assert set(notified(desk)) == set(ALL) - theirs
    desk.tick(f"{MON}T06:02")
    assert set(notified(desk)) == theirs


@pytest.mark.parametrize("method", ["put", "mark_sent"])
def test_a_digest_that_cannot_be_written_is_put_off_and_told_once_it_can_be(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(table, "PAUSES", (0.0,))
    for desk in desk_of(3):
        with monkeypatch.context() as broken:

            def fails(*_: Any) -> bool:
                raise busy("UpdateItem")

            broken.setattr(desk.parts.watch.digests, method, fails)
            result = desk.tick(f"{MON}T06:01")
        assert result.put_off == 1
        desk.tick(f"{MON}T06:10")
        assert notified(desk) == dict.fromkeys(ALL, 1)


@pytest.mark.parametrize("method", ["claim", "retry_later"])
def test_one_that_was_claimed_for_a_digest_and_not_in_it_is_not_taken_for_told(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """The answer to its claim is lost, or it has no words and cannot be given back: its item names
    the digest.
    """
    for desk in desk_of(3):
        outbox = desk.parts.watch.outbox
        real, worded = getattr(outbox, method), compose.notice

        def lost(case: Any, *rest: Any, real: Any = real) -> Any:
            if case.id == ILL and method == "claim":
                real(case, *rest)
            if case.id == ILL:
                raise silent("UpdateItem")
            return real(case, *rest)

        with monkeypatch.context() as broken:
            broken.setattr(outbox, method, lost)
            if method == "retry_later":
                broken.setattr(compose, "notice", broken_for_one(worded, KeyError("no words")))
            desk.tick(f"{MON}T06:01")
        assert set(notified(desk)) == set(ALL) - {ILL}
        desk.tick(f"{MON}T06:10")
        assert notified(desk) == {ILL: 1}


def test_a_link_that_cannot_be_stored_costs_the_link_and_not_the_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = desk.parts.watch.alert_links.put

    def put(code: str, case: str, *rest: Any) -> bool:
        if case == ILL:
            raise busy("UpdateItem")
        return real(code, case, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(desk.parts.watch.alert_links, "put", put)
        desk.tick(f"{MON}T06:01")
    assert notified(desk) == dict.fromkeys(ALL, 1)


# ------------------------------------------------------------------ faults of the program

FAULTS = [KeyError("a-new-metric"), RecursionError("too deep")]


def is_about_the_ill(subject: Any) -> bool:
    """A name, a notice, a case, or what is judged or drafted of one."""
    case = getattr(subject, "case", None)
    names = (subject, case, getattr(subject, "id", None), getattr(case, "id", None))
    return any(isinstance(name, str) and name == ILL for name in names)


def broken_for_one(real: Any, fault: Exception) -> Any:
    """What fails where any argument is, or is about, the case that is ill."""

    def called(*args: Any, **more: Any) -> Any:
        subjects = [each for arg in args for each in (arg if isinstance(arg, list) else [arg])]
        if any(map(is_about_the_ill, subjects)):
            raise fault
        return real(*args, **more)

    return called


STEPS = [
    (evaluator, "overlay"),
    (rounds, "pending_links"),
    (delivery, "drafted"),
    (compose, "notice"),
    (compose, "render"),
    (compose, "render_digest"),
    (compose, "listed"),
    (settle, "notified_at"),
    (settle, "superseded"),
    (settle, "record_of"),
]
"""From the read to the settlement; a judgement that fails at each of its times is in the next test.
"""

SENT_AND_NOT_SETTLED = "record_of"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_case_that_fails_at_one_step_of_the_path_keeps_no_other_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, module: ModuleType, step: str, fault: Exception
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(module, step, broken_for_one(getattr(module, step), fault))
        for minute in range(1, 6):
            desk.tick(f"{MON}T06:0{minute}")
        seen = notified(desk)
    healthy = set(ALL) - {ILL}
    assert {name: seen[name] for name in healthy} == dict.fromkeys(healthy, 1)
    desk.tick(f"{MON}T06:30")
    times = (seen + notified(desk))[ILL]
    assert times == 1 or (step == SENT_AND_NOT_SETTLED and times > 1), (
        "a claim that cannot be settled lapses, and its message comes again"
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("time", range(1, 5))
def test_a_case_that_cannot_be_judged_at_some_step_is_put_back_and_told_at_most_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, time: int, fault: Exception
) -> None:
    """`plan` is asked when the case is read, claimed and settled; it fails from one of these times
    on.
    """
    real, asked = evaluator.plan, Counter[str]()

    def plan(case: Any, *args: Any, **more: Any) -> Any:
        asked[case.id] += 1
        if case.id == ILL and asked[ILL] >= time:
            raise fault
        return real(case, *args, **more)

    with monkeypatch.context() as broken:
        broken.setattr(evaluator, "plan", plan)
        for minute in range(1, 9):
            desk.tick(f"{MON}T06:0{minute}")
        seen = notified(desk)
    healthy = set(ALL) - {ILL}
    assert {name: seen[name] for name in healthy} == dict.fromkeys(healthy, 1)
    desk.tick(f"{MON}T07:30")
    assert (seen + notified(desk))[ILL] == 1, (
        "what was sent is settled, though nothing more can be judged of it"
    )


def test_a_message_that_cannot_be_sent_for_what_it_holds_is_put_off(
    single: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = single.sns.publish

    def publish(**request: Any) -> Any:
        if ILL in request["Message"]:
            raise RecursionError
        return real(**request)

    with monkeypatch.context() as broken:
        broken.setattr(single.sns, "publish", publish)
        result = single.tick(f"{MON}T06:01")
    assert set(notified(single)) == set(ALL) - {ILL}
    assert (result.put_off, result.retried) == (1, 1)
    single.tick(f"{MON}T06:03")
    assert notified(single) == {ILL: 1}


# ------------------------------------------------------------------ ten in a row


def fails_for(names: list[str]) -> Callable[[str], bool]:
    return lambda request: any(f"C#{name}'" in request for name in names)


@pytest.mark.parametrize("operation", ["update_item", "batch_get_item"])
def test_nine_in_a_row_are_put_off_and_ten_end_the_tick(
    single: Desk, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    watch = single.parts.watch
    order = [due.case for shard in SHARDS for due in watch.cases.due(shard, 2**40)]
    for count, sent in ((MOST_IN_A_ROW - 1, len(ALL) - MOST_IN_A_ROW + 1), (MOST_IN_A_ROW, None)):
        client = Failing(single.dynamodb, fails_for(order[:count]), busy)
        client.operations = (operation,)
        with monkeypatch.context() as broken:
            broken.setattr(watch.items, "writes", client)
            broken.setattr(watch.items, "reads", client)
            if sent is not None:
                assert single.tick(f"{MON}T06:01").sent == sent
                for name in order[count:]:
                    single.delete(f"{MON}T06:01", name)
                continue
            for name in order[count:]:
                single.put(f"{MON}T06:02", name, **NEW)
            with pytest.raises(TooManyFailures, match="10 failures in a row"):
                single.tick(f"{MON}T06:02")
    assert single.tick(f"{MON}T06:03").sent >= MOST_IN_A_ROW, (
        "the lease was given back, and all is told"
    )


def test_a_program_that_cannot_word_anything_ends_no_tick_and_the_alarm_for_what_waits_sees_it(
    single: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise KeyError("a-new-metric")

    monkeypatch.setattr(compose, "notice", fails)
    pending = [single.tick(f"{MON}T06:{minute:02}").oldest_pending_seconds for minute in range(60)]
    assert max(pending) >= 900


def test_a_tick_that_can_write_nothing_at_all_has_no_heartbeat(
    single: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Failing(single.dynamodb, lambda _: True, busy)
    client.operations = ("update_item", "transact_write_items")
    monkeypatch.setattr(single.parts.watch.items, "writes", client)
    with pytest.raises((ClientError, TooManyFailures)):
        single.tick(f"{MON}T05:00")


def test_a_lease_that_cannot_be_taken_or_given_back_holds_nothing_up(
    single: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Failing(single.dynamodb, lambda request: "'lease'" in request, busy)
    client.operations = ("update_item",)
    with monkeypatch.context() as broken:
        broken.setattr(single.parts.watch.items, "writes", client)
        result = single.tick(f"{MON}T06:01")
    assert (result.sent, "hot key" in result.problem) == (len(ALL), True)


def test_a_read_that_fails_is_searched_for_the_one_that_is_at_fault_in_few_reads(
    single: Desk,
) -> None:
    reads: list[int] = []
    evaluator = single.parts.evaluator(0, live=True)

    class Counting:
        def evaluate(self, ids: list[str], now: int) -> Any:
            reads.append(len(ids))
            if "C-700" in ids:
                raise busy("BatchGetItem")
            return {name: name for name in ids}

    assert evaluator is not None
    names = [f"C-{number}" for number in range(1000)]
    counting: Any = Counting()
    read = read_apart(counting, names, 0, Troubles(TickResult(), table.fault_of))
    assert (set(names) - read.evaluated.keys(), read.unread) == ({"C-700"}, {"C-700"})
    assert len(reads) <= 31


def test_what_a_fault_of_the_program_says_is_not_repeated_for_it_may_quote_a_ticket() -> None:
    try:
        {}["Please call my daughter"]
    except KeyError as error:
        text = described(error)
    assert text.startswith("KeyError in test_tick_that_goes_on.py:")
    assert "daughter" not in text
    assert described(Unavailable("SNS: Throttled")) == "Unavailable: SNS: Throttled"
