"""`python -m reference FROM TO`: the histories of these seeds, forty each, and the least that shows each difference."""

from __future__ import annotations

import sys

from reference.comparing import compared, found, shrunk, told
from reference.explained import unexplained


def main(first: int, last: int) -> int:
    seen: set[str] = set()
    for seed in range(first, last + 1):
        for trial, differ in found(seed):
            for difference in unexplained(trial, differ):
                kind = difference.kind
                if kind not in seen:
                    seen.add(kind)
                    least = shrunk(trial, lambda t: any(d.kind == kind for d in unexplained(t, compared(t))))
                    print(f"seed {seed}\n{told(least, list(unexplained(least, compared(least))))}\n")
    print(f"{40 * (last - first + 1)} histories, {len(seen)} kinds of differences")
    return 1 if seen else 0


sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
