"""What makes two tickets look like one matter: of one customer a URL, a reference or the subject;
of any the id of the other, quoted in the subject (semantics D6).

Pure: `keys` serves `track`, replay and backtest alike. Two tickets that share a key look like
the same matter.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.tickets.facts import Fact, Facts, Value
from sla_watchdog.domain.tickets.subjects import (
    normal_subject,
    quotable_ids,
    references,
    short_subject,
)

SAME_MATTER = "same_matter"
"""The field of the fact that a ticket looks like an older one: (older, its creation, kind)."""

ANSWERED = "same_matter_answer"
"""The field of the fact that a person said of it: (older, `SAME` or `NOT_SAME`, by)."""

SAME, NOT_SAME = "same", "not same"

SUBJECT, QUOTED = "subject", "quoted id"
URL, REFERENCE = "URL", "reference"
ROUTINE = "routine subject"
"""Of a subject that the customer writes again and again about different matters."""

SHORT = "short subject"
REPEATED = "repeated subject"
"""Of a short subject that the customer wrote at least twice before."""

QUOTED_BY_ANOTHER = "id quoted by another customer"

SAID = "a person said so"
NAMED = "id as its case"
"""Of a ticket whose record has the id of another where the desk's own case belongs."""

STRONG = frozenset({SUBJECT, REPEATED, QUOTED, NAMED})
"""Kinds of evidence that join by themselves; what else looks alike is only proposed."""

NOBODY = frozenset(
    {
        "-",
        "admin",
        "anon",
        "anonymous",
        "customer",
        "default",
        "guest",
        "internal",
        "n/a",
        "na",
        "nan",
        "nil",
        "no-reply",
        "nobody",
        "none",
        "noreply",
        "null",
        "public",
        "system",
        "test",
        "undefined",
        "unknown",
        "user",
        "various",
    }
)
"""Ids of customers, case-folded, that stand for nobody in particular; zeros and mailboxes of that
name do too.
"""

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@frozen(order=True)
class LookalikeKey:
    """What a ticket shares with others of its matter."""

    customer: str
    kind: str
    text: str

    @property
    def hash(self) -> str:
        parts = json.dumps([self.customer, self.kind, self.text])
        digest = hashlib.sha256(parts.encode())
        return digest.hexdigest()[:32]


def keys(ticket: str, facts: Facts) -> frozenset[LookalikeKey]:
    """The keys of the ticket by what is known of it now. Without a customer's id it has none but
    the ids that it may quote.
    """
    subject = str(facts.latest(ticket, "subject"))
    url = str(facts.latest(ticket, "url"))
    shared = keys_by(customer_of(ticket, facts), subject, url)
    named = map(quoted_key, ids_named(ticket, facts))
    return shared.union(named) - {quoted_key(ticket)}


def ids_named(ticket: str, facts: Facts) -> tuple[str, ...]:
    """What may be the ids of other tickets: in its subject, in capitals and small letters too, or
    in place of a case of the desk.
    """
    subject = str(facts.latest(ticket, "subject"))
    return *ids_quoted(subject), *quotable_ids(str(facts.latest(ticket, "case_id")))


def ids_quoted(subject: str) -> tuple[str, ...]:
    """What may be the ids of tickets, as they are written, in capitals and in small letters."""
    names = quotable_ids(subject)
    folded = [form for name in names for form in (name.upper(), name.casefold())]
    return tuple(dict.fromkeys([*names, *folded]))


def quotes(subject: str, name: str) -> bool:
    """Whether the subject has the id, in whatever letters."""
    return name.casefold() in map(str.casefold, quotable_ids(subject))


def keys_by(customer: str, subject: str, url: str) -> frozenset[LookalikeKey]:
    shared = {quoted_key(name) for name in quotable_ids(subject)}
    if customer:
        shared |= {LookalikeKey(customer, REFERENCE, text) for text in references(subject)}
        shared.add(LookalikeKey(customer, URL, normal_url(url)))
        shared.add(LookalikeKey(customer, SUBJECT, normal_subject(subject)))
        shared.add(LookalikeKey(customer, SHORT, short_subject(subject)))
    return frozenset(key for key in shared if key.text)


