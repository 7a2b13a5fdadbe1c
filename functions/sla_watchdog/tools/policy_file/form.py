"""The form of the whole policy file, and the reading of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain

from attrs import evolve, fields, frozen
from tzdata import IANA_VERSION  # type: ignore[import-untyped]  # the package ships no types

from sla_watchdog.domain.policy.model import Matters, Policy, Source
from sla_watchdog.domain.time.calendar import Calendar
from sla_watchdog.tools.policy_file.audiences import AUDIENCES, with_operations
from sla_watchdog.tools.policy_file.calendars import CALENDARS, CalendarForm, holidays_until
from sla_watchdog.tools.policy_file.case_limits import (
    ACKNOWLEDGE,
    CASES,
    MATTERS,
    PAUSES,
    as_once_written,
)
from sla_watchdog.tools.policy_file.desk import (
    FIELDS,
    JUDGE_ALWAYS,
    PEOPLE,
    PRIORITIES,
    SOURCE,
    STATUSES,
)
from sla_watchdog.tools.policy_file.digest_warnings import warn_of_digests
from sla_watchdog.tools.policy_file.durations import in_days
from sla_watchdog.tools.policy_file.examples import EXAMPLES, Example
from sla_watchdog.tools.policy_file.ladders import CEILING_LINES, CEILINGS, LADDERS
from sla_watchdog.tools.policy_file.nodes import Entries, Node, Text, child, keys, parse, texts
from sla_watchdog.tools.policy_file.problems import PolicyErrors, Problem
from sla_watchdog.tools.policy_file.roster import warn_of_near_names, warn_of_nobody
from sla_watchdog.tools.policy_file.rules import POLICIES
from sla_watchdog.tools.policy_file.shapes import (
    Key,
    Reading,
    Then,
    Written,
    block_of,
)
from sla_watchdog.tools.policy_file.signals import SIGNALS
from sla_watchdog.tools.policy_file.values import ZONE, choice, folded, whole

FORM = 1


@frozen
class PolicyForm:
    """A policy file that says nothing wrong: the policy as of the day on which it was read.

    Which holidays it knows depends on the day, so its calendars are kept as they were written.
    """

    policy: Policy
    calendars: Mapping[str, CalendarForm]
    examples: tuple[Example, ...] = ()

    def as_of(self, today: date) -> Policy:
        """As a build on that day makes it."""
        return evolve(
            self.policy,
            calendars=_as_of(today, self.calendars),
            holidays_until=holidays_until(self.calendars.values(), today),
        )


@frozen
class Checked:
    """A file that may be compiled, and what somebody might still want to know."""

    form: PolicyForm
    warnings: tuple[Problem, ...]


# ------------------------------------------------------------------ the form


def _policy_form(written: Written, node: Node, reading: Reading) -> PolicyForm:
    """Put together where the file says it in another way than the policy; the rest is called the
    same in both.
    """
    statuses, priorities = written["statuses"], written.get("priorities", {})
    alike = {name: value for name, value in written.items() if name in _CALLED_ALIKE}
    calendars: Mapping[str, CalendarForm] = written["calendars"]
    policy = Policy(
        source=evolve(written.get("source", Source()), fields=written.get("fields", {})),
        groups=tuple(statuses),
        statuses=_by_text(statuses),
        severity=tuple(priorities),
        priorities=_by_text(priorities),
        calendars=_as_of(reading.today, calendars),
        audiences=with_operations(written["audiences"], reading),
        rules=written["policies"],
        holidays_until=holidays_until(calendars.values(), reading.today),
        tzdata=str(IANA_VERSION),
        **written.get("people", {}),
        thanks=written.get("cases", {}).get("thanks"),
        matters=_matters(written, node, reading),
        **alike,
    )
    warn_of_digests(node, policy, reading)
    examples: tuple[Example, ...] = written.get("examples", ())
    if policy.roster:
        people = child(child(node, "people"), "roster")
        warn_of_near_names(policy.roster, _assignees(examples), people, reading)
        warn_of_nobody(policy, people, reading)
    return PolicyForm(policy, calendars, examples)


def _assignees(examples: Iterable[Example]) -> Iterator[str]:
    for example in examples:
        for event in example.events:
            yield str(event.attributes.get("assignee") or "")


_PUT_TOGETHER = {
    "source",
    "statuses",
    "priorities",
    "calendars",
    "audiences",
    "thanks",
    "matters",
}
_CALLED_ALIKE = {field.name for field in fields(Policy)} - _PUT_TOGETHER


def _matters(written: Written, node: Node, reading: Reading) -> Matters:
    """The name of before is read, and the new one said."""
    found: Matters = written.get("matters", Matters())
    gap = written.get("cases", {}).get("gap")
    if gap is None:
        return found
    at = child(child(node, "cases"), "gap")
    hint = f"write `matters: {{linked: {in_days(gap)}}}` in its place"
    if "matters" in written:
        reading.wrong(at, "`gap` and `matters:` say the same", "take `gap` out")
        return found
    reading.warn(at, "`gap` is called `matters: {linked: …}` now", hint)
    return as_once_written(gap)


def _as_of(today: date, calendars: Mapping[str, CalendarForm]) -> Mapping[str, Calendar]:
    return {name: calendar.as_of(today) for name, calendar in calendars.items()}


def _by_text(groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {folded(text): group for group, members in groups.items() for text in members}


# Read in this order: conditions before the fields they name, ladders before the policies on them.
POLICY_FILE = block_of(
    {
        "form": Key(
            choice("a form this version reads", str(FORM), hint=f"write `form: {FORM}`"),
            "version of this form",
            required=True,
            lines=f"form: {FORM}",
        ),
        "timezone": Key(
            ZONE, "zone of times written without an offset; without it such a time is a finding"
        ),
        "source": Key(SOURCE, "where tickets stand in the Tickets table"),
        "statuses": Key(
            STATUSES,
            "statuses as the desk writes them, by group: "
            "open, waiting, resolved, closed, or your own",
            required=True,
            lines="statuses:\n  open: [New, Open]\n  waiting: [Pending]\n"
            "  resolved: [Resolved]\n  closed: [Closed]",
        ),
        "priorities": Key(
            PRIORITIES, "priorities as the desk writes them, by name; the most severe first"
        ),
        "people": Key(PEOPLE, "bots, assignees that are no person, and who may own a ticket"),
        "judge_always": Key(
            JUDGE_ALWAYS,
            "what counts as missing from a ticket though no record ever carried it: reply, owner, "
            "team; without it, clocks that need it wait until one does",
        ),
        "calendars": Key(
            CALENDARS,
            "opening hours, by name",
            required=True,
            lines="calendars:\n  office:\n    timezone: Europe/Berlin\n"
            '    hours: {mon-fri: ["09:00-17:00"]}',
        ),
        "audiences": Key(
            AUDIENCES,
            "who can be told, by name; each has an SNS topic",
            required=True,
            lines="audiences:\n  owner: {each: assignee}\n  manager: {}\n  executive: {}",
        ),
        "ladders": Key(
            LADDERS,
            "levels in the order they come due, by name; the last repeats",
            required=True,
            lines="ladders:\n  standard:\n    - {at: 75%, tell: [owner]}\n"
            "    - {at: breach, tell: [owner, manager], repeat: 1d}",
        ),
        "policies": Key(
            POLICIES,
            "the first that matches judges a ticket; the last must match every ticket",
            required=True,
            lines="policies:\n  - name: everything\n    calendar: office\n    ladder: standard\n"
            "    targets: {resolution: 40h}",
        ),
        "ceilings": Key(
            CEILINGS,
            "wall-clock age of a case at which somebody is told, whatever any policy says; the "
            "last repeats weekly unless it says otherwise",
            required=True,
            lines=CEILING_LINES,
        ),
        "fields": Key(FIELDS, "where the desk keeps what we call by another name"),
        "digest_after": Key(
            whole("a number of messages", 1, 1000),
            "messages to one audience in one tick, from which on they become one digest; after as "
            "many in a day what is not urgent waits for the next full hour",
        ),
        "signals": Key(
            SIGNALS,
            "what escalates a case by itself: reopened, reassigned, without progress, unowned",
        ),
        "pauses": Key(PAUSES, "how long clocks may stand still"),
        "matters": Key(MATTERS, "for how long after its last activity a matter goes on"),
        "cases": Key(CASES, "what a customer's message after the end means"),
        "acknowledge": Key(
            ACKNOWLEDGE,
            "how far a promise reaches, how often it may be put off, how many promises in a row "
            "hold alerts back",
        ),
        "examples": Key(EXAMPLES, "events in, due times and alerts out; check-policy runs them"),
    },
)

# ------------------------------------------------------------------ reading one


def read_policy(text: str, file: str, today: date) -> Checked:
    """Read and check a policy file; `file` names it in errors, holidays are looked up for `today`.

    Raises `PolicyErrors` with everything that is wrong.
    """
    root, repeated = parse(text, file)
    reading = Reading(today, _names(root), repeated, timezone=_timezone(root), file=file)
    form = _read(root, reading)
    if form is not None and not reading.errors:
        _warn_of_unused(root, reading)
        return Checked(form, _in_order(reading.problems))
    raise PolicyErrors(file, text, _in_order(reading.problems))


def _read(root: Node, reading: Reading) -> PolicyForm | None:
    if isinstance(root, Text) and root.empty:
        reading.wrong(
            root, "the file is empty", "begin with the policy.yaml that ships, and change it"
        )
        return None
    return Then(POLICY_FILE, _policy_form).read(root, reading)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.place))


_DEFINED_UNDER = {
    "audience": "audiences",
    "calendar": "calendars",
    "ladder": "ladders",
    "status group": "statuses",
    "priority": "priorities",
    "field": "fields",
}
_WORDS_UNDER = {"status": "statuses", "priority text": "priorities"}
"""What the desk writes, listed below names of the file's own."""


