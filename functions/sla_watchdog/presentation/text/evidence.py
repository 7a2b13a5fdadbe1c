"""What cannot be judged, since no record says it: for operators, who know a clock by its key in the
policy file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sla_watchdog.domain.clocks.evidence import Evidence, Gap
from sla_watchdog.domain.policy.model import Carried, Policy
from sla_watchdog.presentation.times import count_of, iso

CARRIED = {
    Carried.REPLY: "a reply of the desk",
    Carried.OWNER: "an owner",
    Carried.TEAM: "a team",
}


def cannot_be_judged(evidence: Evidence, policy: Policy) -> str:
    """A sentence for each thing that records lack; '' where they lack nothing."""
    gaps = evidence.standing_gaps(policy)
    return " ".join(_gap(gap, evidence) for gap in gaps)


def _gap(gap: Gap, evidence: Evidence) -> str:
    ended = count_of(evidence.ended, "ticket")
    return (
        f"{_clocks(gap)} cannot be judged from these records: none of {ended} that ended "
        f"carries {CARRIED[gap.needs]}."
    )


def of_history(evidence: Evidence, policy: Policy) -> Iterator[str]:
    """Of a history also what its records lacked for some time alone."""
    lacking = cannot_be_judged(evidence, policy)
    if lacking:
        yield f"{lacking} {how_to_insist(evidence, policy)}."
    yield from _past_gaps(evidence.gaps(policy))


def _past_gaps(gaps: Iterable[Gap]) -> Iterator[str]:
    for gap in gaps:
        if gap.until is not None:
            yield (
                f"{_clocks(gap)} are judged from {iso(gap.until)} on: before, no record carried "
                f"{CARRIED[gap.needs]}."
            )


def how_to_insist(evidence: Evidence, policy: Policy) -> str:
    """What to do about `cannot_be_judged`."""
    needs = ", ".join(gap.needs.value for gap in evidence.standing_gaps(policy))
    return (
        "Name the field in `fields:`, leave these clocks out, or insist with "
        f"`judge_always: [{needs}]`"
    )


def _clocks(gap: Gap) -> str:
    return ", ".join(metric.value for metric in gap.metrics)


def as_json(evidence: Evidence, policy: Policy) -> list[dict[str, object]]:
    return [
        {
            "needs": gap.needs.value,
            "clocks": [metric.value for metric in gap.metrics],
            "tickets_ended": evidence.ended,
            "until": None if gap.until is None else iso(gap.until),
        }
        for gap in evidence.gaps(policy)
    ]
