"""What `make soak` runs: `points [EVERY]` plays crash points to their ends, `seeds FIRST [LAST]`
simulates weeks.

A seed is the same story only under the same PYTHONHASHSEED.
"""

# ruff: noqa: T201 # a command prints

from __future__ import annotations

import os
import sys
from time import monotonic

import quick_moto
from faults.points import Points
from faults.scenario import play, rules
from faults.simulator import Simulator

AGAIN = "PYTHONPATH=tests:infra PYTHONHASHSEED=0 PYTHONTZPATH= .venv/bin/python -m faults seeds {}"


def points(every: int) -> int:
    found = Points(rules, play, lambda call, fault: call.number % every == 0, early=False).run()
    print(f"{found.points} crash points, {len(found.broken)} broken promises")
    print(*found.broken, sep="\n")
    return len(found.broken)


def seeds(first: int, last: int) -> int:
    failed = calls = messages = 0
    begun = monotonic()
    for seed in range(first, last + 1):
        simulator = Simulator(seed)
        if broken := simulator.run():
            failed += 1
            print(f"seed {seed}:", *broken, f"again: {AGAIN.format(seed)}", sep="\n  ", flush=True)
        calls += simulator.world.wire.calls
        messages += len(simulator.world.wire.published)
    took = monotonic() - begun
    print(
        f"{last + 1 - first} seeds, {failed} failed; {calls} calls, {messages} messages, {took:.0f} s"
    )
    return failed


def main(arguments: list[str]) -> int:
    quick_moto.install()
    os.environ.update(
        AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="eu-central-1"
    )
    match arguments:
        case ["points"]:
            return points(1)
        case ["points", every]:
            return points(int(every))
        case ["seeds", first]:
            return seeds(int(first), int(first))
        case ["seeds", first, last]:
            return seeds(int(first), int(last))
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 2))
