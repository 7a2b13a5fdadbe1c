"""The worked examples of a policy file, played through the same replay that a backtest uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import chain
from zoneinfo import ZoneInfo

from attrs import frozen

from sla_watchdog.domain.clocks.clock import Clock
from sla_watchdog.domain.policy.model import Policy
from sla_watchdog.domain.policy.owners import owner_named
from sla_watchdog.tools.policy_file.compiler import policy_of
from sla_watchdog.tools.policy_file.examples import Example
from sla_watchdog.tools.policy_file.expected import NONE, ExpectedAlert, ExpectedDue, Moment
from sla_watchdog.tools.policy_file.form import Checked, PolicyForm
from sla_watchdog.tools.policy_file.nodes import Node, child
from sla_watchdog.tools.policy_file.problems import PolicyErrors, Problem
from sla_watchdog.tools.simulation.history import Chronicler, by_ticket, components
from sla_watchdog.tools.simulation.replay import Notification as Sent
from sla_watchdog.tools.simulation.replay import Outcomes, SimulatedEnding, replay


@frozen
class Mismatch:
    """What an example expects at `node`, and what the policy does instead; both in words."""

    example: str
    node: Node
    expected: str
    got: str

    @property
    def problem(self) -> Problem:
        message = (
            f'the example "{self.example}" expects {self.expected}; the policy gives {self.got}'
        )
        hint = "change the policy, or the example if this is what you want"
        return Problem(self.node.place, self.node.path, message, hint)


def run(example: Example, policy: Policy) -> tuple[Mismatch, ...]:
    """Everything in which the policy does otherwise than the example expects."""
    outcomes = list(_outcomes(example, policy))
    zone = ZoneInfo(policy.timezone) if policy.timezone else UTC
    endings = list(chain.from_iterable(outcome.endings for outcome in outcomes))
    clocks = chain.from_iterable(ending.plan.clocks for ending in endings)
    notified = chain.from_iterable(outcome.notified for outcome in outcomes)
    sent = {_told(each): each for each in notified}
    in_order = sorted(sent.values(), key=lambda sent: sent.at)
    unowned = _Unowned(policy, endings)
    return (*_wrong_due(example, clocks, zone), *_wrong_alerts(example, in_order, unowned, zone))


def _told(sent: Sent) -> tuple[object, ...]:
    """One alert for an audience, though what is urgent goes to two topics of it."""
    alert = sent.alert
    return (
        sent.at,
        alert.clock_key,
        alert.level,
        alert.repetition,
        alert.recipient.audience,
        alert.recipient.of,
    )


def run_all(form: PolicyForm) -> tuple[Mismatch, ...]:
    """Each example under the holidays of its own year, so that none fails because years have gone
    by.
    """
    policies: dict[int, Policy] = {}
    found: list[Mismatch] = []
    for example in form.examples:
        first = datetime.fromtimestamp(example.events[0].at, UTC).date()
        if first.year not in policies:
            policies[first.year] = policy_of(form, first)
        found += run(example, policies[first.year])
    return tuple(found)


def check_examples(checked: Checked, text: str, file: str) -> None:
    """Raises `PolicyErrors` where the policy does otherwise than its examples expect."""
    problems = [mismatch.problem for mismatch in run_all(checked.form)]
    if problems:
        raise PolicyErrors(
            file, text, tuple(sorted([*checked.warnings, *problems], key=lambda p: p.place))
        )


def _outcomes(example: Example, policy: Policy) -> Iterator[Outcomes]:
    """One for each group of tickets that belong together."""
    chronicler, tickets = Chronicler(policy), by_ticket(example.events)
    for names in components(tickets):
        facts = (fact for name in names for fact in chronicler.facts(tickets[name]))
        yield replay(sorted(facts, key=lambda fact: fact.at), policy, example.until)


# ------------------------------------------------------------------ due times


def _wrong_due(example: Example, clocks: Iterable[Clock], zone: tzinfo) -> Iterator[Mismatch]:
    found = {(clock.subject, clock.metric): clock for clock in clocks}
    for due in example.due:
        at = _due_at(found.get((due.ticket, due.metric)), example.until)
        if at != (due.moment.at if due.moment else None):
            wanted = due.moment.written if due.moment else NONE
            got = NONE if at is None else _written(at, due.moment, zone)
            yield Mismatch(example.name, due.node, f"{_clock_of(due, example)} due {wanted}", got)


def _due_at(clock: Clock | None, until: int) -> int | None:
    """None for a clock that is not there, has stopped, or stands still before its deadline
    (semantics C3).
    """
    if clock is None or (clock.stopped_at is not None and clock.stopped_at <= until):
        return None
    if _stands_still(clock, until) and not clock.breached(until):
        return None
    return clock.due_at


def _stands_still(clock: Clock, at: int) -> bool:
    begun = [span for span in clock.paused if span.start <= at]
    return any(span.end is None or at < span.end for span in begun)


def _clock_of(due: ExpectedDue, example: Example) -> str:
    several = len({event.ticket for event in example.events}) > 1
    return f"{due.metric.value} of {due.ticket}" if several else due.metric.value


# ------------------------------------------------------------------ alerts


@frozen
class _Unowned:
    """Where an example names the audience of an owner and nobody owns the ticket: whoever hears in
    its place.
    """

    policy: Policy
    endings: list[SimulatedEnding]

    def hears(self, notified: ExpectedAlert, audience: str, sent: Sent) -> bool:
        stands_in = self.policy.rank(sent.alert.recipient.audience) > self.policy.rank(audience)
        meant = _is(notified, sent.alert.recipient.audience, sent) and stands_in
        each = self.policy.audiences[audience].each if audience in self.policy.audiences else None
        return (
            meant and each == "assignee" and self._tells(audience, sent) and self._is_nobody_s(sent)
        )

    def _tells(self, audience: str, sent: Sent) -> bool:
        """Good news goes to whoever was told before."""
        clocks = (clock for ending in self.endings for clock in ending.plan.clocks)
        clock = next((each for each in clocks if each.key == sent.alert.clock_key), None)
        levels = clock.ladder.levels[: sent.alert.level + 1] if clock else ()
        return clock is None or any(audience in level.tell for level in levels)

    def _is_nobody_s(self, sent: Sent) -> bool:
        """By the owners of all tickets of the case."""
        known = (ending.case.facts for ending in self.endings)
        facts = next(facts for facts in known if sent.alert.subject in facts.tickets())
        for ticket in facts.tickets():
            assignee = str(facts.as_of(ticket, "assignee", sent.at))
            if owner_named(assignee, self.policy):
                return False
        return True


def _wrong_alerts(
    example: Example, sent: list[Sent], unowned: _Unowned, zone: tzinfo
) -> Iterator[Mismatch]:
    """What is expected and not sent, on its own line; then what is sent beyond that, on the line of
    `alerts`.
    """
    if example.alerts is None:
        return
    left = list(sent)
    for notified, audience in _missing(example.alerts, left, sent, unowned):
        near = _taken(left, partial(_is_near, notified, audience))
        got = _in_words(near, notified.at, zone) if near else "no such alert"
        expected = f"{_expected(notified)} to {audience} at {notified.at.written}"
        yield Mismatch(example.name, notified.node, expected, got)
    at = child(child(example.node, "expect"), "alerts")
    for each in left:
        yield Mismatch(example.name, at, "no other alerts", _in_words(each, None, zone))


def _missing(
    alerts: Iterable[ExpectedAlert], left: list[Sent], sent: list[Sent], unowned: _Unowned
) -> list[tuple[ExpectedAlert, str]]:
    """What is expected and not sent, by audience. What was sent as expected is taken out of
    `left`, and that first: only what is left over may stand in for somebody.
    """
    expected = [(notified, audience) for notified in alerts for audience in notified.tell]
    missing = [each for each in expected if not _taken(left, partial(_is, *each))]
    return [each for each in missing if not _heard_in_place(each, left, sent, unowned)]


def _heard_in_place(
    expected: tuple[ExpectedAlert, str], left: list[Sent], sent: Iterable[Sent], unowned: _Unowned
) -> Sent | None:
    """The same alert of somebody may be theirs, and in place of an owner who is nobody too."""
    hears = partial(unowned.hears, *expected)
    return _taken(left, hears) or next((each for each in sent if hears(each)), None)


def _taken(left: list[Sent], wanted: Callable[[Sent], bool]) -> Sent | None:
    """The first of `left` that is wanted, taken out of it."""
    found = next((sent for sent in left if wanted(sent)), None)
    if found is not None:
        left.remove(found)
    return found


def _is(notified: ExpectedAlert, audience: str, sent: Sent) -> bool:
    return (
        sent.at == notified.at.at
        and sent.alert.level + 1 == notified.level
        and _is_near(notified, audience, sent)
    )


def _is_near(notified: ExpectedAlert, audience: str, sent: Sent) -> bool:
    """The same clock and audience, at another time or level."""
    alert = sent.alert
    of_ticket = notified.ticket in (None, alert.subject)
    kind = alert.clock.split(":")[0]
    return kind == notified.clock and alert.recipient.audience == audience and of_ticket


def _expected(notified: ExpectedAlert) -> str:
    of_ticket = f" of {notified.ticket}" if notified.ticket else ""
    return f"level {notified.level} of {notified.clock}{of_ticket}"


def _in_words(sent: Sent, like: Moment | None, zone: tzinfo) -> str:
    alert = sent.alert
    again = f", repetition {alert.repetition}" if alert.repetition else ""
    level = f"level {alert.level + 1} of {alert.clock} of {alert.subject}{again}"
    return f"{level} to {alert.recipient.audience} at {_written(sent.at, like, zone)}"


def _written(at: int, like: Moment | None, zone: tzinfo) -> str:
    """In the offset of the time that was expected, else in the policy's zone."""
    try:
        own = datetime.fromisoformat(like.written).tzinfo if like else None
    except ValueError:
        own = None
    moment = datetime.fromtimestamp(at, own or zone)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")