def quoted_key(name: str) -> LookalikeKey:
    """The key of all tickets that may quote the ticket `name`, of whatever customer."""
    return LookalikeKey("", QUOTED, name.casefold())


def customer_of(ticket: str, facts: Facts) -> str:
    """The id of the customer, folded; '' for one that stands for nobody in particular."""
    return customer_by(str(facts.latest(ticket, "customer_id")))


def customer_by(written: str) -> str:
    customer = written.strip().casefold()
    mailbox, _, _ = customer.partition("@")
    if mailbox in NOBODY or not mailbox.strip("0"):
        return ""
    return customer


def looks_alike(younger: str, at: int, older: str, older_created_at: int, kind: str) -> Fact:
    """The fact that `younger` looks like `older`, noticed at `at`."""
    return Fact(younger, SAME_MATTER, at, (older, str(older_created_at), kind))


def is_strong(kind: str) -> bool:
    """Whether the evidence joins two tickets by itself."""
    return kind in STRONG


def answered(younger: str, at: int, older: str, same: bool, by: str) -> Fact:
    """The fact that somebody said whether both are one matter."""
    return Fact(younger, ANSWERED, at, (older, SAME if same else NOT_SAME, by))


def answer_about(facts: Facts, younger: str, older: str) -> bool | None:
    """What a person said last of the two, in whichever order; None where nobody did."""
    answers = [*_answers(facts, younger, older), *_answers(facts, older, younger)]
    if not answers:
        return None
    _, word = max(answers)
    return word == SAME


def _answers(facts: Facts, ticket: str, other: str) -> Iterator[tuple[int, str]]:
    for fact in facts.of_field(ticket, ANSWERED):
        named, word, _ = three_of(fact.value)
        if named == other:
            yield fact.at, word


def denied_pairs(facts: Facts) -> frozenset[frozenset[str]]:
    """Pairs of tickets of which a person last said that they are not one matter."""
    denied = set()
    for ticket in facts.tickets():
        for other in judged(ticket, facts):
            if answer_about(facts, ticket, other) is False:
                denied.add(frozenset((ticket, other)))
    return frozenset(denied)


def same_as(ticket: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """The tickets that it is one matter with, by strong evidence of a kind that nobody denied, or
    by `SAID`.
    """
    for other, kind in dict.fromkeys(evidence(ticket, facts)):
        if is_strong(kind) and answer_about(facts, ticket, other) is None:
            yield other, kind
    for other in dict.fromkeys(judged(ticket, facts)):
        if answer_about(facts, ticket, other):
            yield other, SAID


def judged(ticket: str, facts: Facts) -> Iterator[str]:
    """The tickets of which a person said whether they are one matter with it."""
    for fact in facts.of_field(ticket, ANSWERED):
        other, _, _ = three_of(fact.value)
        if other:
            yield other


def evidence(ticket: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """The older tickets that it looks like, and by which kind of evidence; as they were noted."""
    for fact in facts.of_field(ticket, SAME_MATTER):
        older, _, kind = three_of(fact.value)
        if older:
            yield older, kind


@frozen
class Noted:
    """That a ticket looks like an older one."""

    older: str
    created_at: int
    kind: str
    at: int


def noted(ticket: str, facts: Facts) -> Noted | None:
    """What was noted last."""
    for fact in reversed(facts.of_field(ticket, SAME_MATTER)):
        older, created_at, kind = three_of(fact.value)
        if older and created_at.isdecimal():
            return Noted(older, int(created_at), kind, fact.at)
    return None


def three_of(value: Value) -> tuple[str, str, str]:
    """The parts of evidence, or of an answer; three empty texts for what is neither."""
    if isinstance(value, tuple) and len(value) == 3:
        one, two, three = value
        return one, two, three
    return "", "", ""


def normal_url(url: str) -> str:
    """Without scheme, `www.`, fragment and a last slash, the host case-folded; '' for no URL."""
    without_scheme = _SCHEME.sub("", url.strip())
    without_fragment, _, _ = without_scheme.partition("#")
    host, slash, path = without_fragment.partition("/")
    host = host.casefold().removeprefix("www.")
    if "." not in host:
        return ""
    return (host + slash + path).rstrip("/")
