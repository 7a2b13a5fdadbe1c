"""The table of docs/loudness.md: how many messages a day the shipped policy makes of a real log.

`make loudness` prints it, `make loudness ARGS=--write` puts it into the page. The shipped policy as
it stands, with the one word of that log that it does not know; minutes of processor time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import evolve, frozen

from sla_watchdog.domain.clocks.clock import State
from sla_watchdog.domain.escalation.case import OPERATIONS
from sla_watchdog.domain.policy.model import After, Metric, Policy
from sla_watchdog.domain.time.seconds import DAY
from sla_watchdog.tools.backtest.play import History, Play, Played
from sla_watchdog.tools.backtest.workers import played_parts, processors
from sla_watchdog.tools.cli.options import OWN_POLICY
from sla_watchdog.tools.cli.stack.policy_in_memory import compiled_policy
from sla_watchdog.tools.imports.events import lines_of, parse
from sla_watchdog.tools.loudness.alerts import Cause
from sla_watchdog.tools.loudness.loads import AudienceLoudness, DailyLoad
from sla_watchdog.tools.loudness.rule_names import level_of
from sla_watchdog.tools.simulation.evidence import evidence_of

ROOT = Path(__file__).parents[2]
LOG = ROOT.parent / "shared" / "data" / "uci_servicenow.jsonl.gz"
PAGE = ROOT / "docs" / "loudness.md"
BEGIN, END = "<!-- made by `make loudness` -->\n", "<!-- end -->\n"

WORDS = {"-100": "open"}
"""Statuses of the log that the shipped policy does not know; it has all its other words."""

TOP = "executive"
OLD = 30 * DAY


@frozen
class Figures:
    """Of one policy: messages a day at the median and the 95th percentile, and on the busiest
    day.
    """

    median: float
    percentile: int
    busiest: int

    @classmethod
    def of(cls, load: DailyLoad) -> Figures:
        return cls(load.median, load.percentile, load.busiest.messages)

    def cells(self) -> tuple[str, ...]:
        return f"{self.median:g}", f"{self.percentile:,}", f"{self.busiest:,}"


NOBODY = Figures(0, 0, 0)

BEFORE_AT = "ec55370"
"""The commit before there was any pace; the figures are what its backtest wrote."""

BEFORE = {
    "executive": Figures(29, 321, 455),
    "manager": Figures(17, 679, 1131),
    "team-lead, all": Figures(8, 400, 728),
    "team-lead, the loudest": Figures(0.5, 102, 173),
    "owner, all": Figures(7.5, 316, 492),
    "owner, the loudest": Figures(0, 20, 71),
    "operations": Figures(0, 0, 1),
}


def mapped(policy: Policy) -> Policy:
    """The policy with the words of the log."""
    return evolve(policy, statuses={**policy.statuses, **WORDS})


def play(log: Path, one_in: int = 1) -> Played:
    """To its last event; of so many tickets only one."""
    events = parse(lines_of(log), "UTC")
    sample = set(sorted({event.ticket for event in events})[::one_in])
    history = History.of([event for event in events if event.ticket in sample])
    policy = mapped(compiled_policy(OWN_POLICY, history.first))
    evidence = evidence_of(history.tickets, policy, history.last)
    whole = Play(history, policy, history.last, evidence)
    with played_parts(whole, processors(len(history.groups))) as parts:
        return whole.whole(parts)


# ------------------------------------------------------------------ is anybody left out


def old_cases(played: Played) -> frozenset[str]:
    """Those that were open for more than 30 days."""
    ages = (row for row in played.clocks if row.clock == Metric.AGE.value)
    return frozenset(row.case for row in ages if row.business_seconds > OLD)


def unknown_to_the_top(played: Played) -> frozenset[str]:
    """Old cases of which the top audience never heard."""
    heard = {message.case for message in played.messages if message.audience == TOP}
    return old_cases(played) - heard


def breaches(played: Played) -> frozenset[tuple[str, str]]:
    """Case and target."""
    return frozenset(
        (row.case, row.clock)
        for row in played.clocks
        if row.clock != Metric.AGE.value and row.verdict == State.BREACHED.value
    )


def unheard_breaches(played: Played) -> frozenset[tuple[str, str]]:
    """Of which nobody heard by a level at the breach or above; operations are no help."""
    return breaches(played) - {
        (message.case, message.row.clock)
        for message in played.messages
        if message.audience != OPERATIONS and _is_of_breach(message.counted.cause, played.policy)
    }


def _is_of_breach(cause: Cause, policy: Policy) -> bool:
    level = level_of(cause, policy)
    return level is not None and isinstance(level.trigger, After)


# ------------------------------------------------------------------ the table


def markdown(played: Played) -> str:
    return "\n".join([*_table(played), "", *_left_out(played), ""])


def _table(played: Played) -> Iterator[str]:
    yield f"| messages a day to | before ({BEFORE_AT}): median | 95 % | busiest | now: median | 95 % | busiest |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    now = dict(_figures(played))
    for name in dict.fromkeys((*BEFORE, *now)):
        cells = (*BEFORE.get(name, NOBODY).cells(), *now.get(name, NOBODY).cells())
        yield f"| {name} | {' | '.join(cells)} |"


def _figures(played: Played) -> Iterator[tuple[str, Figures]]:
    for audience in played.loudness.audiences:
        yield from _of_audience(audience, played.policy)


def _of_audience(audience: AudienceLoudness, policy: Policy) -> Iterator[tuple[str, Figures]]:
    named = policy.audiences.get(audience.audience)
    if named is None or named.each is None:
        yield audience.audience, Figures.of(audience.load)
        return
    yield f"{audience.audience}, all", Figures.of(audience.load)
    yield f"{audience.audience}, the loudest", Figures.of(audience.loudest.load)


def _left_out(played: Played) -> Iterator[str]:
    old, unknown = old_cases(played), unknown_to_the_top(played)
    due, unheard = breaches(played), unheard_breaches(played)
    yield f"- Cases open for more than 30 days: {len(old):,}. The {TOP} heard of {_all_but(old, unknown)}."
    yield f"- Breaches: {len(due):,}. Somebody heard of {_all_but(due, unheard)}."


def _all_but(all_of_them: Iterable[object], missing: frozenset[object]) -> str:
    count = len(list(all_of_them)) - len(missing)
    return f"{count:,}" if missing else "every one"


# ------------------------------------------------------------------ the page


def committed() -> str:
    """The table as it stands in the page."""
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0]


def write(table: str) -> None:
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    PAGE.write_text(f"{before}{begin}{table}{end}{after}")


def main(arguments: Sequence[str]) -> int:
    if not LOG.exists():
        sys.stdout.write("loudness: passed over, the ServiceNow log is not beside the clone\n")
        return 0
    table = markdown(play(LOG))
    sys.stdout.write(table)
    if "--write" in arguments:
        write(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
