"""The whole ServiceNow log through a backtest, as a multiple of merely parsing the file, and its
peak memory.

Run by `make bench`; passed over, and said so, where the log is not beside the clone. Each is
measured in a process of its own: the time until it is done, the processor time of all its
processes, and the most memory that one of them ever had. Parsing is `gzip` and `json.loads`,
line by line, keeping nothing; reading it as events checks every line too. Fails above 500 MB; a
time is told, never asserted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from attrs import frozen

TESTS = Path(__file__).parents[1]
LOG = TESTS.parents[1] / "shared" / "data" / "uci_servicenow.jsonl.gz"
POLICY = TESTS / "uci_policy.yaml"
MOST_TIMES, MOST_MB = 15, 500
ROUNDS = 3

MEASURE = """
import resource, sys, time
start = time.monotonic()
{work}
elapsed = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_SELF)
children = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = used.ru_utime + used.ru_stime + children.ru_utime + children.ru_stime
print(elapsed, seconds, max(used.ru_maxrss, children.ru_maxrss) // 1024, file=sys.stderr)
"""
PARSE = """
import gzip, json
with gzip.open(sys.argv[1]) as lines:
    for line in lines:
        json.loads(line)
"""
READ = """
from pathlib import Path
from sla_watchdog.tools.imports.events import in_order, lines_of
in_order(lines_of(Path(sys.argv[1])), "UTC")
"""
BACKTEST = """
from sla_watchdog.tools.cli import main
if main(["backtest", sys.argv[1], "--policy", sys.argv[2], "--out", sys.argv[3]]):
    sys.exit(1)
"""


@frozen
class Used:
    elapsed: float
    processors: float
    megabytes: int


def measure(work: str, folder: str) -> Used:
    arguments = [str(LOG), str(POLICY), folder]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(work=work), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    elapsed, processors, megabytes = done.stderr.split()[-3:]
    return Used(float(elapsed), float(processors), int(megabytes))


def measure_read(pairs: list[tuple[Used, Used]]) -> float:
    """The whole as a multiple of reading the file into events."""
    with tempfile.TemporaryDirectory() as folder:
        return median(whole.elapsed for _, whole in pairs) / measure(READ, folder).elapsed


def main() -> int:
    say = sys.stdout.write
    if not LOG.exists():
        say("backtest: passed over, the ServiceNow log is not beside the clone\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        pairs = [(measure(PARSE, folder), measure(BACKTEST, folder)) for _ in range(ROUNDS)]
    times = median(whole.elapsed / parsed.elapsed for parsed, whole in pairs)
    work = median(whole.processors / parsed.processors for parsed, whole in pairs)
    read = measure_read(pairs)
    memory = max(whole.megabytes for _, whole in pairs)
    say("backtest of 201,808 events of 24,918 tickets, beside parsing the file\n")
    say(f"time           {times:>8.1f} x   (goal: at most {MOST_TIMES})\n")
    say(f"processor time {work:>8.1f} x   on {os.cpu_count()} processors\n")
    say(
        f"beside events  {read:>8.1f} x   (the file read and checked as events, which any use of it needs)\n"
    )
    say(f"peak memory    {memory:>8,} MB  (goal: at most {MOST_MB})\n")
    return int(memory > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
