"""A storm on the deployed local stack: 10,000 cases come due in one tick, half of them urgent
breaches; and some bad records among them.

Run by `make bench`; `--cases N` takes another number. The template is deployed to MiniStack,
tickets are put into the table and reach the watchdog by its stream. Then the deployed `watch` is
invoked, again and again, until nothing is left due. It works in real time, at its own pace,
through a wire that counts its calls. Fails when a promise of a storm is broken: an alert missing
or twice, a calm one before an urgent one, more than five messages a second to a topic, more
memory than the function has.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from attrs import define, field, frozen
from botocore.config import Config

from bench.wire import Publish, Wire
from local_stack.deploy import SIMULATED_TIME, deploy
from local_stack.drive import Drive
from local_stack.inbox import Inbox
from local_stack.ministack import LocalAws
from local_stack.policy import CompiledPolicy, use_policy
from local_stack.template import template
from sla_watchdog.adapters.channels.sns.pacer import MOST_A_SECOND
from sla_watchdog.adapters.dynamodb.attributes import plain, typed
from sla_watchdog.adapters.dynamodb.table import WRITTEN_AT_ONCE, Item, slices, write_all
from sla_watchdog.adapters.dynamodb.watch import SHARDS, WatchStores
from sla_watchdog.domain.escalation.case import Outcome
from sla_watchdog.tools.simulation.help_desk import iso

STACK = "storm"
POLICY = Path(__file__).parents[1] / "scenarios" / "policy.yaml"
HOUR, DAY = 3600, 86_400
BREACHED, WARNED = 8 * HOUR + 60, 7 * HOUR
"""Ages of a ticket that has eight hours: one breached, one past 75 % of them."""
ALERTS_OF_ONE = {True: 4, False: 1}
"""Of a breach: the owner, the team lead, and the topics beside them for what is urgent; of a
warning: the owner.
"""
POISON: dict[str, Item] = {
    "no time": {"status": {"S": "Open"}},
    "no status": {"created_at": {"S": "2026-01-05T09:00:00Z"}},
    "times of another type": {
        "created_at": {"M": {}},
        "status": {"S": "Open"},
        "updated_at": {"BOOL": True},
    },
    "an unknown status": {"created_at": {"S": "2026-01-05T09:00:00Z"}, "status": {"S": "?"}},
    "no words": {
        "created_at": {"S": "yesterday"},
        "status": {"L": []},
        "priority": {"B": b"1"},
        "team": {"NULL": True},
    },
    "the year 9999": {"created_at": {"S": "9999-12-31T23:59:59Z"}, "status": {"S": "Open"}},
    "of itself": {
        "created_at": {"S": "2026-01-05T09:00:00Z"},
        "status": {"S": "Open"},
        "merged_into": {"S": "of itself"},
    },
    "of nobody": {
        "created_at": {"N": "1e120"},
        "status": {"S": "Open"},
        "case_id": {"SS": ["a", "b"]},
    },
}
"""Records as a help desk with a bug leaves them, by ticket id."""
JITTER = 0.02
"""Seconds by which the way to the wire may draw two publishes together."""
MOST_TICKS = 100
TOLD = (Outcome.SENT, Outcome.IN_DIGEST)
LOAD_SECONDS = 900


@define
class Storm:
    """The deployed stack, in real time: no schedule ticks, only this benchmark does."""

    aws: LocalAws
    outputs: Mapping[str, str]
    drive: Drive
    inbox: Inbox
    wire: Wire
    function: Any = field(init=False)
    dynamodb: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        patient = Config(read_timeout=180, retries={"total_max_attempts": 1})
        names = {
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
            "region_name": self.aws.region,
        }
        self.function = boto3.client(
            "lambda", endpoint_url=self.aws.endpoint, config=patient, **names
        )
        self.dynamodb = self.aws.client("dynamodb")

    @property
    def watch(self) -> WatchStores:
        return self.drive.watch

    def load(self, cases: int) -> None:
        """Returns once `track` keeps a case for each ticket and it is in the index."""
        now, table = int(time.time()), self.outputs["TicketsTable"]
        parts = slices(range(cases), 4 * WRITTEN_AT_ONCE)
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(self._write, table, part, now) for part in parts]:
                done.result()
        bad = ({**item, "ticket_id": {"S": name}} for name, item in POISON.items())
        write_all(self.dynamodb, table, bad, time.sleep)
        deadline = time.monotonic() + LOAD_SECONDS
        while (known := self._in_index()) < cases + len(POISON):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"track took in {known} of {cases + len(POISON)} tickets within {LOAD_SECONDS} s"
                )
            time.sleep(1)

    def _write(self, table: str, numbers: Iterable[int], now: int) -> None:
        write_all(self.dynamodb, table, (ticket(number, now) for number in numbers), time.sleep)

    def _in_index(self) -> int:
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.outputs["WatchTable"], IndexName="due", Select="COUNT"
        )
        return sum(page["Count"] for page in pages)

    def due_ids(self) -> Counter[str]:
        """What the same judgement says is due now, case by case."""
        return Counter(alert.id for _, plan in self.drive.cases() for alert in plan.alerts)

    def tick(self) -> dict[str, Any]:
        answer = self.function.invoke(FunctionName=self.outputs["WatchFunction"])
        notified = json.loads(answer["Payload"].read())
        return {"error": notified} if answer.get("FunctionError") else dict(notified)

    def left(self) -> int:
        """Keys that are due, and entries that are in an outbox still."""
        due = sum(1 for shard in SHARDS for _ in self.watch.cases.due(shard, int(time.time())))
        return due + sum(len(case.outbox) for case, _ in self.drive.cases())

    def told_by_audit(self) -> Counter[str]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs["AuditTable"])
        items: Iterator[Mapping[str, Any]] = (
            plain(item) for page in pages for item in page["Items"]
        )
        return Counter(item["alert_id"] for item in items if item["outcome"] in TOLD)

    def peak_megabytes(self) -> int:
        """The most that a process of the deployed function ever held; 0 where the system does not
        tell.
        """
        mine = f"AWS_LAMBDA_FUNCTION_NAME={self.outputs['WatchFunction']}".encode()
        peaks = [0]
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mine in (process / "environ").read_bytes().split(b"\0"):
                    lines = (process / "status").read_text().splitlines()
                    peaks += [
                        int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")
                    ]
        return max(peaks)


def ticket(number: int, now: int) -> Item:
    """Even ones have breached; each of a customer, a person and a team."""
    created = now - (BREACHED if number % 2 == 0 else WARNED)
    record = {
        "ticket_id": f"INC{number:06d}",
        "created_at": iso(created),
        "status": "Open",
        "priority": "P1",
        "channel": "phone",
        "team": f"Team {number % 12}",
        "assignee": f"Person {number % 80}",
        "requester": f"clerk-{number}@city.example",
        "subject": f"The page of our city is not ours, and it is still there (No. {number})",
    }
    return typed(record)


@contextlib.contextmanager
def deployed() -> Iterator[Storm]:
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder, Wire(aws.endpoint) as wire:
        outputs = deploy(aws, stack=STACK, parameters={**SIMULATED_TIME, "Mode": "live"})
        compiled = CompiledPolicy.of_file(POLICY)
        use_policy(aws, outputs, compiled, folder)
        _in_real_time(aws, outputs["WatchFunction"], wire)
        with Inbox(aws, STACK) as inbox, Drive(aws, outputs, compiled.policy) as drive:
            inbox.subscribe()
            drive.now = int(time.time())
            drive.watch.state.set_mode(
                "live", drive.now - DAY
            )  # what is due counts as new, not as a backlog
            drive.tick()  # the first tick asks for a sweep, which counts who listens
            yield Storm(aws, outputs, drive, inbox, wire)


def _in_real_time(aws: LocalAws, function: str, wire: Wire) -> None:
    """Schedules stay off; `watch` goes by the system's clock and at its own pace, through the wire."""
    client = aws.client("lambda")
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    changed = {**variables, "CLOCK": "system", "AWS_ENDPOINT_URL": wire.endpoint}
    client.update_function_configuration(FunctionName=function, Environment={"Variables": changed})


