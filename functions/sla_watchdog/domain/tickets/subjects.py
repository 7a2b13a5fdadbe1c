"""What a subject says: its normal form, the references in it, the ticket ids that it may quote, and
whether it is one that comes again and again (semantics D6).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

SHORTEST_SUBJECT = 12
"""Letters of a subject, below which it says nothing about the matter."""

FEWEST_WORDS = 3

SHORTEST_HINT = 6
"""Letters of a subject that is short, below which it is not even a hint."""

MOST_REFERENCES = 5
MOST_QUOTED = 5

SHORTEST_ID = 3
FEWEST_BARE_DIGITS = 5
"""Of an id that is a number and nothing else; of a shorter one it must be said plainer."""

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

SHORT_STOCK = frozenset(
    {
        "a question",
        "anfrage",
        "another question",
        "contact",
        "dringend",
        "enquiry",
        "error message",
        "feedback",
        "frage",
        "general",
        "good morning",
        "guten tag",
        "hello there",
        "help needed",
        "help please",
        "hilfe",
        "i need help",
        "information",
        "inquiry",
        "kontakt",
        "message",
        "nachricht",
        "need help",
        "new message",
        "new request",
        "new ticket",
        "no title",
        "please help",
        "problem",
        "question",
        "quick question",
        "request",
        "support",
        "support needed",
        "thank you",
        "thanks",
        "ticket",
        "untitled",
        "update",
        "urgent",
        "urgent help",
        "vielen dank",
    }
)
"""The like of `STOCK` among short subjects."""

PERIODIC = (
    "abwesenheitsnotiz",
    "alarm",
    "alert",
    "annual",
    "auto reply",
    "automatic reply",
    "automatische antwort",
    "backup",
    "daily",
    "delivery status",
    "heartbeat",
    "jährlich",
    "mail delivery",
    "monatlich",
    "monatsbericht",
    "monthly",
    "newsletter",
    "out of office",
    "quarterly",
    "reminder",
    "täglich",
    "timesheet",
    "undeliverable",
    "weekly",
    "wochenbericht",
    "wöchentlich",
    "yearly",
)
"""Words, in normal form, of what machines and calendars send."""

SERVICES = (
    "access request",
    "access to",
    "account locked",
    "account request",
    "appointment",
    "change of address",
    "contact form",
    "contraseña",
    "feedback form",
    "forgot password",
    "forgot my password",
    "general inquiry",
    "general question",
    "invoice",
    "kein betreff",
    "kontaktformular",
    "leave request",
    "locked account",
    "locked out",
    "meeting request",
    "missed call",
    "mot de passe",
    "neue benutzerin",
    "neue mitarbeiterin",
    "neuer benutzer",
    "neuer mitarbeiter",
    "neues konto",
    "new account",
    "new employee",
    "new hire",
    "new message from",
    "new order",
    "new starter",
    "new user",
    "new voicemail",
    "no subject",
    "nouvel utilisateur",
    "nuevo usuario",
    "password expired",
    "password reset",
    "passwort vergessen",
    "passwort zurücksetzen",
    "quote request",
    "rechnung",
    "request for access",
    "request for quote",
    "reset my password",
    "reset password",
    "reset the password",
    "service request",
    "support request",
    "test ticket",
    "training",
    "unlock account",
    "unlock my account",
    "web form",
    "zugang für",
    "zugriff auf",
)
"""Words, in normal form, of what a customer asks for as often as it is needed. A number that says
which one it is makes it a matter of its own.
"""

_PREFIX = re.compile(
    r"^\s*(re|aw|fwd?|wg|sv|vs|tr|rv|antw|antwort|weitergeleitet|ref)"
    r"\s*(\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"#?\w+(?:[-/_.]\w+)*")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_COMPACT_DATE = re.compile(r"(19|20)\d\d[01]\d[0-3]\d|[0-3]\d[01]\d(19|20)\d\d")
_YEAR = re.compile(r"(19|20)\d\d")
_ID = re.compile(r"\w+(?:[-/_.:]\w+)*")
_PART_OF_ID = re.compile(r"\w+(?:-\w+)*")
_MARK = re.compile(
    r"(?:#|\b(?:ticket|case|incident|request|id|no|nr|ref|vorgang|anfrage)\b"
    r"\.?\s*(?:no|nr|id)?\.?\s*[:#]?)\s*$",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"\b(?:ticket|case|incident|vorgang)\b\.?\s*(?:no|nr|id|number)?\.?\s*[:#]?\s*$",
    re.IGNORECASE,
)
_HASH = re.compile(r"#\s*$")
_NUMBER = frozenset({"no", "nr", "number", "nummer"})
_OTHER_THINGS = frozenset(
    {
        "account",
        "article",
        "auftrag",
        "bestellung",
        "bill",
        "bus",
        "code",
        "customer",
        "error",
        "fehler",
        "house",
        "invoice",
        "item",
        "job",
        "kunde",
        "line",
        "order",
        "page",
        "permit",
        "po",
        "rechnung",
        "room",
        "route",
        "seite",
        "station",
        "step",
        "unit",
        "user",
        "version",
        "zimmer",
    }
)
"""What `#` and a short number after it numbers, where it is no ticket."""
_TAG = re.compile(
    r"\s*[\[({]\s*(?:(?:ticket|case|request|ref|id)\b\s*)?[:#]?\s*"
    r"(?P<id>\w*\d\w*(?:[-/_.]\w+)*|\w+(?:[-/_.]\w*\d\w*)+)\s*[\])}]\s*",
    re.IGNORECASE,
)


@lru_cache(1 << 14)
def normal_subject(subject: str) -> str:
    """Case-folded, without Re: and its like, an id in brackets at either end, punctuation and
    blanks collapsed; '' for one that says too little.
    """
    text = _words(untagged(subject))
    if len(text) < SHORTEST_SUBJECT or len(text.split()) < FEWEST_WORDS:
        return ""
    if text in STOCK:
        return ""
    return text


@lru_cache(1 << 14)
def short_subject(subject: str) -> str:
    """The like of `normal_subject` for one that is short, and so no more than a hint; '' for one
    that is not short, or not even a hint.
    """
    text = _words(untagged(subject))
    is_short = len(text) < SHORTEST_SUBJECT or len(text.split()) < FEWEST_WORDS
    if not is_short or len(text) < SHORTEST_HINT or not any(map(str.isalpha, text)):
        return ""
    if text in STOCK | SHORT_STOCK or is_routine(subject):
        return ""
    return text


def untagged(subject: str) -> str:
    """Without what mail programs and help desks put before and after it."""
    shorter = _without_frame(subject)
    while shorter != subject:
        subject, shorter = shorter, _without_frame(shorter)
    return subject


def _without_frame(subject: str) -> str:
    rest = _PREFIX.sub("", subject)
    for found in _tags(rest):
        rest = (rest[: found.start()] + " " + rest[found.end() :]).strip()
        break
    return rest


def _tags(subject: str) -> Iterator[re.Match[str]]:
    """Ids in brackets at the start and at the end."""
    for found in _TAG.finditer(subject):
        if found.start() == 0 or found.end() == len(subject):
            yield found


def tag(subject: str) -> str:
    """The id in brackets at either end, case-folded; '' where there is none."""
    rest = _PREFIX.sub("", subject)
    while rest != subject:
        subject, rest = rest, _PREFIX.sub("", rest)
    for found in _tags(subject):
        return found["id"].casefold()
    return ""


def _words(subject: str) -> str:
    folded = unicodedata.normalize("NFKC", subject).casefold()
    return " ".join(re.findall(r"\w+", folded))


@lru_cache(1 << 14)
def is_routine(subject: str) -> bool:
    """Whether customers write it again and again about different matters."""
    text = f" {_words(untagged(subject))} "
    if any(_begins_a_word(phrase, text) for phrase in PERIODIC):
        return True
    if not any(_begins_a_word(phrase, text) for phrase in SERVICES):
        return False
    return not re.search(r"\d{3}", text)


def _begins_a_word(phrase: str, text: str) -> bool:
    return f" {phrase}" in text


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


@lru_cache(1 << 14)
def quotable_ids(subject: str) -> tuple[str, ...]:
    """What may be the id of a ticket, exactly as it is written. A number alone must be said to be
    one, a short one by `#` or a word for a ticket; no dates, no years.
    """
    found = dict.fromkeys(_quotable_ids(subject))
    return tuple(found)[:MOST_QUOTED]


def _quotable_ids(subject: str) -> Iterator[str]:
    for pattern in (_ID, _PART_OF_ID):
        for match in pattern.finditer(subject):
            if _may_be_id(match[0], subject[: match.start()]):
                yield match[0]


def _may_be_id(token: str, before: str) -> bool:
    digits = sum(map(str.isdigit, token))
    if len(token) < SHORTEST_ID or not digits or _DATE.fullmatch(token):
        return False
    if any(map(str.isalpha, token)):
        return True
    if is_short_number(token):
        return _is_said_plainly(token, before)
    if digits < FEWEST_BARE_DIGITS or _COMPACT_DATE.fullmatch(token):
        return False
    return bool(_MARK.search(before))


def is_short_number(name: str) -> bool:
    """Whether an id is a number that many other things have too."""
    return name.isdigit() and len(name) < FEWEST_BARE_DIGITS


def _is_said_plainly(number: str, before: str) -> bool:
    """Whether what stands before a short number says that it is a ticket's."""
    is_year = _YEAR.fullmatch(number) is not None
    if _HASH.search(before):
        return _numbers_a_ticket(before)
    return not is_year and _TICKET.search(before) is not None


def _numbers_a_ticket(before: str) -> bool:
    """Whether `#` after this is not the number of something else."""
    words = [word for word in _words(before).split() if word not in _NUMBER]
    return not words or words[-1] not in _OTHER_THINGS
