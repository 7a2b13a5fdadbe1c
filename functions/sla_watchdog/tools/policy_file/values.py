"""Single values of the policy file: names, numbers, yes or no, dates, zones."""

from __future__ import annotations

import math
import re
from datetime import date
from functools import cache
from importlib.resources import files

from sla_watchdog.tools.policy_file.problems import Wrong, listed, nearest
from sla_watchdog.tools.policy_file.shapes import SCALAR, Word


def folded(text: str) -> str:
    """As the watchdog compares text: trimmed, single spaces, case-folded."""
    return " ".join(text.split()).casefold()


# ------------------------------------------------------------------ words


def _free_text(text: str) -> str:
    if not text.strip():
        raise Wrong("blank", "write something, or leave the key out")
    return " ".join(text.split())


TEXT = Word("a text", _free_text, {"type": SCALAR})


def choice(what: str, *words: str, hint: str = "") -> Word[str]:
    def parse(text: str) -> str:
        if text not in words:
            guess = nearest(text, words)
            wanted = f'did you mean "{guess}"?' if guess else f"it may be: {listed(words)}"
            raise Wrong(f'"{text}" is not {what}', hint or wanted)
        return text

    numbers = [int(word) for word in words if word.isdigit()]
    return Word(what, parse, {"enum": [*words, *numbers]})


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise Wrong(f'"{text}" is neither true nor false', "write true or false")
    return text == "true"


FLAG = Word("true or false", _flag, {"enum": [True, False, "true", "false"]})


def whole(what: str, least: int, most: int) -> Word[int]:
    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise Wrong(f'"{text}" is not {what}', f"write a whole number from {least} to {most}")
        return int(text)

    return Word(
        what,
        parse,
        {"type": ["integer", "string"], "minimum": least, "maximum": most, "pattern": "^[0-9]+$"},
    )


def _number(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", text):
        raise Wrong(f'"{text}" is not a number', "write a number like 3 or 0.5")
    value = float(text)
    return int(value) if value == math.floor(value) else value


NUMBER = Word("a number", _number, {"type": ["number", "string"], "pattern": "^-?[0-9.]+$"})


def name_of(what: str, pattern: str, rule: str, refuse: str = "") -> Word[str]:
    """A name that becomes part of keys and topics: at most 40 characters of `pattern`."""

    def parse(text: str) -> str:
        if (
            re.fullmatch(pattern, text)
            and len(text) <= 40
            and not (refuse and re.search(refuse, text))
        ):
            return text
        guess = re.sub(r"[^a-z0-9]+", "-", text.casefold())[:40].strip("-").removesuffix("-urgent")
        raise Wrong(f'"{text}" cannot be {what}', rule + (f'; "{guess}" would do' if guess else ""))

    schema = {"type": "string", "pattern": f"^{pattern}$", "maxLength": 40}
    if refuse:
        schema["not"] = {"pattern": refuse}
    return Word(what, parse, schema)


NAME = name_of(
    "a name",
    "[a-z0-9][a-z0-9_-]*",
    "names are small letters, digits, - and _, at most 40 of them",
)
FIELD_NAME = name_of(
    "a field name",
    "[A-Za-z_][A-Za-z0-9_-]*",
    "field names are letters, digits, - and _, at most 40 of them",
)
AUDIENCE = name_of(
    "the name of an audience",
    "[a-z0-9]+(-[a-z0-9]+)*",
    "it becomes the name of an SNS topic: small letters, digits and single hyphens between them, "
    "at most 40, and not ending in -urgent",
    refuse="-urgent$",
)

# ------------------------------------------------------------------ dates and zones


def _date(text: str) -> str:
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise Wrong(f'"{text}" is a day that does not exist', "look at the month") from None
    raise Wrong(f'"{text}" is not a date', "dates are written year-month-day: 2026-12-24")


DATE = Word("a date", _date, {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})


@cache
def _zones() -> frozenset[str]:
    """The zones of the tzdata package: those the deployed functions know, whatever is on this
    machine.
    """
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _zone(text: str) -> str:
    if text in _zones():
        return text
    city = text.replace(" ", "_").casefold()
    found = [name for name in _zones() if name.rsplit("/", 1)[-1].casefold() == city]
    guess = min(found, key=len) if found else nearest(text, _zones(), cutoff=0.8)
    raise Wrong(
        f'no time zone is called "{text}"',
        f'did you mean "{guess}"?' if guess else "IANA names are meant, like Europe/Berlin",
    )


ZONE = Word("a time zone", _zone, {"type": "string", "examples": ["UTC", "America/New_York"]})