@frozen
class Course:
    """What the ticks said, and the seconds that each took."""

    tallies: list[dict[str, Any]] = field(factory=list)
    seconds: list[float] = field(factory=list)

    def run(self, storm: Storm) -> None:
        """Ticks until nothing is left due."""
        for _ in range(MOST_TICKS):
            began = time.monotonic()
            self.tallies.append(storm.tick())
            self.seconds.append(time.monotonic() - began)
            said = {name: value for name, value in self.tallies[-1].items() if value}
            sys.stdout.write(f"tick {len(self.tallies):>3}  {self.seconds[-1]:>6.1f} s  {said}\n")
            sys.stdout.flush()
            if not said.get("left_due") and not storm.left():
                return
            time.sleep(1 if said.get("skipped") else 0)


def most_in_a_second(published: list[Publish]) -> int:
    """The most messages to one topic within any second."""
    times: dict[str, list[float]] = defaultdict(list)
    for each in published:
        times[each.topic].append(each.at)
    return max(
        sum(first <= at < first + 1 - JITTER for at in each)
        for each in times.values()
        for first in each
    )


def calm_before_urgent(published: list[Publish]) -> set[str]:
    """Cases with nothing urgent of which somebody was told before the last urgent message; the calm
    alerts of a case that has urgent ones too (a bad record's finding, an age) go with these.
    """
    urgent = [each for each in published if each.urgent]
    cases = {name.partition("/")[0] for each in urgent for name in each.ids}
    early = (
        each for each in published if not each.urgent and each.at < max(one.at for one in urgent)
    )
    return {name.partition("/")[0] for each in early for name in each.ids} - cases


