"""`python -m reference FROM TO`: the histories of these seeds, forty each, and the least that shows
each difference.
"""

from __future__ import annotations

import sys

from reference.comparing import compared, found, found_alerts, shrunk, told
from reference.explained import unexplained
from reference.histories import Trial


def least_of_kind(trial: Trial, kind: str) -> str:
    def shows(each: Trial) -> bool:
        return any(difference.kind == kind for difference in unexplained(compared(each)))

    least = shrunk(trial, shows)
    return told(least, list(unexplained(compared(least))))


def main(first: int, last: int) -> int:
    seen: set[str] = set()
    for seed in range(first, last + 1):
        for trial, differ in found(seed):
            kinds = {difference.kind for difference in unexplained(differ)} - seen
            seen |= kinds
            for kind in sorted(kinds):
                sys.stdout.write(f"seed {seed}\n{least_of_kind(trial, kind)}\n\n")
        for trial, alerts in found_alerts(seed):
            seen.add("alerts")
            sys.stdout.write(
                "\n".join([f"seed {seed}", told(trial, []), *map(str, alerts), "", ""])
            )
    sys.stdout.write(
        f"{40 * (last - first + 1)} histories of seeds {first} to {last}, {len(seen)} kinds of differences\n"
    )
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
