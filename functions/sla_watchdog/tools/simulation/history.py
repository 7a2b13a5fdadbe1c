"""A history: the events of a file as the facts that the watchdog would learn from the records they
leave.

The order of the lines matters only within (at, seq or line). How often a line stands in the file
never matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby, product
from operator import attrgetter

from attrs import field, frozen

from sla_watchdog.domain.clocks.promises import acknowledged
from sla_watchdog.domain.policy.model import REPORTED, Policy
from sla_watchdog.domain.tickets.facts import UNREADABLE, Fact, Value
from sla_watchdog.domain.tickets.lookalikes import QUOTED, customer_by, ids_quoted, keys_by
from sla_watchdog.domain.tickets.record import Record, Unreadable, text_of, text_of_or_empty
from sla_watchdog.domain.tickets.ticket import AGENT
from sla_watchdog.domain.tickets.ticket_fields import LINKS, STATES
from sla_watchdog.domain.tickets.ties import named_by
from sla_watchdog.tools.imports.events import Event, EventKind
from sla_watchdog.tools.simulation.help_desk import Words, apply

MOMENTS = {
    EventKind.CREATED: "created",
    EventKind.RESOLVED: "resolved",
    EventKind.CLOSED: "closed",
    EventKind.REOPENED: "reopened",
}
REPLIES = {"agent": "agent_reply", "customer": "customer_reply", "bot": "bot_reply"}

_when = attrgetter("at")


def by_ticket(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each ticket, in their order."""
    by_ticket: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_ticket[event.ticket].append(event)
    return dict(by_ticket)


def components(tickets: Mapping[str, Sequence[Event]]) -> list[tuple[str, ...]]:
    """The tickets that links of any kind tie together, whenever they do, or that may look alike;
    most stand alone.
    """
    leaders = {name: name for name in tickets}
    for name, events in tickets.items():
        for target in chain(_linked(events), _keys(events, tickets)):
            one, other = sorted((_leader(name, leaders), _leader(target, leaders)))
            leaders[other] = one
    together: dict[str, list[str]] = defaultdict(list)
    for name in tickets:
        together[_leader(name, leaders)].append(name)
    return [tuple(sorted(names)) for names in together.values()]


def _leader(name: str, leaders: dict[str, str]) -> str:
    """The one that stands for all that are tied to `name`. Shortens the way to it (union-find)."""
    above = leaders.setdefault(name, name)
    while above != name:
        leaders[name] = leaders[above]
        name = above
        above = leaders.setdefault(name, name)
    return name


def _linked(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        for name in LINKS:
            target = event.attributes.get(name)
            if isinstance(target, str | int) and str(target).strip():
                yield named_by(name, str(text_of(target)))


def _keys(events: Iterable[Event], tickets: Mapping[str, object]) -> Iterator[str]:
    """Names for all by which the ticket may ever look like another, and the tickets that its
    subjects may quote.
    """
    said: dict[str, set[str]] = {}
    for event in events:
        for name in _TELLING.intersection(event.attributes):
            text = text_of_or_empty(event.attributes[name])
            said.setdefault(name, set()).add(str(text))
    if not said:
        return
    customers = map(customer_by, said.get("customer_id", {""}))
    for customer, subject, url in product(
        customers, said.get("subject", {""}), said.get("url", {""})
    ):
        for key in keys_by(customer, subject, url):
            if key.kind != QUOTED:
                yield f"\0{key.kind}\0{key.customer}\0{key.text}"
        yield from tickets.keys() & set(ids_quoted(subject))
    yield from said.get("case_id", set()).intersection(tickets)


_TELLING = frozenset({"case_id", "customer_id", "subject", "url"})


@frozen
class Chronicler:
    """Makes facts of a ticket's events under one policy, which says what fields count and what
    words its desk has.
    """

    policy: Policy
    words: Words = field(init=False)
    names: frozenset[str] = field(init=False)
    counted: frozenset[str] = field(init=False)
    statuses: Mapping[EventKind, str] = field(init=False)

    @words.default
    def _words(self) -> Words:
        return Words.of(self.policy)

    @names.default
    def _names(self) -> frozenset[str]:
        return self.policy.fields.union(STATES)

    @counted.default
    def _counted(self) -> frozenset[str]:
        """What a desk counts by itself where an event does not say it, and the policy reads."""
        return self.names.intersection(REPORTED.values())

    @statuses.default
    def _statuses(self) -> Mapping[EventKind, str]:
        """The status that an event of that type leaves where it says none itself."""
        words = self.words
        return {
            EventKind.CREATED: words.new,
            EventKind.RESOLVED: words.resolved,
            EventKind.CLOSED: words.closed,
            EventKind.REOPENED: words.reopened,
        }

    def facts(self, events: Sequence[Event]) -> list[Fact]:
        """Of the events of one ticket, in their order, the facts in order of time."""
        return sorted([*self._moments(events), *self._states(events)], key=_when)

    def _moments(self, events: Iterable[Event]) -> set[Fact]:
        facts = set()
        for event in events:
            if event.kind is EventKind.REPLY:
                agent = text_of_or_empty(event.attributes.get("agent"))
                facts.add(Fact(event.ticket, REPLIES[event.by], event.at, agent))
            elif event.until is not None:
                facts.add(promise_of(event, event.until))
            elif event.kind in MOMENTS:
                facts.add(Fact(event.ticket, MOMENTS[event.kind], event.at, _by(event)))
        return facts

    def _states(self, events: Iterable[Event]) -> Iterator[Fact]:
        """The changes of each state. Of what is said of it within one second the last counts: facts
        are a set.
        """
        current: dict[str, Value] = {}
        troubled: set[str] = set()
        record: dict[str, object] = {}
        for at, moment in groupby(events, key=_when):
            stated: dict[str, Value] = {}
            for event in moment:
                status = stated.get("status") or current.get("status")
                stated |= self._values(event, status, troubled)
                if self.counted:
                    record = apply(event, record, self.words)
                    stated |= self._counts(record)
            for name, value in stated.items():
                if current.get(name, "") != value:
                    current[name] = value
                    yield Fact(event.ticket, name, at, value)

    def _values(self, event: Event, status: object, troubled: set[str]) -> dict[str, Value]:
        """What the event says of each field. What cannot be read is a state of its own; the next
        value that can be read ends it, as in a record.
        """
        values: dict[str, Value] = {}
        had_status_before = event.kind is EventKind.CREATED and status
        if event.kind in self.statuses and not had_status_before:
            values["status"] = self.statuses[event.kind]
        for name in self.names.intersection(event.attributes):
            try:
                values[name] = _text(event.attributes[name])
                if name in troubled:
                    values[UNREADABLE + name] = ""
            except Unreadable as problem:
                troubled.add(name)
                values[UNREADABLE + name] = f"{name}: {problem}"
        return values

    def _counts(self, record: Record) -> dict[str, Value]:
        return {name: text_of(record[name]) for name in self.counted if name in record}


def promise_of(event: Event, until: int) -> Fact:
    return acknowledged(event.ticket, event.at, until, event.by, event.promised)


def _by(event: Event) -> str:
    """Of a creation it matters only whether the desk made it; of a reopening, which bot may have
    been.
    """
    if event.kind is EventKind.REOPENED or event.by == AGENT:
        return event.by
    return ""


def _text(value: object) -> Value:
    if isinstance(value, str):
        return _text_of_text(value)
    return text_of(value)


@lru_cache(1 << 12)
def _text_of_text(value: str) -> Value:
    """A log says the same few words again and again."""
    return text_of(value)