def _names(root: Node) -> Mapping[str, tuple[str, ...]]:
    """What the file defines, whether or not the definition itself can be read."""
    names = {}
    for kind, name in _DEFINED_UNDER.items():
        section = _section(root, name)
        if section is not None:
            names[kind] = tuple(key.value for key in keys(section))
    for kind, name in _WORDS_UNDER.items():
        section = _section(root, name)
        if section is not None:
            words = chain.from_iterable(texts(group) for _, group in section.pairs)
            names[kind] = tuple(word.value for word in words)
    return names


def _section(root: Node, name: str) -> Entries | None:
    section = root.get(name) if isinstance(root, Entries) else None
    return section if isinstance(section, Entries) else None


def _timezone(root: Node) -> str | None:
    """What the file names, when it can be read; UTC in its place when it cannot, which is one
    error, not many.
    """
    written = root.get("timezone") if isinstance(root, Entries) else None
    if written is None:
        return None
    zone = ZONE.read(written, Reading(date.min))
    return "UTC" if zone is None else zone


def _warn_of_unused(root: Node, reading: Reading) -> None:
    for kind in ("calendar", "ladder"):
        for key in keys(_section(root, _DEFINED_UNDER[kind])):
            if (kind, key.value) not in reading.used:
                reading.warn(
                    key, f'nobody uses the {kind} "{key.value}"', "fine, if meant for later"
                )
