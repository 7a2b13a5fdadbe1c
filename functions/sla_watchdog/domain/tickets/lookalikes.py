"""What makes two open tickets of one customer look like one matter: a URL, a reference, or the
subject (semantics D6).

Pure: `keys` serves `track`, replay and backtest alike. Two tickets that share a key look like
the same matter.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator

from attrs import frozen

from sla_watchdog.domain.tickets.facts import Fact, Facts, Value

SAME_MATTER = "same_matter"
"""The field of the fact that a ticket looks like an older one: (older, its creation, kind)."""

ANSWERED = "same_matter_answer"
"""The field of the fact that a person said of it: (older, `SAME` or `NOT_SAME`, by)."""

SAME, NOT_SAME = "same", "not same"

SUBJECT, QUOTED = "subject", "quoted id"
URL, REFERENCE = "URL", "reference"
ROUTINE = "routine subject"
"""Of a subject that the customer writes again and again about different matters."""

QUOTED_BY_ANOTHER = "id quoted by another customer"

STRONG = frozenset({SUBJECT, QUOTED})
"""Kinds of evidence that join by themselves; what else looks alike is only proposed."""

SHORTEST_SUBJECT = 12
"""Letters of a subject, below which it says nothing about the matter."""

FEWEST_WORDS = 3
MOST_REFERENCES = 5

STOCK = frozenset(
    {
        "can you help me",
        "can you please help",
        "i have a question",
        "i have a problem",
        "i need help",
        "i need some help",
        "it does not work",
        "please help me",
        "problem with my account",
        "question about my account",
        "question about my order",
        "urgent help needed",
        "urgent please help",
        "where is my order",
    }
)
"""Subjects of many matters, in normal form."""

_PREFIX = re.compile(
    r"^\s*(re|aw|fwd?|wg|sv|vs|tr|rv|antw|ref)\s*(\[\d+\]|\(\d+\))?\s*:", re.IGNORECASE
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_TOKEN = re.compile(r"#?\w+(?:[-/_.]\w+)*")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_YEAR = re.compile(r"(19|20)\d\d")


@frozen(order=True)
class LookalikeKey:
    """What a ticket shares with others of its matter; `kind` is "URL", "reference" or "subject", in
    this order.
    """

    customer: str
    kind: str
    text: str

    @property
    def hash(self) -> str:
        parts = json.dumps([self.customer, self.kind, self.text])
        digest = hashlib.sha256(parts.encode())
        return digest.hexdigest()[:32]


def keys(ticket: str, facts: Facts) -> frozenset[LookalikeKey]:
    """The keys of the ticket by what is known of it now. Without a customer's id it has none."""
    customer = str(facts.latest(ticket, "customer_id")).strip().casefold()
    if not customer:
        return frozenset()
    subject = str(facts.latest(ticket, "subject"))
    url = str(facts.latest(ticket, "url"))
    shared = {LookalikeKey(customer, "reference", text) for text in references(subject)}
    shared.add(LookalikeKey(customer, "URL", normal_url(url)))
    shared.add(LookalikeKey(customer, "subject", normal_subject(subject)))
    return frozenset(key for key in shared if key.text)


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
        named, word, _ = _three(fact.value)
        if named == other:
            yield fact.at, word


def same_as(ticket: str, facts: Facts) -> Iterator[str]:
    """The tickets that it is one matter with: by strong evidence that nobody denied, or because a
    person said so.
    """
    strong = {older for older, kind in evidence(ticket, facts) if is_strong(kind)}
    judged = {_three(fact.value)[0] for fact in facts.of_field(ticket, ANSWERED)}
    for other in sorted(strong | judged):
        said = answer_about(facts, ticket, other)
        if said or (said is None and other in strong):
            yield other


def evidence(ticket: str, facts: Facts) -> Iterator[tuple[str, str]]:
    """The older tickets that it looks like, and by which kind of evidence; as they were noted."""
    for fact in facts.of_field(ticket, SAME_MATTER):
        older, _, kind = _three(fact.value)
        if older:
            yield older, kind


def _three(value: Value) -> tuple[str, str, str]:
    """Three empty texts for what is no such fact."""
    if isinstance(value, tuple) and len(value) == 3:
        one, two, three = value
        return one, two, three
    return "", "", ""


def normal_subject(subject: str) -> str:
    """Case-folded, without Re: and its like, punctuation and blanks collapsed; '' for one that says
    too little.
    """
    shorter = _PREFIX.sub("", subject)
    while shorter != subject:
        subject, shorter = shorter, _PREFIX.sub("", shorter)
    folded = unicodedata.normalize("NFKC", subject).casefold()
    text = " ".join(re.findall(r"\w+", folded))
    if len(text) < SHORTEST_SUBJECT or len(text.split()) < FEWEST_WORDS:
        return ""
    if text in STOCK:
        return ""
    return text


def references(subject: str) -> tuple[str, ...]:
    """Order numbers and other ids in a subject, without their punctuation; no dates, no years."""
    in_order = sorted(set(_references(subject)))
    return tuple(in_order[:MOST_REFERENCES])


def _references(subject: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", subject).casefold()
    for token in _TOKEN.findall(folded):
        text = re.sub(r"\W|_", "", token)
        digits = "".join(re.findall(r"\d", token))
        if _DATE.fullmatch(token) or _YEAR.fullmatch(digits):
            continue
        if len(digits) >= _fewest_digits(token, text):
            yield text


def _fewest_digits(token: str, text: str) -> int:
    """How many digits make it a reference: fewer where more than digits show that it is one."""
    if token.startswith("#"):
        return 3
    if text.isdigit():
        return 5
    return 4


def normal_url(url: str) -> str:
    """Without scheme, `www.`, fragment and a last slash, the host case-folded; '' for no URL."""
    without_scheme = _SCHEME.sub("", url.strip())
    without_fragment, _, _ = without_scheme.partition("#")
    host, slash, path = without_fragment.partition("/")
    host = host.casefold().removeprefix("www.")
    if "." not in host:
        return ""
    return (host + slash + path).rstrip("/")