def report(storm: Storm, course: Course, due: Counter[str], cases: int) -> bool:
    """Prints what was measured; whether every promise of a storm was kept."""
    published = storm.wire.published
    taken = [each for each in published if each.taken]
    notified = Counter(alert for each in taken for alert in each.ids)
    storm.inbox.wait_for(len(taken))
    notification = Counter(
        alert["id"] for each in storm.inbox.deliveries() for alert in each.facts["alerts"]
    )
    early = calm_before_urgent(published)
    memory, granted = storm.peak_megabytes(), int(template()["Globals"]["Function"]["MemorySize"])
    began, last = published[0].at, published[-1].at
    last_urgent = max(each.at for each in published if each.urgent)
    calls = storm.wire.calls
    sound = Counter(alert for alert in due.elements() if alert.startswith("INC"))
    expected = sum(ALERTS_OF_ONE[number % 2 == 0] for number in range(cases))
    named = {alert.partition("/")[0] for alert in notified}
    twice, missing = sum(count > 1 for count in notified.values()), len(due - notified)
    kept = {
        "every alert that is due is told": not missing and notification == notified == due,
        "none is told twice": not twice,
        "the audit says the same": storm.told_by_audit() == due,
        "as many as there must be of sound tickets": len(sound) == expected,
        "each bad record is told of": named >= set(POISON),
        "urgent cases first": not early,
        f"no topic above {MOST_A_SECOND} a second": most_in_a_second(published) <= MOST_A_SECOND,
        f"memory within {granted} MB": memory < granted,
        "no tick failed": not any("error" in result for result in course.tallies),
        "nothing is left due": not storm.left(),
    }
    say = sys.stdout.write
    say(
        f"alert ids        due {len(due):,}, told {len(notified):,}, missing {missing}, twice {twice}\n"
    )
    say(
        f"bad records      {len(POISON)} of {cases + len(POISON):,}, told of {len(named & POISON.keys())}\n"
    )
    say(f"messages         {len(taken):,} in {last - began:.1f} s, ")
    say(f"the last urgent one after {last_urgent - began:.1f} s\n")
    say(f"to one topic     at most {most_in_a_second(published)} in any second\n")
    say(f"until idle       {len(course.tallies)} ticks, {sum(course.seconds):.1f} s of them\n")
    say(
        f"peak memory      {f'{memory} MB' if memory else 'not told by this system'} of {granted} MB\n"
    )
    say("calls per alert\n")
    for name, count in calls.most_common():
        say(f"  {name:<30}{count:>9,}{count / len(due):>10.4f}\n")
    say(f"  {'all':<30}{calls.total():>9,}{calls.total() / len(due):>10.4f}\n")
    for promise, is_kept in kept.items():
        say(f"{'ok  ' if is_kept else 'FAIL'}  {promise}\n")
    return all(kept.values())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="a storm on the deployed local stack")
    parser.add_argument("--cases", type=int, default=10_000)
    cases = parser.parse_known_args(arguments)[
        0
    ].cases  # what else `make bench` hands on is for others
    with deployed() as storm:
        began = time.monotonic()
        storm.load(cases)
        sys.stdout.write(
            f"{cases:,} tickets put and taken in by track: {time.monotonic() - began:.1f} s\n"
        )
        due = storm.due_ids()
        storm.wire.calls.clear()
        course = Course()
        course.run(storm)
        return 0 if report(storm, course, due, cases) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
